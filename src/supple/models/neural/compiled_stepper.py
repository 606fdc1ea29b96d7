"""Training in compiled loops: the steps of `AutogradStepper`, by a team of threads that take many steps in one call.

Weights, gradient, average and the state of the optimiser are the same arrays as there, so that the two can take turns.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.neural.compiled import adam
from supple.models.neural.compiled.loss import Frames, Loss
from supple.models.neural.compiled.thread_team import abort, new_barrier
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.optimiser import Adam
from supple.models.neural.options import TrainingOptions
from supple.models.neural.stepper import Stepper
from supple.runtime import distributed
from supple.runtime.threads import run_in_threads

#: Weights without a basis that a thread updates at a time.
_PIECE = 4096
#: Steps that are taken in one call at most: an interruption has to wait for its end.
_MAX_STEPS = 20


@runtime_checkable
class Loops(Protocol):
    """The module with the compiled steps of a network; each call is a thread's part.

    `find_gradient(thread, team, barrier, network, frames, rows, n_energies, loss, *room, weights)` leaves the gradient of a step with
    the frames `rows` in `weights`; `take_steps(..., *room, weights, bases, rule, scratch, norms, step, rates)` takes steps, `rows` and
    `n_energies` then having an entry for each.
    """

    find_gradient: Callable[..., None]
    take_steps: Callable[..., None]


class CompiledStepper(Stepper):
    """Takes training steps in compiled loops; a network has a subclass with its loops and their arrays.

    Args:
        data: training frames.
        weights: the parameters of the network.
        average: their running average.
        optimiser: whose state is used.
        options: how to train.
        threads: number of threads.
    """

    _network: tuple[Any, ...]

    def __init__(
        self,
        data: LabelledFrames,
        weights: FlatParameters,
        average: Float[Tensor, "W"],
        optimiser: Adam,
        options: TrainingOptions,
        threads: int,
    ) -> None:
        self._options, self._team, self._optimiser = options, threads, optimiser
        self._barrier, self._gradient = new_barrier(), weights.gradient
        self._frames = Frames(*(tensor.numpy() for tensor in (data.positions, data.energies, data.forces)))
        flat = (weights.values, weights.gradient, average, optimiser.first, optimiser.second)
        self._weights = adam.Weights(*(array.detach().numpy() for array in flat))
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
        self._norms, self._losses = (np.zeros(threads * adam.LINE) for _ in range(2))

    @property
    @abstractmethod
    def _loops(self) -> Loops:
        """The compiled code of the network."""

    @abstractmethod
    def _room(self, frames: int, thread: int) -> tuple[object, ...]:
        """The arrays that a thread uses for steps with so many frames, made when they are first needed, in the order of `Loops`."""

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
        loss, rooms = self._loss(batches.shape[1]), self._rooms(batches.shape[1])

        def work(thread: int) -> None:
            self._loops.take_steps(
                thread, self._team, self._barrier, self._network, self._frames, batches, n_energies, loss,
                *rooms[thread], self._weights, self._bases, self._rule, self._scratch[thread], self._norms, step, rates,
            )  # fmt: skip

        self._run_team(work)
        return float(self._losses.sum())

    def gradient(self, rows: Int[np.ndarray, "B"], n_energies: int, batch_size: int) -> float:
        """By all threads."""
        loss, rooms = self._loss(batch_size), self._rooms(len(rows))

        def work(thread: int) -> None:
            self._loops.find_gradient(
                thread, self._team, self._barrier, self._network, self._frames, rows, n_energies, loss,
                *rooms[thread], self._weights,
            )  # fmt: skip

        self._run_team(work)
        return float(self._losses.sum())

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

    def _rooms(self, frames: int) -> list[tuple[object, ...]]:
        """Of all threads, made before any of them starts."""
        return [self._room(frames, thread) for thread in range(self._team)]

    def _loss(self, batch_size: int) -> Loss:
        return Loss(self._options.energy_weight, self._options.force_weight, batch_size)


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
