"""One step of training: gradient, optimiser, average. Several processes share out its frames among them."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from supple import ranks
from supple.neural.flat import FlatParameters
from supple.neural.objective import Labelled, objective
from supple.neural.optimiser import Adam
from supple.neural.plan import Plan


class Trained:
    """A network in training: its weights, their running average, and the optimiser.

    Args:
        network: what is trained, in place.
        data: training frames.
        plan: how.
        seed: of the order of the frames.
        note: takes sentences.

    Attributes:
        average: a network of the same shape with the averaged weights.
    """

    def __init__(self, network: nn.Module, data: Labelled, plan: Plan, seed: int, note: Callable[[str], None]) -> None:
        self.network, self.average = network, copy.deepcopy(network)
        self._data, self._plan, self._seed = data, plan, seed
        self._known = data.energies.isfinite().cpu()
        self._batch_size = min(plan.batch_size, len(data.positions))
        self.weights, self.averages = FlatParameters(network), FlatParameters(self.average).values
        self.optimiser = Adam(plan.optimiser, self.weights, plan.weight_decay)
        self._objective = objective(network, self.weights, plan, note)
        self._order: tuple[int, Tensor] = (-1, torch.empty(0))

    def arrays(self) -> dict[str, Tensor]:
        """All that changes in training."""
        arrays = {"weights": self.weights.values.detach(), "averages": self.averages.detach()}
        return arrays | {f"optimiser/{key}": array for key, array in self.optimiser.arrays().items()}

    def restore(self, arrays: dict[str, Tensor]) -> None:
        """Go back to what `arrays` gave.

        Raises:
            KeyError, RuntimeError: they are not of this network.
        """
        for name, array in self.arrays().items():
            array.copy_(arrays[name])

    def step(self, number: int, rate: float) -> Tensor | float:
        """Take step `number`; returns the loss of this process's frames."""
        rows = self._rows(number)
        known = max(1, int(self._known[rows].sum()))
        share = ranks.share(len(rows))
        loss = self._objective(self._data[rows[share.start : share.stop]], known, len(rows))
        ranks.total(self.weights.gradient)
        self.weights.clip(self._plan.clip)
        self.optimiser.step(number, rate)
        with torch.no_grad():
            self.averages.lerp_(self.weights.values, 1 - self._plan.ema_decay)
        return loss

    def _rows(self, step: int) -> Tensor:
        """Frames of a step: every epoch a new order, drawn from the seed and its number.

        An incomplete last batch is left out, so that all have the same shape; its frames have their turn in other epochs.
        """
        epoch, within = divmod(step, len(self._data.positions) // self._batch_size)
        if self._order[0] != epoch:
            order = np.random.default_rng([self._seed, epoch]).permutation(len(self._data.positions))
            self._order = epoch, torch.from_numpy(order)
        return self._order[1][within * self._batch_size : (within + 1) * self._batch_size]
