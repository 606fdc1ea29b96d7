"""The cost of a solution, estimated before it starts, and the choice of the solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import torch

from supple.data.dataset import Dataset
from supple.errors import ResourceError
from supple.models.cost_estimate import fastest
from supple.models.device import free_memory
from supple.models.kernel.cholesky import Triangle
from supple.models.kernel.conjugate_gradients import USUAL_ITERATIONS
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.preconditioner import Preconditioner, n_force_columns
from supple.models.kernel.term import KernelTerm
from supple.molecule.descriptors import Descriptor
from supple.runtime.machine import GIB
from supple.runtime.rounding import duration

#: Floating-point operations that could be done while one number is fetched from memory, beyond those done with it.
_TRANSFER = 20
#: The same of all that is done with a kernel function between the products of an iteration.
_PASSES = 100
#: The same of starting all operations of an iteration.
_START = 2e8
#: A direct solution may take this many times as long before iteration is preferred.
_DIRECT_PREFERENCE = 2
#: Numbers of columns of the preconditioner to choose from, in units of n^(2/3): the number of iterations falls with this power of it.
_FACTORS, _GAIN = (2.0, 3.0, 4.0), 0.8
_CPU = torch.device("cpu")
#: Work arrays of the assembly, and whatever else a process needs beyond its data.
_OVERHEAD, _OVERHEAD_ON_GPU = 200 * 1024**2, 3 * 1024**3


@dataclass(frozen=True, eq=False)
class ProblemSize:
    """What the cost of a solution depends on.

    Attributes:
        n_frames: M.
        n_modes: V.
        n_descriptor: D.
        terms: of the kernel.
        device: on which it is solved.
    """

    n_frames: int
    n_modes: int
    n_descriptor: int
    terms: Sequence[KernelTerm]
    device: torch.device = _CPU

    @classmethod
    def of(
        cls, train: Dataset, descriptor: Descriptor, terms: Sequence[KernelTerm], device: torch.device = _CPU
    ) -> ProblemSize:
        """That of training on these frames."""
        return cls(len(train), max(3 * train.n_atoms - 6, 1), descriptor.size, terms, device)

    def with_frames(self, n_frames: int) -> ProblemSize:
        """That of another number of frames."""
        return replace(self, n_frames=n_frames)

    @property
    def width(self) -> int:
        """Rows of a frame: its modes, and its energy."""
        return self.n_modes + 1

    @property
    def rows(self) -> int:
        """n, rows of the matrix."""
        return self.n_frames * self.width

    @property
    def pair_entries(self) -> int:
        """Entries that are compared for a pair of frames: E·J·d, summed over the terms."""
        return sum(term.n_pairs * term.size for term in self.terms)

    @property
    def fixed_bytes(self) -> int:
        """Memory (bytes) of the Jacobians, and of work arrays."""
        jacobians = 2 * 8 * self.n_frames * self.n_descriptor * self.width
        return jacobians + (_OVERHEAD if self.device.type == "cpu" else _OVERHEAD_ON_GPU)


@dataclass(frozen=True)
class SolverCost:
    """The cost of a solution.

    Attributes:
        solver: which one.
        rows: n, rows of the matrix.
        n_bytes: peak memory beyond what the process has already.
        flops: floating-point operations; slower memory transfers count as the operations that could be done meanwhile.
        n_columns: columns of forces in the preconditioner of an iterative solution.
        device: on which it is found.
    """

    solver: Literal["direct", "iterative"]
    rows: int
    n_bytes: int
    flops: float
    n_columns: int = 0
    device: torch.device = _CPU

    @classmethod
    def direct(cls, size: ProblemSize) -> SolverCost:
        """Of factorising the matrix.

        A pair of frames costs 2·D·V² flops for the product of Jacobians and 6·E·J·d·V for the images of each term, which take as
        long as 15 in the products of a factorisation; that costs n³/3.
        """
        pairs = size.n_frames * (size.n_frames + 1) / 2
        per_pair = 2 * size.n_descriptor * size.width**2 + 15 * size.pair_entries * size.width
        n_bytes = Triangle.n_bytes(size.n_frames, size.width) + size.fixed_bytes
        return cls("direct", size.rows, n_bytes, pairs * per_pair + size.rows**3 / 3, device=size.device)

    @classmethod
    def iterative(cls, size: ProblemSize) -> SolverCost:
        """Of conjugate gradients, with the usual number of iterations.

        One costs 8·Q·E·d·M² flops for each term with Q queries, its E·J·M² kernel functions, and two passes over the k columns of
        the preconditioner.
        """
        candidates = [cls._iterative(size, factor) for factor in _FACTORS]
        return min(filter(fits, candidates), key=lambda cost: cost.flops, default=candidates[0])

    @classmethod
    def _iterative(cls, size: ProblemSize, factor: float) -> SolverCost:
        """The same with a number of columns of forces in units of n^(2/3)."""
        of_forces = n_force_columns(size.rows, factor)
        n_columns = of_forces + size.n_frames
        n_bytes = (
            KernelOperator.n_bytes(size.n_frames, size.terms)
            + Preconditioner.n_bytes(size.rows, n_columns)
            + size.fixed_bytes
        )
        pairs = size.n_frames**2 * sum(term.n_pairs for term in size.terms)
        products = 8 * size.n_frames**2 * sum(term.n_queries * term.n_environments * term.size for term in size.terms)
        # Columns of energies are in double precision, those of forces in single precision.
        numbers = 2 * size.rows * (size.n_frames + of_forces / 2)
        iteration = _START + products + _PASSES * pairs + _TRANSFER * numbers
        iterations = USUAL_ITERATIONS * (_FACTORS[0] / factor) ** _GAIN
        flops = Preconditioner.flops(size.rows, n_columns) + iterations * iteration
        return cls("iterative", size.rows, n_bytes, flops, of_forces, size.device)

    @property
    def seconds(self) -> float:
        """Expected wall time (s) on this machine, from a matrix product timed now."""
        return self.flops / _flops_per_second(self.device, torch.get_num_threads())

    def __str__(self) -> str:
        what = "direct solution" if self.solver == "direct" else "iterative solution"
        return f"{self.rows} rows, {what}, {self.n_bytes / GIB:.1f} GiB, about {duration(max(self.seconds, 1))}"


def require_memory(cost: SolverCost) -> SolverCost:
    """The cost, if there is enough memory for it.

    Raises:
        ResourceError: it needs more memory than is available.
    """
    if not fits(cost):
        raise ResourceError(
            f"A solution with {cost.rows} rows needs {cost.n_bytes / GIB:.1f} GiB of memory, but only "
            f"{free_memory(cost.device) / GIB:.1f} GiB are free: train on fewer frames, or use a neural network."
        )
    return cost


def choose_solver(solver: Literal["auto", "direct", "iterative"], size: ProblemSize) -> SolverCost:
    """The solver to use, among those that are requested and fit into memory.

    Raises:
        ResourceError: none fits.
    """
    return require_memory(expected_solver(solver, size))


def expected_solver(solver: Literal["auto", "direct", "iterative"], size: ProblemSize) -> SolverCost:
    """The same, and where none fits into memory the one that takes least of it.

    The direct one is exact, and its time is certain: iteration must be much faster to be preferred. A GPU factorises at the rate of
    its matrix products, and iterates at that of its memory: there the direct one is taken whenever it fits.
    """
    candidates = [cost(size) for cost in (SolverCost.direct, SolverCost.iterative)]
    candidates = [cost for cost in candidates if solver in ("auto", cost.solver)]
    fitting = [cost for cost in candidates if fits(cost)]
    if not fitting:
        return min(candidates, key=lambda cost: cost.n_bytes)
    if fitting[0].device.type != "cpu":
        return fitting[0]
    return min(fitting, key=lambda cost: cost.flops / (_DIRECT_PREFERENCE if cost.solver == "direct" else 1))


def fits(cost: SolverCost) -> bool:
    """Whether there is enough memory now."""
    return cost.n_bytes < 0.95 * free_memory(cost.device)


@cache
def _flops_per_second(device: torch.device, threads: int) -> float:
    """The rate of a matrix product of the factorisation's shape, less a quarter for its other steps; timed once."""
    n = 1024 if device.type == "cpu" else 8192
    a, b = (torch.ones(shape, dtype=torch.float64, device=device) for shape in ((n, 768), (768, n)))
    c = torch.zeros(n, n, dtype=torch.float64, device=device)

    def product() -> None:
        c.addmm_(a, b)
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return 0.75 * 2 * n * n * 768 / fastest(product, 3)
