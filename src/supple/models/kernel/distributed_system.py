"""The system K + λI and its preconditioner as they are solved: with their rows shared out among processes.

Each process keeps the rows of some frames, of the operator's factors and of the preconditioner's columns, which is nearly all
of the memory and the work. The first one iterates; the others wait for a vector, do their rows and give them back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.preconditioner import Preconditioner
from supple.models.kernel.system import Frames
from supple.runtime import distributed

_Task = Literal["apply", "precondition", "end"]


class SharedSystem:
    """K + λI and P⁻¹ for vectors of all rows."""

    def __init__(
        self, frames: Frames, sigma: float, lam: float, size: int, progress: Callable[[float, float], None]
    ) -> None:
        mine = distributed.local_range(len(frames))
        self.own = slice(mine.start * frames.width, mine.stop * frames.width)
        self.lam = lam
        self.operator = KernelOperator(frames, sigma, mine)
        self.preconditioner = Preconditioner(frames, sigma, lam, size, progress=progress, rows=mine)

    def apply(self, x: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """(K + λI) x."""
        return self._do("apply", x)

    def precondition(self, x: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """P⁻¹ x."""
        return self._do("precondition", x)

    def end(self) -> None:
        """No more vectors: the other processes are free."""
        distributed.broadcast(("end", None))

    def help(self) -> None:
        """Do this process's rows of what the leader asks, until it is done."""
        while (call := distributed.broadcast(None))[0] != "end":
            self._own_rows(*call)

    def _do(self, task: _Task, x: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        distributed.broadcast((task, x))
        return self._own_rows(task, x)

    def _own_rows(self, task: _Task, x: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        if task == "apply":
            return distributed.all_gather(self.operator(x).add_(x[self.own], alpha=self.lam))
        return distributed.all_gather(self.preconditioner(x[self.own]))


def help_to_solve(frames: Frames, sigma: float, lam: float, size: int) -> None:
    """What a helping process does while the leader solves."""
    SharedSystem(frames, sigma, lam, size, lambda done, total: None).help()
