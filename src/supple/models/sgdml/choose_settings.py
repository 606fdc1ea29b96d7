"""The choice of settings that are 'auto', by the validation error: σ, λ, and whether energies are learned or integrated.

They are chosen with small models of the first training frames, few enough that one solution takes about a second; σ is then
refined once with somewhat larger models, and extrapolated to the size of the training set.
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
from supple.models.kernel.solver_cost import EnergyObjection
from supple.models.metrics import Metrics
from supple.models.sgdml.length_scale import choose_sigma, extrapolate_sigma, refine_sigma
from supple.models.sgdml.small_model_cache import SmallModelCache
from supple.molecule.descriptors import Descriptor
from supple.runtime.files import write_json
from supple.runtime.progress import Progress

#: Rows of the matrix of a small model and of a larger one: a solution takes a second or so.
SMALL, LARGER = 2000, 6000
#: Values of λ to compare. The default is kept unless another lowers the error to this fraction: noisy labels need a larger λ.
LAMBDAS, DEFAULT_LAMBDA, _CLEARLY_LOWER = (1e-10, 1e-8, 1e-6), 1e-10, 0.98
#: How much the force error may grow, as a factor, when energies are learned.
_FORCE_LOSS = 1.03
#: Below which fraction the energy error must fall to be worth a much longer solution.
_LARGE_GAIN = 0.9
#: Number of validation frames that are used.
_VALIDATION_FRAMES = 300
#: About how many small models and larger ones it takes to choose everything.
_N_SMALL, _N_LARGER = 13, 5


class ChosenSettings(BaseModel):
    """The settings that were chosen.

    Attributes:
        sigma, lam: length scale in 1/Å, and regularisation.
        energy_weight: amplitude of the energies; None when they are integrated.
        notes: sentences about how they were chosen.
        curve, refined: (σ, validation force RMSE) of the small models, and of the larger ones.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sigma: float
    lam: float
    energy_weight: float | None
    notes: list[str] = []
    curve: list[tuple[float, float]] = []
    refined: list[tuple[float, float]] = []

    def save(self, path: Path) -> None:
        """Write them to a JSON file."""
        write_json(path, self.model_dump())

    @classmethod
    def load(cls, path: Path) -> ChosenSettings:
        """Read what `save` wrote."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, eq=False)
class SettingsChooser:
    """Chooses settings by the validation errors of small models, trained on the first of the training frames.

    Attributes:
        train, valid: the frames.
        permutations, descriptor: of the model.
        progress: receives reports of progress.
        small_models: errors of small models, computed before.
    """

    train: Dataset
    valid: Dataset
    permutations: Int[np.ndarray, "P N"]
    descriptor: Descriptor
    progress: Progress
    small_models: SmallModelCache = field(default_factory=lambda: SmallModelCache(None))

    def choose(
        self,
        sigma: float | Literal["auto"],
        lam: float | Literal["auto"],
        energies: Literal["auto", "learned", "integrated"],
        energy_weight: float,
        objection: EnergyObjection | None = None,
    ) -> ChosenSettings:
        """Choose whatever is 'auto'; `objection` states why learning energies is costly, if it is."""
        given = ChosenSettings(
            sigma=0.0 if sigma == "auto" else sigma,
            lam=DEFAULT_LAMBDA if lam == "auto" else lam,
            energy_weight=energy_weight if energies == "learned" else None,
        )
        chosen = self._choose_sigma(given) if sigma == "auto" else given
        if lam == "auto":
            chosen = self._choose_lam(chosen)
        if sigma == "auto":
            chosen = self._refine_sigma(chosen)
        if energies == "auto" and self.train.has_energies:
            chosen = self._choose_energies(chosen, energy_weight, objection)
        self.progress.step("Choosing settings", 1, 1)
        return chosen

    def _choose_sigma(self, chosen: ChosenSettings) -> ChosenSettings:
        size = self._size(SMALL)
        sigma, curve = choose_sigma(self._error_of_sigma(chosen, size, "Choosing sigma"))
        note = f"sigma chosen on {size} frames by validation force RMSE in {self._unit} ({_curve_text(curve)})."
        return chosen.model_copy(update={"sigma": sigma, "notes": [*chosen.notes, note], "curve": curve})

    def _refine_sigma(self, chosen: ChosenSettings) -> ChosenSettings:
        small, size = self._size(SMALL), self._size(LARGER)
        if size == small:
            return chosen
        refined, curve = refine_sigma(chosen.sigma, self._error_of_sigma(chosen, size, "Refining sigma"))
        sigma = extrapolate_sigma((small, chosen.sigma), (size, refined), len(self.train))
        note = f"sigma {refined:.3g} on {size} frames ({_curve_text(curve)}), extrapolated to {sigma:g} for {len(self.train)}."
        return chosen.model_copy(update={"sigma": sigma, "notes": [*chosen.notes, note], "refined": curve})

    def _error_of_sigma(self, chosen: ChosenSettings, size: int, task: str) -> Callable[[float], float]:
        n_done = 0

        def error(sigma: float) -> float:
            nonlocal n_done
            n_done += 1
            forces = self._force_rmse(chosen.model_copy(update={"sigma": sigma}), size)
            self.progress.step(task, n_done, max(10, n_done + 1), f"{sigma:g}: {forces:.3g} {self._unit}")
            return forces

        return error

    def _choose_lam(self, chosen: ChosenSettings) -> ChosenSettings:
        size = self._size(SMALL)
        curve: list[tuple[float, float]] = []
        for lam in LAMBDAS:
            self.progress.step("Choosing lambda", len(curve), len(LAMBDAS), f"{lam:g}")
            curve.append((lam, self._force_rmse(chosen.model_copy(update={"lam": lam}), size)))
        errors = dict(curve)
        best = min(errors, key=lambda lam: errors[lam])
        lam = best if errors[best] < _CLEARLY_LOWER * errors[DEFAULT_LAMBDA] else DEFAULT_LAMBDA
        note = f"lambda chosen on {size} frames in the same way ({_curve_text(curve)})."
        return chosen.model_copy(update={"lam": lam, "notes": [*chosen.notes, note]})

    def _choose_energies(
        self, chosen: ChosenSettings, weight: float, objection: EnergyObjection | None
    ) -> ChosenSettings:
        if objection is not None and objection.prohibitive:
            return _with_note(chosen, f"Energies are integrated from the forces: {objection.reason}")
        learned = chosen.model_copy(update={"energy_weight": weight})
        size = self._size(LARGER)
        with_energy = np.isfinite(self.train.energies)
        if with_energy[:size].sum() < 2 or np.isfinite(self.valid.energies).sum() < 2:
            why = f"too few of the first {size} training frames and of the validation frames have energies to compare."
            return _with_note(chosen, f"Energies are integrated from the forces: {why}")
        with_them, without = self._metrics(learned, size), self._metrics(chosen, size)
        assert with_them.energy is not None and without.energy is not None
        assert with_them.forces is not None and without.forces is not None
        compared = (
            f"on {size} frames, learning them changes the validation energy RMSE from {without.energy.rmse:.3g} to "
            f"{with_them.energy.rmse:.3g} {with_them.energy.unit} and the force RMSE from {without.forces.rmse:.4g} to "
            f"{with_them.forces.rmse:.4g} {with_them.forces.unit}."
        )
        needed = 1.0 if objection is None else _LARGE_GAIN
        if (
            with_them.energy.rmse < needed * without.energy.rmse
            and with_them.forces.rmse < _FORCE_LOSS * without.forces.rmse
        ):
            return _with_note(learned, f"Energies are learned with the forces, with weight {weight:g}: {compared}")
        costly = "" if objection is None else f" Moreover, {objection.reason}"
        return _with_note(chosen, f"Energies are integrated from the forces: {compared}{costly}")

    @property
    def _unit(self) -> str:
        return self.valid.source.units.forces

    def _size(self, rows: int) -> int:
        return _size(self.train, rows)

    def _force_rmse(self, chosen: ChosenSettings, size: int) -> float:
        metrics = self._metrics(chosen, size)
        assert metrics.forces is not None
        return metrics.forces.rmse

    def _metrics(self, chosen: ChosenSettings, size: int) -> Metrics:
        key = (chosen.sigma, chosen.lam, chosen.energy_weight, size, *self._dependencies(size))
        metrics = self.small_models.get(key)
        if metrics is None:
            problem = Problem(self.train.select(range(size)), self.permutations, chosen.energy_weight, self.descriptor)
            weights, _ = solve_directly(problem.frames, chosen.sigma, chosen.lam, problem.rhs)
            metrics = problem.fitted_potential(chosen.sigma, weights).evaluate(self._validation_frames)
            self.small_models.put(key, metrics)
        return metrics

    @cached_property
    def _validation_frames(self) -> Dataset:
        return self.valid.select(range(min(len(self.valid), _VALIDATION_FRAMES)))

    @cache  # noqa: B019 (a chooser lives only as long as one training)
    def _dependencies(self, size: int) -> tuple[str, ...]:
        """All that the error of a small model depends on besides its settings, as hashes."""
        descriptor = self.descriptor(torch.tensor(self.train.positions[:1]))[0].numpy().tobytes()
        atoms = self.permutations.tobytes()
        made_of = hashlib.sha256(descriptor + atoms).hexdigest()
        return (
            self.train.select(range(size)).fingerprint,
            self._validation_frames.fingerprint,
            str(self.valid.source.units),
            made_of,
        )


def small_model_sizes(train: Dataset) -> list[int]:
    """The numbers of training frames of the models by which settings are chosen, approximately."""
    return [_size(train, SMALL)] * _N_SMALL + [_size(train, LARGER)] * _N_LARGER


def _size(train: Dataset, rows: int) -> int:
    return min(len(train), max(rows // max(3 * train.n_atoms - 6, 1), 10))


def _with_note(chosen: ChosenSettings, note: str) -> ChosenSettings:
    return chosen.model_copy(update={"notes": [*chosen.notes, note]})


def _curve_text(curve: list[tuple[float, float]]) -> str:
    return ", ".join(f"{setting:g}: {error:.4g}" for setting, error in curve)
