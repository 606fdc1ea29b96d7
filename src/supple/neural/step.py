"""One step of training: loss, gradient, optimiser, average. Several processes share out its frames among them.

loss = w_E mean (E - E*)² + w_F mean (F - F*)² ,   labels divided by the spread of the forces
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from supple import ranks
from supple.neural.compiling import maybe_compile
from supple.neural.flat import FlatParameters
from supple.neural.optimiser import Adam
from supple.neural.plan import Plan


@dataclass(frozen=True)
class Labelled:
    """Frames with labels in the network's units, on its device: positions (M, N, 3), energies (M,), forces (M, N, 3).

    An energy that is not known is NaN; it has no part in the loss.
    """

    positions: Tensor
    energies: Tensor
    forces: Tensor


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
        self._batch_size = min(plan.batch_size, len(data.positions))
        self.weights, self.averages = FlatParameters(network), FlatParameters(self.average).values
        self.optimiser = Adam(plan.optimiser, self.weights, plan.weight_decay)
        self._loss = maybe_compile(
            _loss(network, plan), plan.compile, plan.steps, note, getattr(network, "runs_in_loops", False)
        )
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

    def step(self, number: int, rate: float) -> Tensor:
        """Take step `number`; returns the loss of this process's frames."""
        rows = self._rows(number)
        known = self._data.energies[rows].isfinite().sum().clamp(min=1)
        share = ranks.share(len(rows))
        own = rows[share.start : share.stop]
        self.weights.gradient.zero_()
        loss = self._loss(self._data.positions[own], self._data.energies[own], self._data.forces[own], known, len(rows))
        loss.backward()
        ranks.total(self.weights.gradient)
        self.weights.clip(self._plan.clip)
        self.optimiser.step(number, rate)
        with torch.no_grad():
            self.averages.lerp_(self.weights.values, 1 - self._plan.ema_decay)
        return loss.detach()

    def _rows(self, step: int) -> Tensor:
        """Frames of a step: every epoch a new order, drawn from the seed and its number.

        An incomplete last batch is left out, so that all have the same shape; its frames have their turn in other epochs.
        """
        epoch, within = divmod(step, len(self._data.positions) // self._batch_size)
        if self._order[0] != epoch:
            order = np.random.default_rng([self._seed, epoch]).permutation(len(self._data.positions))
            self._order = epoch, torch.from_numpy(order).to(self._data.positions.device)
        return self._order[1][within * self._batch_size : (within + 1) * self._batch_size]


def _loss(network: nn.Module, plan: Plan) -> Callable[..., Tensor]:
    def loss(
        positions: Float[Tensor, "B N 3"],
        energies: Float[Tensor, "B"],
        forces: Float[Tensor, "B N 3"],
        known: Tensor,
        batch_size: int,
    ) -> Float[Tensor, ""]:
        e, f = network(positions)
        off = torch.where(energies.isfinite(), e - energies, 0.0)
        by_forces = ((f - forces) ** 2).sum() / (batch_size * forces[0].numel())
        return plan.energy_weight * (off**2).sum() / known + plan.force_weight * by_forces

    return loss
