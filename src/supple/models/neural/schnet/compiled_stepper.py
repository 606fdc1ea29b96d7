"""Training in compiled loops: the steps of `AutogradStepper`, by a team of threads that take many steps in one call.

Weights, gradient, average and the state of the optimiser are the same arrays as there, so that the two can take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import pdist
from torch import Tensor

from supple.models.neural.compiled import adam
from supple.models.neural.compiled.thread_team import abort, new_barrier
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.optimiser import Adam
from supple.models.neural.options import TrainingOptions
from supple.models.neural.schnet.compiled import prepare_weights
from supple.models.neural.schnet.compiled import steps as compiled
from supple.models.neural.schnet.compiled_forward import Constants, Workspace
from supple.models.neural.schnet.radial_filters import PAD
from supple.models.neural.stepper import Stepper
from supple.runtime import distributed
from supple.runtime.threads import run_in_threads

#: Weights without a basis that a thread updates at a time.
_PIECE = 4096
#: Steps that are taken in one call at most: an interruption has to wait for its end.
_MAX_STEPS = 20


class CompiledStepper(Stepper):
    """Takes training steps in compiled loops.

    Args:
        constants: the molecule and the radial grid.
        parameters: of the network, views of the flat weights, in the order of `Layers`.
        data: training frames.
        weights: the parameters of the network.
        average: their running average.
        optimiser: whose state is used.
        options: how to train.
        threads: number of threads.
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
        self._constants, self._options, self._team, self._optimiser = constants, options, threads, optimiser
        self._barrier, self._gradient = new_barrier(), weights.gradient
        arrays = tuple(parameter.detach().numpy() for parameter in parameters)
        layers, features, half = len(arrays[0]), arrays[0].shape[-1], len(arrays[-2])
        positions, energies, forces = (tensor.numpy() for tensor in (data.positions, data.energies, data.forces))
        prepared = prepare_weights.empty(layers, len(constants.gaussians), features, half)
        self._network = compiled.Network(
            constants.grid,
            constants.elements,
            constants.gaussians,
            arrays,
            prepared,
            _first_row(positions, constants.grid),
        )
        self._frames = compiled.Frames(positions, energies, forces)
        self._weights = adam.Weights(
            *(
                a.detach().numpy()
                for a in (weights.values, weights.gradient, average, optimiser.first, optimiser.second)
            )
        )
        self._bases = _bases(weights, optimiser)
        self._rule = adam.Rule(
            options.clip,
            optimiser.beta1,
            optimiser.beta2,
            options.weight_decay,
            options.ema_decay,
            optimiser.n_updates(0),
        )
        largest = max([_PIECE, *(max(a, b) ** 2 for _, a, b, *_ in self._bases.matrices.tolist())])
        self._scratch = np.zeros((threads, adam.SCRATCH, largest), np.float32)
        self._norms = np.zeros(threads * adam.LINE)
        flat = np.zeros((threads, len(weights.gradient)), np.float32)
        tables = np.zeros((threads, *prepared[0].table.shape), np.float32)
        self._sums = compiled.Sums(flat, tables, np.zeros(threads * adam.LINE))
        self._own = [
            tuple(own[part].reshape(array.shape) for part, array in zip(weights.places, arrays, strict=True))
            for own in flat
        ]
        self._spaces: dict[int, tuple[compiled.Batch, Workspace]] = {}

    def max_steps(self, step: int) -> int:
        """Up to the next update of the bases; one if several processes share the steps."""
        return 1 if distributed.world_size() > 1 else min(self._optimiser.steps_to_refresh(step), _MAX_STEPS)

    def take_steps(
        self,
        step: int,
        batches: Int[np.ndarray, "n B"],
        n_energies: Int[np.ndarray, "n"],
        rates: Float[np.ndarray, "n"],
    ) -> float | Tensor:
        """Take n steps; in one call of compiled code, unless several processes share them."""
        if distributed.world_size() > 1:
            return super().take_steps(step, batches, n_energies, rates)
        self._optimiser.refresh(step, self._team)
        loss, batch, space = self._buffers(batches.shape[1], batches.shape[1])

        def work(thread: int) -> None:
            compiled.take_steps(
                thread, self._team, self._barrier, self._network, self._frames, batches, n_energies, loss, batch, space,
                self._sums, self._own[thread], self._weights, self._bases, self._rule, self._scratch[thread],
                self._norms, step, rates,
            )  # fmt: skip

        self._run_team(work)
        return float(self._sums.losses.sum())

    def gradient(self, rows: Int[np.ndarray, "B"], n_energies: int, batch_size: int) -> float:
        """By all threads."""
        loss, batch, space = self._buffers(len(rows), batch_size)

        def work(thread: int) -> None:
            compiled.find_gradient(
                thread, self._team, self._barrier, self._network, self._frames, rows, n_energies, loss, batch, space,
                self._sums, self._own[thread], self._weights,
            )  # fmt: skip

        self._run_team(work)
        return float(self._sums.losses.sum())

    def update(self, step: int, rate: float) -> None:
        """By all threads."""
        distributed.all_reduce(self._gradient)
        self._optimiser.refresh(step, self._team)

        def work(thread: int) -> None:
            adam.update(
                thread, self._team, self._barrier, self._norms, self._weights, self._bases, self._rule,
                self._scratch[thread], step, rate,
            )  # fmt: skip

        self._run_team(work)

    def _run_team(self, work: Callable[[int], None]) -> None:
        try:
            run_in_threads(work, self._team)
        except BaseException:  # interrupted before this thread joined the others, which wait for it
            abort(self._barrier)
            raise

    def _buffers(self, frames: int, batch_size: int) -> tuple[compiled.Loss, compiled.Batch, tuple[object, ...]]:
        if frames not in self._spaces:
            n = len(self._constants.elements)
            layers, _, features = self._network.prepared[0].table.shape
            labels = [np.empty(shape, np.float32) for shape in ((frames,), (frames, n, 3)) * 2]
            self._spaces[frames] = (
                compiled.Batch(np.empty((frames, n, 3)), *labels),
                Workspace(self._constants, layers, features, frames),
            )
        batch, space = self._spaces[frames]
        loss = compiled.Loss(self._options.energy_weight, self._options.force_weight, batch_size)
        return loss, batch, (space.geometry, space.layers)


