"""TrainingState: all that changes during the training of a network, and which frames each step sees."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Int
from torch import Tensor, nn

from supple.models.neural.compile_step import LOOPS_NOTE
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.loss import objective
from supple.models.neural.network import CompiledNetwork
from supple.models.neural.optimiser import Adam
from supple.models.neural.options import TrainingOptions
from supple.models.neural.stepper import AutogradStepper, Stepper


class TrainingState:
    """A network in training: its weights, their running average, and the optimiser.

    Args:
        network: to be trained, in place.
        data: training frames.
        options: how to train.
        seed: of the order of the frames.
        note: receives sentences for the user.

    Attributes:
        average: a network of the same shape with the averaged weights.
        stepper: takes the steps.
    """

    def __init__(
        self,
        network: nn.Module,
        data: LabelledFrames,
        options: TrainingOptions,
        seed: int,
        note: Callable[[str], None],
    ) -> None:
        self.network, self.average = network, copy.deepcopy(network)
        self._seed, self._n_frames = seed, len(data.positions)
        self._has_energy = data.energies.isfinite().cpu().numpy()
        self._batch_size = min(options.batch_size, self._n_frames)
        self.weights, self.averages = FlatParameters(network), FlatParameters(self.average).values
        self.optimiser = Adam(options.optimiser, self.weights, options.weight_decay)
        self.stepper = self._stepper(data, options, note)
        self._order: tuple[int, Int[np.ndarray, "M"]] = (-1, np.empty(0, np.int64))

    def _stepper(self, data: LabelledFrames, options: TrainingOptions, note: Callable[[str], None]) -> Stepper:
        parts = (data, self.weights, self.averages.detach(), self.optimiser, options)
        if isinstance(self.network, CompiledNetwork) and (compiled := self.network.compiled_stepper(*parts)):
            note(LOOPS_NOTE)
            return compiled
        return AutogradStepper(objective(self.network, self.weights, options, note), *parts)

    def arrays(self) -> dict[str, Tensor]:
        """All arrays that change in training."""
        arrays = {"weights": self.weights.values.detach(), "averages": self.averages.detach()}
        return arrays | {f"optimiser/{key}": array for key, array in self.optimiser.arrays().items()}

    def restore(self, arrays: dict[str, Tensor]) -> None:
        """Return to the state of which these were the `arrays`.

        Raises:
            KeyError, RuntimeError: they are not of this network.
        """
        for name, array in self.arrays().items():
            if arrays[name].shape != array.shape:  # copying would repeat a single number
                raise RuntimeError(f"{name} has another shape")
            array.copy_(arrays[name])

    def max_steps(self, step: int) -> int:
        """How many steps `take_steps` can take in one call from step `step` on."""
        return self.stepper.max_steps(step)

    def take_steps(self, step: int, rates: Sequence[float]) -> float | Tensor:
        """Take a step for each learning rate, from step `step` on; returns the last loss of this process's frames."""
        return self.stepper.take_steps(step, *self.batches(step, len(rates)), np.array(rates))

    def batches(self, step: int, n: int) -> tuple[Int[np.ndarray, "n B"], Int[np.ndarray, "n"]]:
        """Frames of n steps, and how many of their energies are known (at least 1)."""
        rows = np.stack([self.batch(step + ahead) for ahead in range(n)])
        return rows, np.maximum(self._has_energy[rows].sum(1), 1)

    def batch(self, step: int) -> Int[np.ndarray, "B"]:
        """Frames of a step. Every epoch has an order of its own, drawn from the seed and its number.

        An incomplete last batch is omitted, so that all have the same shape; its frames are used in other epochs.
        """
        epoch, within = divmod(step, self._n_frames // self._batch_size)
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng([self._seed, epoch]).permutation(self._n_frames)
        return self._order[1][within * self._batch_size : (within + 1) * self._batch_size]
