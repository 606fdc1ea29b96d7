"""The cost of a solution, estimated before it starts, and the choice of the solver."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch

from supple.errors import ResourceError
from supple.models.cost_estimate import duration, fastest
from supple.models.kernel.cholesky import Triangle
from supple.models.kernel.conjugate_gradients import USUAL_ITERATIONS
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.preconditioner import Preconditioner, n_columns
from supple.runtime.machine import GIB, available_memory

#: Floating-point operations that could be done while one number is fetched from memory, beyond those done with it.
_TRANSFER = 20
#: A direct solution may take this many times as long before iteration is preferred.
_DIRECT_PREFERENCE = 2
#: Seconds that a direct solution may take for learning energies: where that helps at all, and where it helps much.
_ANY_GAIN_SECONDS, _LARGE_GAIN_SECONDS = 60, 600
#: Work arrays of the assembly, and whatever else a process needs beyond its data.
_OVERHEAD = 200 * 1024**2


@dataclass(frozen=True)
class SolverCost:
    """The cost of a solution.

    Attributes:
        solver: which one.
        rows: n, rows of the matrix.
        n_bytes: peak memory beyond what the process has already.
        flops: floating-point operations; slower memory transfers count as the operations that could be done meanwhile.
    """

    solver: Literal["direct", "iterative"]
    rows: int
    n_bytes: int
    flops: float

    @classmethod
    def direct(cls, n_frames: int, n_modes: int, n_descriptor: int, n_permutations: int) -> SolverCost:
        """Of factorising the matrix, for M frames, V modes, D entries and P permutations.

        A pair of frames costs 2·D·V² flops for the product of Jacobians and 6·P·D·V for the sums over permutations;
        a factorisation n³/3.
        """
        rows = n_frames * n_modes
        pairs = n_frames * (n_frames + 1) / 2
        per_pair = 2 * n_descriptor * n_modes**2 + 6 * n_permutations * n_descriptor * n_modes
        n_bytes = Triangle.n_bytes(n_frames, n_modes) + _jacobians(n_frames, n_modes, n_descriptor) + _OVERHEAD
        return cls("direct", rows, n_bytes, pairs * per_pair + rows**3 / 3)

    @classmethod
    def iterative(cls, n_frames: int, n_modes: int, n_descriptor: int, n_permutations: int) -> SolverCost:
        """Of conjugate gradients, with the usual number of iterations.

        One costs 6·P·M²·D flops for the kernel (by characters there are fewer, but the work between the products is as much
        again), and two passes over the k columns of the preconditioner.
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
        return cls("iterative", rows, n_bytes, Preconditioner.flops(rows, size) + USUAL_ITERATIONS * iteration)

    @property
    def seconds(self) -> float:
        """Expected wall time (s) on this machine, from a matrix product timed now."""
        return self.flops / _flops_per_second(torch.get_num_threads())

    def __str__(self) -> str:
        what = "direct solution" if self.solver == "direct" else "iterative solution"
        return f"{self.rows} rows, {what}, {self.n_bytes / GIB:.1f} GiB, about {duration(max(self.seconds, 1))}"


@dataclass(frozen=True)
class EnergyObjection:
    """Why learning the energies is costly; `prohibitive` if it is not done however much it helps."""

    reason: str
    prohibitive: bool


def objection_to_energies(cost: SolverCost, with_energies: SolverCost) -> EnergyObjection | None:
    """None if energies can be learned at little cost beside the planned solution for forces alone."""
    if not fits(with_energies):
        reason = f"learning them would need the whole matrix, {with_energies.n_bytes / GIB:.1f} GiB."
        return EnergyObjection(reason, prohibitive=True)
    seconds = with_energies.seconds
    if cost.solver == "iterative" and seconds > _ANY_GAIN_SECONDS:
        reason = f"learning them would need the direct solution, about {seconds:.0f} s."
        return EnergyObjection(reason, seconds > _LARGE_GAIN_SECONDS)
    return None


def require_memory(cost: SolverCost) -> SolverCost:
    """The cost, if there is enough memory for it.

    Raises:
        ResourceError: it needs more memory than is available.
    """
    if not fits(cost):
        raise ResourceError(
            f"A solution with {cost.rows} rows needs {cost.n_bytes / GIB:.1f} GiB of memory, but only "
            f"{available_memory() / GIB:.1f} GiB are free: train on fewer frames, or use a neural network."
        )
    return cost


def choose_solver(
    solver: Literal["auto", "direct", "iterative"],
    n_frames: int,
    n_modes: int,
    n_descriptor: int,
    n_permutations: int,
) -> SolverCost:
    """The solver to use, among those that are requested and fit into memory.

    The direct one is exact, and its time is certain: iteration must be much faster to be preferred.

    Raises:
        ResourceError: none fits.
    """
    sizes = (n_frames, n_modes, n_descriptor, n_permutations)
    candidates = [cost(*sizes) for cost in (SolverCost.direct, SolverCost.iterative)]
    candidates = [cost for cost in candidates if solver in ("auto", cost.solver)]
    fitting = [cost for cost in candidates if fits(cost)]
    if not fitting:
        require_memory(min(candidates, key=lambda cost: cost.n_bytes))
    return min(fitting, key=lambda cost: cost.flops / (_DIRECT_PREFERENCE if cost.solver == "direct" else 1))


def fits(cost: SolverCost) -> bool:
    """Whether there is enough memory now."""
    return cost.n_bytes < 0.95 * available_memory()


def _jacobians(n_frames: int, n_modes: int, n_descriptor: int) -> int:
    return 2 * 8 * n_frames * n_descriptor * n_modes


@cache
def _flops_per_second(threads: int) -> float:
    """The rate of a matrix product of the factorisation's shape, less a quarter for its other steps; timed once."""
    a, b = torch.ones(1024, 768, dtype=torch.float64), torch.ones(768, 1024, dtype=torch.float64)
    c = torch.zeros(1024, 1024, dtype=torch.float64)
    return 0.75 * 2 * 1024 * 1024 * 768 / fastest(lambda: c.addmm_(a, b), 3)
