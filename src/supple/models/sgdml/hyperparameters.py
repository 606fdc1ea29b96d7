"""What is left to choose, chosen on validation frames: σ, λ, and whether energies are learned or integrated.

Small models of the first training frames decide, as many frames as keep one solution near a second; σ is then refined
once with somewhat larger ones, and continued to the size of the training set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int
from pydantic import BaseModel, ConfigDict

from supple.data.dataset import Dataset
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver import solve_directly
from supple.models.kernel.solver_cost import Objection
from supple.models.metrics import Metrics
from supple.models.sgdml.length_scale import choose_sigma, continued_sigma, refine_sigma
from supple.models.sgdml.small_model_cache import Tried
from supple.molecule.descriptors import Descriptor
from supple.runtime.files import write_json
from supple.runtime.progress import Progress

#: Rows of the matrix of a small model and of a larger one: a solution takes a second or so.
SMALL, LARGER = 2000, 6000
#: λ that are tried. The usual one stands unless another is better by this factor: noise in the labels wants a larger one.
LAMBDAS, USUAL_LAMBDA, _BETTER = (1e-10, 1e-8, 1e-6), 1e-10, 0.98
#: How much learning energies may cost in force error.
_FORCES = 1.03
#: The part of the energy error that must not be left when learning energies takes much longer.
_WORTH_MUCH = 0.9
#: Validation frames that judge.
_JUDGES = 300
#: About how many small models and larger ones it takes to choose everything.
_TRIALS, _LARGER_TRIALS = 13, 5


class Choices(BaseModel):
    """What has been chosen.

    Attributes:
        sigma, lam: length scale in 1/Å, and regularisation.
        energy_weight: amplitude of the energies; None when they are integrated.
        notes: how, in sentences.
        curve: (σ, validation force RMSE) of the small models, and of the larger ones.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sigma: float
    lam: float
    energy_weight: float | None
    notes: list[str] = []
    curve: list[tuple[float, float]] = []
    refined: list[tuple[float, float]] = []

    def save(self, path: Path) -> None:
        """Write them down."""
        write_json(path, self.model_dump())

    @classmethod
    def load(cls, path: Path) -> Choices:
        """Read what `save` wrote."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, eq=False)
class Chooser:
    """Small models of nested parts of the training frames, judged by validation frames.

    Attributes:
        train, valid: the frames.
        permutations, descriptor: of the model.
        progress: listens.
        tried: errors of small models that are known already, and where those of others are kept.
    """

    train: Dataset
    valid: Dataset
    permutations: Int[np.ndarray, "P N"]
    descriptor: Descriptor
    progress: Progress
    tried: Tried = field(default_factory=lambda: Tried(None))

    def choose(
        self,
        sigma: float | Literal["auto"],
        lam: float | Literal["auto"],
        energies: Literal["auto", "learned", "integrated"],
        energy_weight: float,
        objection: Objection | None = None,
    ) -> Choices:
        """All that is 'auto'; `objection` says why energies should not be learned, if so."""
        given = Choices(
            sigma=0.0 if sigma == "auto" else sigma,
            lam=USUAL_LAMBDA if lam == "auto" else lam,
            energy_weight=energy_weight if energies == "learned" else None,
        )
        chosen = self._with_sigma(given) if sigma == "auto" else given
        if lam == "auto":
            chosen = self._with_lam(chosen)
        if sigma == "auto":
            chosen = self._with_refined_sigma(chosen)
        if energies == "auto" and self.train.has_energies:
            chosen = self._with_energies(chosen, energy_weight, objection)
        self.progress.step("Choosing settings", 1, 1)
        return chosen

    def _with_sigma(self, chosen: Choices) -> Choices:
        size = self._size(SMALL)
        sigma, curve = choose_sigma(self._error_of_sigma(chosen, size, "Choosing sigma"))
        note = f"sigma chosen on {size} frames by validation force RMSE in {self._unit} ({_curve(curve)})."
        return chosen.model_copy(update={"sigma": sigma, "notes": [*chosen.notes, note], "curve": curve})

    def _with_refined_sigma(self, chosen: Choices) -> Choices:
        small, size = self._size(SMALL), self._size(LARGER)
        if size == small:
            return chosen
        refined, curve = refine_sigma(chosen.sigma, self._error_of_sigma(chosen, size, "Refining sigma"))
        sigma = continued_sigma((small, chosen.sigma), (size, refined), len(self.train))
        note = f"sigma {refined:.3g} on {size} frames ({_curve(curve)}), continued to {sigma:g} for {len(self.train)}."
        return chosen.model_copy(update={"sigma": sigma, "notes": [*chosen.notes, note], "refined": curve})

    def _error_of_sigma(self, chosen: Choices, size: int, task: str) -> Callable[[float], float]:
        tries = 0

        def error(sigma: float) -> float:
            nonlocal tries
            tries += 1
            forces = self._forces(chosen.model_copy(update={"sigma": sigma}), size)
            self.progress.step(task, tries, max(10, tries + 1), f"{sigma:g}: {forces:.3g} {self._unit}")
            return forces

        return error

    def _with_lam(self, chosen: Choices) -> Choices:
        size = self._size(SMALL)
        tried: list[tuple[float, float]] = []
        for lam in LAMBDAS:
            self.progress.step("Choosing lambda", len(tried), len(LAMBDAS), f"{lam:g}")
            tried.append((lam, self._forces(chosen.model_copy(update={"lam": lam}), size)))
        errors = dict(tried)
        best = min(errors, key=lambda lam: errors[lam])
        lam = best if errors[best] < _BETTER * errors[USUAL_LAMBDA] else USUAL_LAMBDA
        note = f"lambda chosen on {size} frames in the same way ({_curve(tried)})."
        return chosen.model_copy(update={"lam": lam, "notes": [*chosen.notes, note]})

    def _with_energies(self, chosen: Choices, weight: float, objection: Objection | None) -> Choices:
        if objection is not None and objection.too_much:
            return _noted(chosen, f"Energies by integrating the forces: {objection.reason}")
        learned = chosen.model_copy(update={"energy_weight": weight})
        size = self._size(LARGER)
        known = np.isfinite(self.train.energies)
        if known[:size].sum() < 2 or np.isfinite(self.valid.energies).sum() < 2:
            why = f"too few are known among the first {size} training frames and the validation frames to compare."
            return _noted(chosen, f"Energies by integrating the forces: {why}")
        ours, theirs = self._metrics(learned, size), self._metrics(chosen, size)
        assert ours.energy is not None and theirs.energy is not None
        assert ours.forces is not None and theirs.forces is not None
        compared = (
            f"on {size} frames learning them changes the validation energy RMSE from {theirs.energy.rmse:.3g} to "
            f"{ours.energy.rmse:.3g} {ours.energy.unit}, the force RMSE from {theirs.forces.rmse:.4g} to "
            f"{ours.forces.rmse:.4g} {ours.forces.unit}."
        )
        part = 1.0 if objection is None else _WORTH_MUCH
        if ours.energy.rmse < part * theirs.energy.rmse and ours.forces.rmse < _FORCES * theirs.forces.rmse:
            return _noted(learned, f"Energies learned with the forces, weight {weight:g}: {compared}")
        dear = "" if objection is None else f" And {objection.reason}"
        return _noted(chosen, f"Energies by integrating the forces: {compared}{dear}")

    @property
    def _unit(self) -> str:
        return self.valid.source.units.forces

    def _size(self, rows: int) -> int:
        return _size(self.train, rows)

    def _forces(self, choices: Choices, size: int) -> float:
        metrics = self._metrics(choices, size)
        assert metrics.forces is not None
        return metrics.forces.rmse

    def _metrics(self, choices: Choices, size: int) -> Metrics:
        case = (choices.sigma, choices.lam, choices.energy_weight, size, *self._frames(size))
        known = self.tried.get(case)
        if known is None:
            problem = Problem(self.train.select(range(size)), self.permutations, choices.energy_weight, self.descriptor)
            weights, _ = solve_directly(problem.frames, choices.sigma, choices.lam, problem.right)
            known = problem.finished(choices.sigma, weights).evaluate(self._judges)
            self.tried.put(case, known)
        return known

    @cached_property
    def _judges(self) -> Dataset:
        return self.valid.select(range(min(len(self.valid), _JUDGES)))

    @cache  # noqa: B019 (a chooser lives as long as one training)
    def _frames(self, size: int) -> tuple[str, ...]:
        """All that the error of a small model depends on besides its settings."""
        descriptor = self.descriptor(torch.tensor(self.train.positions[:1]))[0].numpy().tobytes()
        atoms = self.permutations.tobytes()
        made_of = hashlib.sha256(descriptor + atoms).hexdigest()
        return (
            self.train.select(range(size)).fingerprint,
            self._judges.fingerprint,
            str(self.valid.source.units),
            made_of,
        )


def small_models(train: Dataset) -> list[int]:
    """The training frames of each model that is tried on the way to a choice, about."""
    return [_size(train, SMALL)] * _TRIALS + [_size(train, LARGER)] * _LARGER_TRIALS


def _size(train: Dataset, rows: int) -> int:
    return min(len(train), max(rows // max(3 * train.n_atoms - 6, 1), 10))


def _noted(choices: Choices, note: str) -> Choices:
    return choices.model_copy(update={"notes": [*choices.notes, note]})


def _curve(tried: list[tuple[float, float]]) -> str:
    return ", ".join(f"{setting:g}: {error:.4g}" for setting, error in tried)
