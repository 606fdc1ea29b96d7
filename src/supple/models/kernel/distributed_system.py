"""The system K + λI and its preconditioner, with their rows distributed among processes.

Each process keeps the rows of some frames, both of the operator's factors and of the preconditioner's columns, which are nearly
all of the memory and of the work. The first process iterates; the others wait for a vector, compute their rows and return them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.preconditioner import Preconditioner
from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm
from supple.runtime import distributed

_Task = Literal["apply", "precondition", "end"]


class DistributedSystem:
    """K + λI and P⁻¹ for vectors of all rows."""

    def __init__(
        self,
        frames: KernelFrames,
        terms: Sequence[KernelTerm],
        lam: float,
        size: int,
        progress: Callable[[float, float], None],
    ) -> None:
        own_frames = distributed.local_range(len(frames))
        self.own_rows = slice(own_frames.start * frames.width, own_frames.stop * frames.width)
        self.lam = lam
        # First, since its construction takes more memory than it keeps.
        self.preconditioner = Preconditioner(frames, terms, lam, size, progress=progress, rows=own_frames)
        self.operator = KernelOperator(frames, terms, own_frames)

    def apply(self, x: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """(K + λI) x."""
        return self._do("apply", x)

    def precondition(self, x: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """P⁻¹ x."""
        return self._do("precondition", x)

    def end(self) -> None:
        """Release the other processes."""
        distributed.broadcast(("end", None))

    def help(self) -> None:
        """Compute the rows of this process whenever the leader needs them, until it ends."""
        while (call := distributed.broadcast(None))[0] != "end":
            self._apply_to_own_rows(*call)

    def _do(self, task: _Task, x: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        distributed.broadcast((task, x))
        return self._apply_to_own_rows(task, x)

    def _apply_to_own_rows(self, task: _Task, x: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        if task == "apply":
            return distributed.all_gather(self.operator(x).add_(x[self.own_rows], alpha=self.lam))
        return distributed.all_gather(self.preconditioner(x[self.own_rows]))


def help_to_solve(frames: KernelFrames, terms: Sequence[KernelTerm], lam: float, size: int) -> None:
    """What a helping process does while the leader solves."""
    DistributedSystem(frames, terms, lam, size, lambda done, total: None).help()
