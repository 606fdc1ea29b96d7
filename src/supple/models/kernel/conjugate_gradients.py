"""Solving (K + λ I) α = F without K: preconditioned conjugate gradients on the kernel operator, in double precision.

How far to go is a matter of the force field, not of the residual: the small eigenvalues of K, which take longest, change
forces that no frame tells. Every few iterations the forces of the validation frames are predicted from the weights so far,
and the work is done when their error has settled.

Hestenes and Stiefel, J. Res. Natl. Bur. Stand. 49, 409 (1952); the preconditioner stands in preconditioner.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from supple.errors import ModelFileError
from supple.runtime.files import replacing
from supple.runtime.progress import SILENCE, Progress

#: Iterations between two looks at the validation errors; how many looks must bring nothing, and what counts as nothing: of
#: the force error, and of the energy error, which is a small difference of large numbers and settles last.
LOOK, _LOOKS, _SETTLED = 10, 4, (5e-3, 2e-2)
#: A residual as small as this is the solution to rounding.
_TINY = 1e-9
_MOST = 5000
#: What a solution usually takes, for the estimate of the time left.
USUAL = 120
_CHECKPOINT_SECONDS = 60.0

Vector = Float[Tensor, "n"]


class Look(NamedTuple):
    """A look at the solution so far: the relative residual, and validation errors of forces and, where known, energies."""

    iteration: int
    residual: float
    errors: list[float]


@dataclass
class State:
    """Where conjugate gradients are: all that they need to go on."""

    x: Vector
    residual: Vector
    direction: Vector
    rz: float
    iteration: int
    looks: list[Look]

    def save(self, path: Path) -> None:
        """Write it in one step."""
        arrays = {"x": self.x, "residual": self.residual, "direction": self.direction}
        numbers = {"rz": self.rz, "iteration": self.iteration, "looks": self.looks}
        with replacing(path) as temporary:
            save_file(arrays, temporary, metadata={"numbers": json.dumps(numbers)})

    @classmethod
    def load(cls, path: Path) -> State:
        """Read what `save` wrote.

        Raises:
            ModelFileError: the file is damaged.
        """
        try:
            with safe_open(path, framework="pt") as file:
                arrays = {name: file.get_tensor(name).clone() for name in ("x", "residual", "direction")}
                numbers = json.loads(file.metadata()["numbers"])
            looks = [Look(int(i), float(r), [float(e) for e in errors]) for i, r, errors in numbers["looks"]]
            return cls(**arrays, rz=float(numbers["rz"]), iteration=int(numbers["iteration"]), looks=looks)
        except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
            raise ModelFileError(
                f"The checkpoint {path} is damaged ({error}): delete it to start that run anew."
            ) from error


def conjugate_gradients(
    apply: Callable[[Vector], Vector],
    precondition: Callable[[Vector], Vector],
    right: Vector,
    judge: Callable[[Vector], list[float]],
    *,
    checkpoint: Path | None = None,
    progress: Progress = SILENCE,
    unit: str = "",
) -> State:
    """Solve A x = b until the judge's error has settled.

    Args:
        apply: A, symmetric and positive definite.
        precondition: an approximate inverse of A, of the same kind.
        right: b, shape (n,).
        judge: the errors of the force field that x makes, of forces and perhaps energies; asked every `LOOK` iterations.
        checkpoint: a file in which the state is kept every minute, and from which an interrupted solution goes on.
        progress: listens.
        unit: of the force error, for the listener.

    Returns:
        The last state; `looks` has every look.
    """
    if checkpoint is not None and checkpoint.exists():
        state = State.load(checkpoint)
    else:
        residual = right.clone()
        direction = precondition(residual)
        state = State(torch.zeros_like(right), residual, direction, float(residual @ direction), 0, [])
    size = float(right.norm())
    saved = time.monotonic()
    while state.iteration < _MOST and not _settled(state.looks) and state.rz > 0:
        _step(state, apply, precondition)
        relative = float(state.residual.norm()) / size
        if state.iteration % LOOK == 0 or relative < _TINY:
            errors = judge(state.x)
            state.looks.append(Look(state.iteration, relative, errors))
            expected = max(USUAL, state.iteration + 5 * LOOK)
            progress.step(
                "Solving", state.iteration, expected, f"residual {relative:.1e}, validation {errors[0]:.4g} {unit}"
            )
        if relative < _TINY:
            break
        if checkpoint is not None and time.monotonic() - saved > _CHECKPOINT_SECONDS:
            state.save(checkpoint)
            saved = time.monotonic()
    progress.step("Solving", 1, 1)
    return state


def _step(state: State, apply: Callable[[Vector], Vector], precondition: Callable[[Vector], Vector]) -> None:
    product = apply(state.direction)
    length = state.rz / float(state.direction @ product)
    state.x.add_(state.direction, alpha=length)
    state.residual.sub_(product, alpha=length)
    z = precondition(state.residual)
    rz = float(state.residual @ z)
    state.direction.mul_(rz / state.rz).add_(z)
    state.rz = rz
    state.iteration += 1


def _settled(looks: list[Look]) -> bool:
    if len(looks) <= _LOOKS:
        return False
    for errors, enough in zip(zip(*(look.errors for look in looks), strict=True), _SETTLED, strict=False):
        if min(errors[-_LOOKS:]) < (1 - enough) * min(errors[:-_LOOKS]):
            return False
    return True
