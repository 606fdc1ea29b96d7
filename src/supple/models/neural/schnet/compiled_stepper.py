"""Training steps of SchNet in compiled loops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist
from torch import Tensor

from supple.models.neural.compiled.loss import Batch, empty_batch
from supple.models.neural.compiled_stepper import CompiledStepper, Loops
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.optimiser import Adam
from supple.models.neural.options import TrainingOptions
from supple.models.neural.schnet.compiled import prepare_weights
from supple.models.neural.schnet.compiled import steps as compiled
from supple.models.neural.schnet.compiled_forward import Constants, Workspace
from supple.models.neural.schnet.radial_filters import PAD


class SchNetStepper(CompiledStepper):
    """Takes training steps in compiled loops.

    Args:
        constants: the molecule and the radial grid.
        parameters: of the network, views of the flat weights, in the order of `Layers`.
        data, weights, average, optimiser, options, threads: see `CompiledStepper`.
    """

    def __init__(
        self,
        constants: Constants,
        parameters: Sequence[Tensor],
        data: LabelledFrames,
        weights: FlatParameters,
        average: Float[Tensor, "W"],
        optimiser: Adam,
        options: TrainingOptions,
        threads: int,
    ) -> None:
        super().__init__(data, weights, average, optimiser, options, threads)
        self._constants = constants
        arrays = tuple(parameter.detach().numpy() for parameter in parameters)
        layers, features, half = len(arrays[0]), arrays[0].shape[-1], len(arrays[-2])
        prepared = prepare_weights.empty(layers, len(constants.gaussians), features, half)
        self._network: compiled.Network = compiled.Network(
            constants.grid,
            constants.elements,
            constants.gaussians,
            arrays,
            prepared,
            _first_row(self._frames.positions, constants.grid),
        )
        flat = np.zeros((threads, len(weights.gradient)), np.float32)
        tables = np.zeros((threads, *prepared[0].table.shape), np.float32)
        self._sums = compiled.Sums(flat, tables, self._losses)
        self._own = [
            tuple(own[part].reshape(array.shape) for part, array in zip(weights.places, arrays, strict=True))
            for own in flat
        ]
        self._spaces: dict[int, tuple[Batch, tuple[object, ...]]] = {}

    @property
    def _loops(self) -> Loops:
        return compiled

    def _room(self, frames: int, thread: int) -> tuple[object, ...]:
        if frames not in self._spaces:
            layers, _, features = self._network.prepared[0].table.shape
            space = Workspace(self._constants, layers, features, frames)
            batch = empty_batch(frames, len(self._constants.elements))
            self._spaces[frames] = (batch, (space.geometry, space.layers))
        return *self._spaces[frames], self._sums, self._own[thread]


def _first_row(positions: Float[np.ndarray, "M N 3"], grid: tuple[float, float, int]) -> int:
    """The first row of the table that a pair of these frames needs; rows for shorter distances need not be computed."""
    nearest = min(float(pdist(frame).min(initial=np.inf)) for frame in positions.astype(np.float64))
    cutoff, spacing, _ = grid
    return max(0, int(min(nearest, cutoff) / spacing) + PAD - 3)
