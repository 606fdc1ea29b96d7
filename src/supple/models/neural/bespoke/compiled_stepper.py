"""Training steps of the bespoke network in compiled loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from torch import Tensor

from supple.models.neural.bespoke.compiled import steps as compiled
from supple.models.neural.bespoke.compiled.arrays import molecule_of, space
from supple.models.neural.bespoke.compiled.prepare_weights import empty
from supple.models.neural.bespoke.compiled_prediction import frames_at_a_time
from supple.models.neural.compiled.loss import Batch, empty_batch
from supple.models.neural.compiled_stepper import CompiledStepper, Loops
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.optimiser import Adam
from supple.models.neural.options import TrainingOptions

#: The largest displacement in the central difference of the gradient, Å.
DISPLACEMENT = 1e-3


class BespokeStepper(CompiledStepper):
    """Takes training steps in compiled loops.

    Args:
        classes: of the atoms.
        cutoff: Å.
        parameters: of the network by name, in its own order; views of the flat weights.
        data, weights, average, optimiser, options, threads: see `CompiledStepper`.
    """

    def __init__(
        self,
        classes: Sequence[int],
        cutoff: float,
        parameters: Mapping[str, Tensor],
        data: LabelledFrames,
        weights: FlatParameters,
        average: Float[Tensor, "W"],
        optimiser: Adam,
        options: TrainingOptions,
        threads: int,
    ) -> None:
        super().__init__(data, weights, average, optimiser, options, threads)
        starts = {name: place.start for name, place in zip(parameters, weights.places, strict=True)}
        shapes = {name: parameter.shape for name, parameter in parameters.items()}
        molecule = molecule_of(classes, shapes, starts, cutoff)
        prepared = empty(molecule, self._weights.values)
        self._network: compiled.Network = compiled.Network(molecule, prepared, DISPLACEMENT)
        self._sums = compiled.Sums(
            np.zeros((threads, len(self._weights.values)), np.float32),
            np.zeros((threads, *prepared.radial.shape), np.float32),
            self._losses,
        )
        self._own = [space(molecule, frames_at_a_time(molecule)) for _ in range(threads)]
        self._batches: dict[int, tuple[Batch, compiled.Displaced]] = {}

    @property
    def _loops(self) -> Loops:
        return compiled

    def _room(self, frames: int, thread: int) -> tuple[object, ...]:
        if frames not in self._batches:
            n = len(self._network.molecule.order)
            displaced = compiled.Displaced(
                np.empty((2 * frames, n, 3)), np.empty(2 * frames, np.float32), np.empty(2 * frames, np.float32)
            )
            self._batches[frames] = empty_batch(frames, n), displaced
        return *self._batches[frames], self._own[thread], self._sums
