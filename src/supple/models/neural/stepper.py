"""Steppers: how training steps are taken. By automatic differentiation here, for any network; a network may have its own.

Several processes share the frames of a step; each then has the gradient of all frames and takes the same step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.loss import Objective
from supple.models.neural.optimiser import Adam
from supple.models.neural.options import TrainingOptions
from supple.runtime import distributed


class Stepper(ABC):
    """Takes training steps: changes the weights of a network, and their running average."""

    def max_steps(self, step: int) -> int:
        """How many steps `take_steps` can take in one call from step `step` on."""
        return 1

    def take_steps(
        self,
        step: int,
        batches: Int[np.ndarray, "n B"],
        n_energies: Int[np.ndarray, "n"],
        rates: Float[np.ndarray, "n"],
    ) -> float | Tensor:
        """Take n steps.

        Args:
            step: number of the first one.
            batches: frames of each step.
            n_energies: how many energies of each step are known, at least 1.
            rates: learning rates.

        Returns:
            The last loss, of the frames of this process.
        """
        loss: float | Tensor = 0.0
        for number, (batch, count, rate) in enumerate(zip(batches, n_energies, rates, strict=True), start=step):
            share = distributed.local_range(len(batch))
            loss = self.gradient(batch[share.start : share.stop], int(count), len(batch))
            self.update(number, float(rate))
        return loss

    @abstractmethod
    def gradient(self, rows: Int[np.ndarray, "B"], n_energies: int, batch_size: int) -> float | Tensor:
        """Compute the gradient of the loss of some frames, and leave it with the weights; returns their part of the loss.

        Args:
            rows: the frames of the step that this process has.
            n_energies: number of known energies of the whole step.
            batch_size: number of frames of the whole step.
        """

    @abstractmethod
    def update(self, step: int, rate: float) -> None:
        """Sum the gradient over all processes, clip it, change the weights, and update their average."""


class AutogradStepper(Stepper):
    """Steps by automatic differentiation, on any device.

    Args:
        objective: the loss and its gradient.
        data: training frames.
        weights: the parameters of the network.
        average: their running average.
        optimiser: changes the weights.
        options: how to train.
    """

    def __init__(
        self,
        objective: Objective,
        data: LabelledFrames,
        weights: FlatParameters,
        average: Float[Tensor, "W"],
        optimiser: Adam,
        options: TrainingOptions,
    ) -> None:
        self._objective, self._data, self._options = objective, data, options
        self._weights, self._average, self._optimiser = weights, average, optimiser

    def gradient(self, rows: Int[np.ndarray, "B"], n_energies: int, batch_size: int) -> Tensor:
        """By the objective."""
        return self._objective(self._data[torch.from_numpy(rows)], n_energies, batch_size)

    def update(self, step: int, rate: float) -> None:
        """By operations on flat arrays."""
        distributed.all_reduce(self._weights.gradient)
        self._weights.clip(self._options.clip)
        self._optimiser.refresh(step)
        self._optimiser.step(step, rate)
        with torch.no_grad():
            self._average.lerp_(self._weights.values, 1 - self._options.ema_decay)
