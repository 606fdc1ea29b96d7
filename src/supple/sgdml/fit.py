"""SGDML: the settings of the kernel model, and how it is fitted."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Int
from pydantic import Field, PositiveFloat

from supple.dataset import Dataset
from supple.fitting import FitContext, ModelSettings
from supple.progress import SILENCE, Progress
from supple.sgdml.cost import Cost
from supple.sgdml.permutations import check_permutations, describe, find_permutations
from supple.sgdml.potential import SGDMLPotential
from supple.sgdml.sigma import ROWS, choose_sigma
from supple.sgdml.system import Frames, assemble
from supple.sgdml.triangle import NotPositiveDefiniteError

#: λ is raised in steps of ten, so often at most, when rounding makes the matrix indefinite.
_RAISES = 5


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

    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> SGDMLPotential:
        progress = context.progress
        permutations = self._permutations(train)
        progress.note(f"{train.formula}: {describe(permutations, train.symbols)}.")
        frames = Frames(torch.tensor(train.positions), permutations)
        cost = Cost.of(len(frames), frames.n_modes, frames.x.shape[1], len(permutations))
        cost.require_memory()
        progress.note(f"sGDML on {len(train)} frames: {cost}.")
        sigma, notes = self._sigma(train, valid, permutations, frames.n_modes, progress)
        progress.note(f"sigma {sigma:g}, lambda {self.lam:g}.")
        potential, lam = kernel_fit(train, permutations, sigma, self.lam, progress, frames)
        if lam > self.lam:
            notes.append(f"lambda was raised from {self.lam:g} to {lam:g}: the matrix was indefinite to rounding.")
        context.provenance.notes += [describe(permutations, train.symbols), *notes]
        context.provenance.settings |= {"sigma": sigma, "lam": lam, "permutations": permutations.tolist()}
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
        progress: Progress,
    ) -> tuple[float, list[str]]:
        if self.sigma != "auto":
            return self.sigma, []
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
        return sigma, [f"sigma chosen on {len(part)} frames by validation force RMSE in {unit} ({tried})."]


def kernel_fit(
    train: Dataset,
    permutations: Int[np.ndarray, "P N"],
    sigma: float,
    lam: float,
    progress: Progress = SILENCE,
    frames: Frames | None = None,
) -> tuple[SGDMLPotential, float]:
    """Fit the forces of these frames at a given σ; the energies set the integration constant only.

    Returns:
        The potential, and the λ that was needed.
    """
    assert train.forces is not None
    frames = frames or Frames(torch.tensor(train.positions), permutations)
    scale = float(train.forces.std())
    right = frames.project(torch.tensor(train.forces) / scale).flatten()
    for _ in range(_RAISES):
        triangle = assemble(frames, sigma, lambda done, total: progress.step("Kernel matrix", done, total))
        try:
            triangle.factorise(lam, lambda done, total: progress.step("Factorising", done, total))
            break
        except NotPositiveDefiniteError:
            lam *= 10
    else:
        raise NotPositiveDefiniteError(
            f"The kernel matrix is indefinite even with lambda {lam:g}: look for equal frames."
        )
    weights = triangle.solve(right)
    v = -frames.to_descriptor(weights.view(len(train), -1))  # F = -∇E, so E carries the minus
    potential = SGDMLPotential(train.numbers, sigma, frames.x, v, frames.action, scale)
    if train.has_energies:
        known = np.isfinite(train.energies)
        integrated, _ = potential.predict(train.positions[known])
        potential.constant.fill_(float((train.energies[known] - integrated).mean()))
    return potential, lam
