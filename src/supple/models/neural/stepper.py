"""How steps of training are taken: by automatic differentiation here, for any network; in_loops.py is the other way.

Several processes share out the frames of a step among them; each then has the gradient of all and takes the same step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.loss import Labelled, Objective
from supple.models.neural.optimiser import Adam
from supple.models.neural.schedule import Plan
from supple.runtime import distributed


class Stepping(ABC):
    """Moves the weights of a network."""

    def at_once(self, number: int) -> int:
        """How many steps to take in one go from step `number` on."""
        return 1

    def take(
        self, number: int, rows: Int[np.ndarray, "n B"], known: Int[np.ndarray, "n"], rates: Float[np.ndarray, "n"]
    ) -> float | Tensor:
        """Take steps from `number` on.

        Args:
            number: of the first step.
            rows: frames of each step.
            known: how many energies of a step are known, 1 at least.
            rates: learning rates.

        Returns:
            The last loss, of this process's frames.
        """
        loss: float | Tensor = 0.0
        for step, (of_step, energies, rate) in enumerate(zip(rows, known, rates, strict=True), start=number):
            share = distributed.local_range(len(of_step))
            loss = self.gradient(of_step[share.start : share.stop], int(energies), len(of_step))
            self.update(step, float(rate))
        return loss

    @abstractmethod
    def gradient(self, rows: Int[np.ndarray, "B"], known: int, batch_size: int) -> float | Tensor:
        """Leave the gradient of these frames with the weights; returns their part of the loss.

        Args:
            rows: this process's frames of the step.
            known: energies that are known, and
            batch_size: frames, of the whole step.
        """

    @abstractmethod
    def update(self, number: int, rate: float) -> None:
        """Sum the gradient over the processes, clip it, move the weights, and let their average follow."""


class ByAutograd(Stepping):
    """With tensors, on any device.

    Args:
        objective: the loss, which leaves its gradient.
        data: frames with labels.
        weights, average: the network's, and their running average.
        optimiser: moves the weights.
        plan: how.
    """

    def __init__(
        self,
        objective: Objective,
        data: Labelled,
        weights: FlatParameters,
        average: Float[Tensor, "W"],
        optimiser: Adam,
        plan: Plan,
    ) -> None:
        self._objective, self._data, self._plan = objective, data, plan
        self._weights, self._average, self._optimiser = weights, average, optimiser

    def gradient(self, rows: Int[np.ndarray, "B"], known: int, batch_size: int) -> Tensor:
        """By the objective."""
        return self._objective(self._data[torch.from_numpy(rows)], known, batch_size)

    def update(self, number: int, rate: float) -> None:
        """One operation on flat arrays after the other."""
        distributed.all_reduce(self._weights.gradient)
        self._weights.clip(self._plan.clip)
        self._optimiser.refresh(number)
        self._optimiser.step(number, rate)
        with torch.no_grad():
            self._average.lerp_(self._weights.values, 1 - self._plan.ema_decay)