def _first_row(positions: Float[np.ndarray, "M N 3"], grid: tuple[float, float, int]) -> int:
    """The first row of the table that a pair of these frames needs; rows for shorter distances need not be computed."""
    nearest = min(float(pdist(frame).min(initial=np.inf)) for frame in positions.astype(np.float64))
    cutoff, spacing, _ = grid
    return max(0, int(min(nearest, cutoff) / spacing) + PAD - 3)


def _bases(weights: FlatParameters, optimiser: Adam) -> adam.Bases:
    """Matrices, the most expensive first, so that threads have similar shares; and all other weights in pieces."""
    matrices: list[tuple[int, ...]] = []
    free = np.ones(len(weights.gradient), bool)
    at = 0
    for basis in optimiser.bases:
        (a, b), n = basis.shape, len(basis.vectors[0])
        matrices += [(basis.part.start + i * a * b, a, b, at + i * a * a, at + n * a * a + i * b * b) for i in range(n)]
        free[basis.part] = False
        at += n * (a * a + b * b)
    edges = np.flatnonzero(np.diff(free, prepend=False, append=False)).reshape(-1, 2)
    pieces = [(low, min(low + _PIECE, stop)) for start, stop in edges for low in range(start, stop, _PIECE)]
    matrices.sort(key=lambda matrix: -matrix[1] * matrix[2] * (matrix[1] + matrix[2]))
    return adam.Bases(
        np.array(matrices, np.int64).reshape(-1, 5),
        np.array(pieces, np.int64).reshape(-1, 2),
        optimiser.covariances.numpy(),
        optimiser.vectors.numpy(),
    )
