"""What a solution will need, said before it starts; the choice between them; what does not fit is refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch

from supple.errors import ResourceError
from supple.models.cost_estimate import shortest
from supple.models.kernel.cholesky import Triangle
from supple.models.kernel.conjugate_gradients import USUAL
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.preconditioner import Preconditioner, n_columns
from supple.runtime.machine import GIB, available_memory

#: Floating-point operations that could be done while one number comes from memory, beyond what is done with it.
_TRANSFER = 20
#: How many times as long a direct solution may take before iteration is preferred.
_CERTAIN = 2
#: What a direct solution may take, in seconds, for the sake of learning energies: where that helps at all, and where it helps much.
_PATIENCE, _MOST = 60, 600
#: Work arrays of the assembly and whatever else a process needs beyond its data.
_OVERHEAD = 200 * 1024**2


@dataclass(frozen=True)
class Cost:
    """What a solution needs.

    Attributes:
        solver: which one.
        rows: n, rows of the matrix.
        n_bytes: peak memory beyond what the process has already.
        flops: floating-point operations; transfers that take longer count as what could be done meanwhile.
    """

    solver: Literal["direct", "iterative"]
    rows: int
    n_bytes: int
    flops: float

    @classmethod
    def direct(cls, n_frames: int, n_modes: int, n_descriptor: int, n_permutations: int) -> Cost:
        """Of the matrix, for M frames, V modes, D entries and P permutations.

        A pair of frames costs 2·D·V² flops for the product of Jacobians and 6·P·D·V for the sums over permutations;
        a factorisation n³/3.
        """
        rows = n_frames * n_modes
        pairs = n_frames * (n_frames + 1) / 2
        per_pair = 2 * n_descriptor * n_modes**2 + 6 * n_permutations * n_descriptor * n_modes
        n_bytes = Triangle.n_bytes(n_frames, n_modes) + _jacobians(n_frames, n_modes, n_descriptor) + _OVERHEAD
        return cls("direct", rows, n_bytes, pairs * per_pair + rows**3 / 3)

    @classmethod
    def iterative(cls, n_frames: int, n_modes: int, n_descriptor: int, n_permutations: int) -> Cost:
        """Of conjugate gradients, with as many iterations as they usually take.

        One costs 6·P·M²·D flops for the kernel (by characters there are fewer, but the work between the products is as much
        again), and twice through the k columns of the preconditioner.
        """
        rows = n_frames * n_modes
        size = n_columns(rows)
        n_bytes = (
            KernelOperator.n_bytes(n_frames, n_permutations, n_descriptor)
            + Preconditioner.n_bytes(rows, size)
            + _jacobians(n_frames, n_modes, n_descriptor)
            + _OVERHEAD
        )
        iteration = 6 * n_permutations * n_frames**2 * n_descriptor + _TRANSFER * 2 * rows * size
        return cls("iterative", rows, n_bytes, Preconditioner.flops(rows, size) + USUAL * iteration)

    @property
    def seconds(self) -> float:
        """Expected wall seconds on this machine, from a matrix product timed now."""
        return self.flops / _flops_per_second(torch.get_num_threads())

    def __str__(self) -> str:
        duration = f"{self.seconds:.0f} s" if self.seconds < 100 else f"{self.seconds / 60:.0f} min"
        what = "its matrix factorised" if self.solver == "direct" else "solved by iteration"
        return f"{self.rows} rows, {what}, {self.n_bytes / GIB:.1f} GiB, about {duration}"


@dataclass(frozen=True)
class Objection:
    """Why learning the energies costs much; whether it is `too_much`, however much it helps."""

    reason: str
    too_much: bool


def objection_to_energies(cost: Cost, with_energies: Cost) -> Objection | None:
    """None if energies can be learned at little cost besides the planned solution of forces alone."""
    if not fits(with_energies):
        reason = f"learning them needs the whole matrix, {with_energies.n_bytes / GIB:.1f} GiB."
        return Objection(reason, too_much=True)
    seconds = with_energies.seconds
    if cost.solver == "iterative" and seconds > _PATIENCE:
        return Objection(f"learning them needs the matrix factorised, about {seconds:.0f} s.", seconds > _MOST)
    return None


def require_memory(cost: Cost) -> Cost:
    """The cost, if it can be met.

    Raises:
        ResourceError: it needs more memory than there is.
    """
    if not fits(cost):
        raise ResourceError(
            f"A solution with {cost.rows} rows needs {cost.n_bytes / GIB:.1f} GiB and "
            f"{available_memory() / GIB:.1f} GiB are free: train on fewer frames, or use schnet."
        )
    return cost


def choose_solver(
    wanted: Literal["auto", "direct", "iterative"],
    n_frames: int,
    n_modes: int,
    n_descriptor: int,
    n_permutations: int,
) -> Cost:
    """The solver to take, of those that are wanted and fit into memory.

    The direct one is exact, and its time is certain: iteration must be much faster to be preferred.

    Raises:
        ResourceError: none fits.
    """
    sizes = (n_frames, n_modes, n_descriptor, n_permutations)
    candidates = [cost(*sizes) for cost in (Cost.direct, Cost.iterative)]
    candidates = [cost for cost in candidates if wanted in ("auto", cost.solver)]
    fitting = [cost for cost in candidates if fits(cost)]
    if not fitting:
        require_memory(min(candidates, key=lambda cost: cost.n_bytes))
    return min(fitting, key=lambda cost: cost.flops / (_CERTAIN if cost.solver == "direct" else 1))


def fits(cost: Cost) -> bool:
    """Whether the memory is there now."""
    return cost.n_bytes < 0.95 * available_memory()


def _jacobians(n_frames: int, n_modes: int, n_descriptor: int) -> int:
    return 2 * 8 * n_frames * n_descriptor * n_modes


@cache
def _flops_per_second(threads: int) -> float:
    """The rate of a matrix product of the factorisation's shape, less a quarter for its other steps; timed once."""
    a, b = torch.ones(1024, 768, dtype=torch.float64), torch.ones(768, 1024, dtype=torch.float64)
    c = torch.zeros(1024, 1024, dtype=torch.float64)
    return 0.75 * 2 * 1024 * 1024 * 768 / shortest(lambda: c.addmm_(a, b), 3)
