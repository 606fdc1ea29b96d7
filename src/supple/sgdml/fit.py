"""SGDML: the settings of the kernel model, and how it is fitted."""

from __future__ import annotations

import json
import time
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from pydantic import Field, PositiveFloat
from torch import Tensor

from supple.dataset import Dataset
from supple.files import write_json
from supple.fitting import FitContext, ModelSettings
from supple.progress import SILENCE, Progress
from supple.sgdml.cost import choose_solver
from supple.sgdml.permutations import check_permutations, describe, find_permutations
from supple.sgdml.potential import SGDMLPotential
from supple.sgdml.sigma import ROWS, choose_sigma
from supple.sgdml.solution import solve_directly, solve_iteratively
from supple.sgdml.system import Frames

#: Validation frames that an iterative solution is judged by.
_JUDGES = 300


class SGDML(ModelSettings):
    """Symmetric gradient-domain machine learning: a kernel model, exact and best for up to about a thousand frames."""

    kind: ClassVar[str] = "sgdml"
    cores: ClassVar[Literal["all", "one"]] = "all"
    citations: ClassVar[tuple[str, ...]] = ("chmiela2017", "chmiela2018")

    sigma: PositiveFloat | Literal["auto"] = Field(
        "auto", description="Length scale of the kernel; 'auto' chooses it on the validation frames."
    )
    lam: PositiveFloat = Field(1e-10, description="Regularisation, for forces divided by their standard deviation.")
    permutations: tuple[tuple[int, ...], ...] | Literal["auto", "none"] = Field(
        "auto",
        description="Atom permutations (a group, atoms from 0); 'auto' finds them in the data, 'none' takes none.",
    )

    solver: Literal["auto", "direct", "iterative"] = Field(
        "auto", description="How the weights are found; 'auto' takes the faster one that fits into memory."
    )

    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> SGDMLPotential:
        progress = context.progress
        permutations = self._permutations(train)
        progress.note(f"{train.formula}: {describe(permutations, train.symbols)}.")
        frames = Frames(torch.tensor(train.positions), permutations)
        cost = choose_solver(self.solver, len(frames), frames.n_modes, frames.x.shape[1], len(permutations))
        progress.note(f"sGDML on {len(train)} frames: {cost}.")
        sigma, notes = self._sigma(train, valid, permutations, frames.n_modes, context)
        progress.note(f"sigma {sigma:g}, lambda {self.lam:g}.")
        started = time.perf_counter()
        if cost.solver == "direct":
            potential, lam = kernel_fit(train, permutations, sigma, self.lam, progress, frames)
            if lam > self.lam:
                notes.append(f"lambda was raised from {self.lam:g} to {lam:g}: the matrix was indefinite to rounding.")
        else:
            potential, note = _iterative_fit(train, valid, frames, sigma, self.lam, context)
            lam = self.lam
            notes.append(note)
        planned = f"planned: {cost}; the solution took {time.perf_counter() - started:.1f} s."
        context.provenance.notes += [describe(permutations, train.symbols), *notes, planned]
        context.provenance.settings |= {
            "sigma": sigma, "lam": lam, "permutations": permutations.tolist(), "solver": cost.solver
        }  # fmt: skip
        return potential

    def _permutations(self, train: Dataset) -> Int[np.ndarray, "P N"]:
        if self.permutations == "auto":
            return find_permutations(train)
        if self.permutations == "none":
            return np.arange(train.n_atoms)[None]
        return check_permutations(self.permutations, train.numbers)

    def _sigma(
        self,
        train: Dataset,
        valid: Dataset,
        permutations: Int[np.ndarray, "P N"],
        n_modes: int,
        context: FitContext,
    ) -> tuple[float, list[str]]:
        if self.sigma != "auto":
            return self.sigma, []
        progress = context.progress
        kept = None if context.run is None else context.run.path / "sigma.json"
        if kept is not None and kept.exists():  # an interrupted run has chosen already
            chosen = json.loads(kept.read_text(encoding="utf-8"))
            return float(chosen["sigma"]), [str(chosen["note"])]
        part = train.select(range(min(len(train), max(ROWS // n_modes, 10))))
        frames = Frames(torch.tensor(part.positions), permutations)
        tries = 0

        def error(sigma: float) -> float:
            nonlocal tries
            tries += 1
            potential, _ = kernel_fit(part, permutations, sigma, self.lam, SILENCE, frames)
            metrics = potential.evaluate(valid)
            assert metrics.forces is not None
            unit = metrics.forces.unit
            progress.step("Choosing sigma", tries, max(8, tries + 1), f"{sigma:g}: {metrics.forces.rmse:.3g} {unit}")
            return metrics.forces.rmse

        sigma, curve = choose_sigma(error)
        progress.step("Choosing sigma", 1, 1, f"{sigma:g}")
        unit = valid.source.units.forces
        tried = ", ".join(f"{s:g}: {e:.4g}" for s, e in curve)
        note = f"sigma chosen on {len(part)} frames by validation force RMSE in {unit} ({tried})."
        if kept is not None:
            write_json(kept, {"sigma": sigma, "note": note, "curve": curve})
        return sigma, [note]


def kernel_fit(
    train: Dataset,
    permutations: Int[np.ndarray, "P N"],
    sigma: float,
    lam: float,
    progress: Progress = SILENCE,
    frames: Frames | None = None,
) -> tuple[SGDMLPotential, float]:
    """Fit the forces of these frames at a given σ, directly; the energies set the integration constant only.

    Returns:
        The potential, and the λ that was needed.
    """
    frames = frames or Frames(torch.tensor(train.positions), permutations)
    scale, right = _right_side(train, frames)
    weights, lam = solve_directly(frames, sigma, lam, right, progress)
    potential = _potential(train.numbers, frames, sigma, scale, weights)
    _set_constant(potential, train)
    return potential, lam


def _iterative_fit(
    train: Dataset, valid: Dataset, frames: Frames, sigma: float, lam: float, context: FitContext
) -> tuple[SGDMLPotential, str]:
    """The same by iteration, and a sentence that says how far it went."""
    scale, right = _right_side(train, frames)
    judges = valid.select(range(min(len(valid), _JUDGES)))
    unit = judges.source.units.forces

    def error(weights: Float[Tensor, "n"]) -> float:
        metrics = _potential(train.numbers, frames, sigma, scale, weights).evaluate(judges)
        assert metrics.forces is not None
        return metrics.forces.rmse

    checkpoint = None if context.run is None else context.run.checkpoint_file
    state = solve_iteratively(
        frames, sigma, lam, right, error, checkpoint=checkpoint, progress=context.progress, unit=unit
    )
    potential = _potential(train.numbers, frames, sigma, scale, state.x)
    _set_constant(potential, train)
    curve = ", ".join(f"{i}: {e:.4g}" for i, _, e in state.looks[:: max(len(state.looks) // 8, 1)])
    iterations, residual, _ = state.looks[-1]
    return potential, (
        f"solved by {iterations} conjugate-gradient iterations to a relative residual of {residual:.1e}, when the "
        f"validation force RMSE in {unit} had settled ({curve})."
    )


def _right_side(train: Dataset, frames: Frames) -> tuple[float, Float[Tensor, "n"]]:
    """The standard deviation of the forces, and the forces in its units in the internal basis."""
    assert train.forces is not None
    scale = float(train.forces.std())
    return scale, frames.project(torch.tensor(train.forces) / scale).flatten()


def _potential(
    numbers: Int[np.ndarray, "N"], frames: Frames, sigma: float, scale: float, weights: Float[Tensor, "n"]
) -> SGDMLPotential:
    v = -frames.to_descriptor(weights.view(len(frames), -1))  # F = -∇E, so E carries the minus
    return SGDMLPotential(numbers, sigma, frames.x, v, frames.action, scale, group=frames.group)


def _set_constant(potential: SGDMLPotential, train: Dataset) -> None:
    """The integration constant that suits the known energies best."""
    if train.has_energies:
        known = np.isfinite(train.energies)
        integrated, _ = potential.predict(train.positions[known])
        potential.constant.fill_(float((train.energies[known] - integrated).mean()))
