"""Solving (K + λ I) α = F without K: preconditioned conjugate gradients on the kernel operator, in double precision.

When to stop depends on the force field, not on the residual: the small eigenvalues of K, which converge last, only change
forces that no frame determines. Every few iterations the forces of the validation frames are predicted from the present
weights, and iteration ends when their error has converged.

The iterates x go up and down on their way, and their errors by a factor of ten. Minimal residual smoothing follows them with

    s ← s + η (x - s) ,   η that makes |b - A s| smallest,

whose residual only falls: its error falls as well, is below that of x, and shows early when nothing more is gained.

Hestenes and Stiefel, J. Res. Natl. Bur. Stand. 49, 409 (1952); smoothing: Zhou and Walker, SIAM J. Sci. Comput. 15, 297 (1994),
doi 10.1137/0915021. See preconditioner.py for the preconditioner.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from supple.errors import ModelFileError
from supple.runtime.array_file import read_arrays, write_arrays
from supple.runtime.json_records import parse_json
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.signals import DeferredSignals

#: Iterations between two validations.
VALIDATE_EVERY = 10
#: Validations without improvement before iteration ends, and the relative change that counts as one: of the force error, and
#: of the energy error, which is a small difference of large numbers and converges last.
_PATIENCE, _TOLERANCES = 2, (5e-3, 2e-2)
#: The errors count only where the relative residual is below this: a solution that hardly moves yet is not one that has converged.
_SETTLED = 0.03
#: At this relative residual the solution is exact to rounding.
_EXACT = 1e-9
_MAX_ITERATIONS = 5000
#: The usual number of iterations, for estimates of time.
USUAL_ITERATIONS = 120
_CHECKPOINT_SECONDS = 60.0
#: Arrays of the state.
_ARRAYS = ("x", "residual", "solution", "solution_residual", "direction")

Vector = Float[Tensor, "n"]


class Validation(NamedTuple):
    """The relative residual at an iteration, and the validation errors of forces and, where there are any, energies."""

    iteration: int
    residual: float
    errors: list[float]


@dataclass
class State:
    """The state of conjugate gradients: all that is needed to resume.

    Attributes:
        x, residual: the iterate, and b - A x.
        solution, solution_residual: s, and b - A s.
        direction: in which x changes next.
        rz: residual times preconditioned residual.
        iteration: how many are done.
        validations: those so far.
    """

    x: Vector
    residual: Vector
    solution: Vector
    solution_residual: Vector
    direction: Vector
    rz: float
    iteration: int
    validations: list[Validation]

    @property
    def converged(self) -> bool:
        """Whether the validation errors have converged, or the solution is exact to rounding."""
        return bool(self.validations) and (self.validations[-1].residual < _EXACT or _converged(self.validations))

    def to(self, device: torch.device) -> State:
        """The same, its arrays moved to a device."""
        return replace(self, **{name: getattr(self, name).to(device) for name in _ARRAYS})

    def save(self, path: Path) -> None:
        """Write the state in one step."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        numbers = {"rz": self.rz, "iteration": self.iteration, "validations": self.validations}
        write_arrays(path, arrays, {"numbers": json.dumps(numbers)})

    @classmethod
    def load(cls, path: Path) -> State:
        """Read what `save` wrote.

        Raises:
            ModelFileError: the file is damaged.
        """
        try:
            arrays, texts = read_arrays(path)
            numbers = parse_json(texts["numbers"])
            validations = [
                Validation(int(i), float(r), [float(e) for e in errors]) for i, r, errors in numbers["validations"]
            ]
            return cls(
                **{name: arrays[name] for name in _ARRAYS},
                rz=float(numbers["rz"]),
                iteration=int(numbers["iteration"]),
                validations=validations,
            )
        except (KeyError, ValueError, TypeError, OSError) as error:
            raise ModelFileError(
                f"The checkpoint {path} is damaged ({error}): delete it to start that run again."
            ) from error


def conjugate_gradients(
    apply: Callable[[Vector], Vector],
    precondition: Callable[[Vector], Vector],
    rhs: Vector,
    validate: Callable[[Vector], list[float]],
    *,
    checkpoint: Path | None = None,
    progress: Progress = NO_PROGRESS,
    unit: str = "",
) -> State:
    """Solve A x = b until the validation errors have converged.

    Args:
        apply: A, symmetric and positive definite.
        precondition: an approximate inverse of A, symmetric and positive definite as well.
        rhs: b, shape (n,).
        validate: the errors of the force field that a solution makes, of forces and perhaps energies; called every `VALIDATE_EVERY`
            iterations.
        checkpoint: a file in which the state is kept every minute and at an interruption, and from which an interrupted solution resumes.
        progress: receives reports of progress.
        unit: of the force error, for these reports.

    Returns:
        The last state.
    """
    if checkpoint is not None and checkpoint.exists():
        state = State.load(checkpoint).to(rhs.device)
    else:
        residual = rhs.clone()
        direction = precondition(residual)
        nothing, rz = torch.zeros_like(rhs), float(residual @ direction)
        state = State(nothing, residual, nothing.clone(), residual.clone(), direction, rz, 0, [])
    size = float(rhs.norm())
    saved = time.monotonic()
    with DeferredSignals() as signals:
        while state.iteration < _MAX_ITERATIONS and not _converged(state.validations) and state.rz > 0:
            _step(state, apply, precondition)
            relative = float(state.solution_residual.norm()) / size
            if state.iteration % VALIDATE_EVERY == 0 or relative < _EXACT:
                errors = validate(state.solution)
                state.validations.append(Validation(state.iteration, relative, errors))
                expected = max(USUAL_ITERATIONS, state.iteration + 5 * VALIDATE_EVERY)
                progress.step(
                    "Solving", state.iteration, expected, f"residual {relative:.1e}, validation {errors[0]:.4g} {unit}"
                )
            if relative < _EXACT:
                break
            if checkpoint is not None and (signals.pending or time.monotonic() - saved > _CHECKPOINT_SECONDS):
                state.save(checkpoint)
                saved = time.monotonic()
            signals.check()
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
    change = state.residual - state.solution_residual
    along = float(change @ change)
    if along > 0:
        share = -float(state.solution_residual @ change) / along
        state.solution_residual.add_(change, alpha=share)
        state.solution.add_(state.x - state.solution, alpha=share)


def _converged(validations: list[Validation]) -> bool:
    """Whether the last validations brought less than the tolerances, for each of the errors."""
    if len(validations) <= _PATIENCE or validations[-1].residual > _SETTLED:
        return False
    before, now = validations[-1 - _PATIENCE].errors, validations[-1].errors
    return all(new >= (1 - tolerance) * old for old, new, tolerance in zip(before, now, _TOLERANCES, strict=False))
