"""A network in training: what changes with each step, and which frames a step sees."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
from jaxtyping import Int
from torch import Tensor, nn

from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.loss import Labelled, objective
from supple.models.neural.optimiser import Adam
from supple.models.neural.schedule import Plan
from supple.models.neural.stepper import ByAutograd, Stepping


class Trained:
    """A network in training: its weights, their running average, and the optimiser.

    Args:
        network: what is trained, in place. One that has `in_loops` may train in compiled loops of its own.
        data: training frames.
        plan: how.
        seed: of the order of the frames.
        note: takes sentences.

    Attributes:
        average: a network of the same shape with the averaged weights.
    """

    def __init__(self, network: nn.Module, data: Labelled, plan: Plan, seed: int, note: Callable[[str], None]) -> None:
        self.network, self.average = network, copy.deepcopy(network)
        self._seed, self._n_frames = seed, len(data.positions)
        self._known = data.energies.isfinite().cpu().numpy()
        self._batch_size = min(plan.batch_size, self._n_frames)
        self.weights, self.averages = FlatParameters(network), FlatParameters(self.average).values
        self.optimiser = Adam(plan.optimiser, self.weights, plan.weight_decay)
        parts = (data, self.weights, self.averages.detach(), self.optimiser, plan)
        in_loops: Callable[..., Stepping | None] = getattr(network, "in_loops", lambda *parts: None)
        if by_loops := in_loops(*parts):
            note("Training runs in compiled loops (the first time on a machine, compiling them takes a minute).")
        self._stepping = by_loops or ByAutograd(objective(network, self.weights, plan, note), *parts)
        self._order: tuple[int, Int[np.ndarray, "M"]] = (-1, np.empty(0, np.int64))

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

    def at_once(self, number: int) -> int:
        """How many steps to take in one go from step `number` on."""
        return self._stepping.at_once(number)

    def take(self, number: int, rates: list[float]) -> float | Tensor:
        """Take a step for each learning rate, from step `number` on; returns the last loss of this process's frames."""
        return self._stepping.take(number, *self._frames_of(number, len(rates)), np.array(rates))

    def _frames_of(self, number: int, n: int) -> tuple[Int[np.ndarray, "n B"], Int[np.ndarray, "n"]]:
        """Frames of each step, and how many of their energies are known."""
        rows = np.stack([self._rows(number + ahead) for ahead in range(n)])
        return rows, np.maximum(self._known[rows].sum(1), 1)

    def _rows(self, step: int) -> Int[np.ndarray, "B"]:
        """Frames of a step: every epoch a new order, drawn from the seed and its number.

        An incomplete last batch is left out, so that all have the same shape; its frames have their turn in other epochs.
        """
        epoch, within = divmod(step, self._n_frames // self._batch_size)
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng([self._seed, epoch]).permutation(self._n_frames)
        return self._order[1][within * self._batch_size : (within + 1) * self._batch_size]
