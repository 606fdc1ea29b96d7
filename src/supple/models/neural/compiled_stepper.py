"""Training in compiled loops: what step.py does with tensors, by a team of threads that take many steps in one go.

Weights, gradient, average and the optimiser's memory are the same arrays as there, so that the two can take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import pdist
from torch import Tensor

from supple.models.neural.compiled import adam, prepare_weights
from supple.models.neural.compiled import steps as compiled
from supple.models.neural.compiled.thread_team import call_off, meeting_point
from supple.models.neural.compiled_forward import Fixed, Workspace
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.loss import Labelled
from supple.models.neural.optimiser import Adam
from supple.models.neural.radial_filters import PAD
from supple.models.neural.schedule import Plan
from supple.models.neural.stepper import Stepping
from supple.runtime import distributed
from supple.runtime.threads import in_parts

#: Weights without a basis that a thread takes at a time.
_PIECE = 4096
#: Steps that are taken in one go: what somebody who wants to stop has to wait for.
_AT_ONCE = 20


class InLoops(Stepping):
    """Takes steps of training.

    Args:
        fixed: the molecule and the radial grid.
        parameters: of the network, views of the flat weights, in the order of schnet.Layers.
        data: frames with labels.
        weights, average: the network's, and their running average.
        optimiser: whose memory is used.
        plan: how.
        threads: how many.
    """

    def __init__(
        self,
        fixed: Fixed,
        parameters: Sequence[Tensor],
        data: Labelled,
        weights: FlatParameters,
        average: Float[Tensor, "W"],
        optimiser: Adam,
        plan: Plan,
        threads: int,
    ) -> None:
        self._fixed, self._plan, self._team, self._optimiser = fixed, plan, threads, optimiser
        self._cells, self._gradient = meeting_point(), weights.gradient
        arrays = tuple(parameter.detach().numpy() for parameter in parameters)
        layers, features, half = len(arrays[0]), arrays[0].shape[-1], len(arrays[-2])
        positions, energies, forces = (tensor.numpy() for tensor in (data.positions, data.energies, data.forces))
        prepared = prepare_weights.empty(layers, len(fixed.gaussians), features, half)
        self._network = compiled.Network(
            fixed.grid, fixed.elements, fixed.gaussians, arrays, prepared, _first_row(positions, fixed.grid)
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
            plan.clip, optimiser.beta1, optimiser.beta2, plan.weight_decay, plan.ema_decay, optimiser.taken(0)
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

    def at_once(self, number: int) -> int:
        """Until the bases turn; a single step where it is shared with other processes."""
        return 1 if distributed.world_size() > 1 else min(self._optimiser.until_refreshed(number), _AT_ONCE)

    def take(
        self, number: int, rows: Int[np.ndarray, "n B"], known: Int[np.ndarray, "n"], rates: Float[np.ndarray, "n"]
    ) -> float | Tensor:
        """All in one go, without other processes."""
        if distributed.world_size() > 1:
            return super().take(number, rows, known, rates)
        self._optimiser.refresh(number, self._team)
        loss, batch, space = self._room(rows.shape[1], rows.shape[1])

        def work(me: int) -> None:
            compiled.take_steps(
                me, self._team, self._cells, self._network, self._frames, rows, known, loss, batch, space, self._sums,
                self._own[me], self._weights, self._bases, self._rule, self._scratch[me], self._norms, number, rates,
            )  # fmt: skip

        self._together(work)
        return float(self._sums.losses.sum())

    def gradient(self, rows: Int[np.ndarray, "B"], known: int, batch_size: int) -> float:
        """By all threads."""
        loss, batch, space = self._room(len(rows), batch_size)

        def work(me: int) -> None:
            compiled.find_gradient(
                me, self._team, self._cells, self._network, self._frames, rows, known, loss, batch, space, self._sums,
                self._own[me], self._weights,
            )  # fmt: skip

        self._together(work)
        return float(self._sums.losses.sum())

    def update(self, number: int, rate: float) -> None:
        """By all threads."""
        distributed.all_reduce(self._gradient)
        self._optimiser.refresh(number, self._team)

        def work(me: int) -> None:
            adam.update(
                me, self._team, self._cells, self._norms, self._weights, self._bases, self._rule, self._scratch[me],
                number, rate,
            )  # fmt: skip

        self._together(work)

    def _together(self, work: Callable[[int], None]) -> None:
        try:
            in_parts(work, self._team)
        except BaseException:  # Ctrl-C before this thread came to the others, who wait for it
            call_off(self._cells)
            raise

    def _room(self, frames: int, batch_size: int) -> tuple[compiled.Loss, compiled.Batch, tuple[object, ...]]:
        if frames not in self._spaces:
            n = len(self._fixed.elements)
            layers, _, features = self._network.prepared[0].table.shape
            labels = [np.empty(shape, np.float32) for shape in ((frames,), (frames, n, 3)) * 2]
            self._spaces[frames] = (
                compiled.Batch(np.empty((frames, n, 3)), *labels),
                Workspace(self._fixed, layers, features, frames),
            )
        batch, space = self._spaces[frames]
        loss = compiled.Loss(self._plan.energy_weight, self._plan.force_weight, batch_size)
        return loss, batch, (space.geometry, space.layers)


def _first_row(positions: Float[np.ndarray, "M N 3"], grid: tuple[float, float, int]) -> int:
    """The first row of the table that a pair of these frames needs; rows of shorter distances need not be kept up."""
    nearest = min(float(pdist(frame).min(initial=np.inf)) for frame in positions.astype(np.float64))
    cutoff, spacing, _ = grid
    return max(0, int(min(nearest, cutoff) / spacing) + PAD - 3)


def _bases(weights: FlatParameters, optimiser: Adam) -> adam.Bases:
    """Matrices, the most expensive first, so that threads have equal shares; and the rest in pieces."""
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
