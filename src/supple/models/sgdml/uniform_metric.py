"""The choice of σ and λ for a kernel with one length scale, by the validation error.

They are chosen with small models of the first training frames, few enough that one solution takes about a second; σ is then
refined once with somewhat larger models, and extrapolated to the size of the training set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from supple.models.kernel.matern import Matern
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.sgdml.chosen_settings import ChosenSettings
from supple.models.sgdml.length_scale import choose_sigma, extrapolate_sigma, refine_sigma
from supple.models.sgdml.small_models import LARGER, SMALL, SmallModels
from supple.runtime.progress import Progress

#: Values of λ to compare. The default is kept unless another lowers the error to this fraction: noisy labels need a larger λ.
LAMBDAS, DEFAULT_LAMBDA, _CLEARLY_LOWER = (1e-10, 1e-8, 1e-6), 1e-10, 0.98
#: About how many small models and larger ones it takes to choose everything.
N_SMALL, N_LARGER = 13, 5


@dataclass(frozen=True, eq=False)
class UniformMetric:
    """Chooses σ and λ.

    Attributes:
        models: of the first training frames.
        function: of the kernel.
        energy_weight: amplitude of the energies, where they are learned in any case; None otherwise.
        progress: receives reports of progress.
    """

    models: SmallModels
    function: Matern
    energy_weight: float | None
    progress: Progress

    def choose(self, sigma: float | Literal["auto"], lam: float | Literal["auto"]) -> ChosenSettings:
        """Choose whatever is 'auto'."""
        notes: list[str] = []
        curve: list[tuple[float, float]] = []
        refined: list[tuple[float, float]] = []
        first_lam = DEFAULT_LAMBDA if lam == "auto" else lam
        small = self.models.size(SMALL)
        chosen = sigma
        if chosen == "auto":
            chosen, curve = choose_sigma(self._error_of_sigma(first_lam, small, "Choosing sigma"))
            notes.append(
                f"sigma chosen on {small} frames by validation force RMSE in {self.models.unit} ({_curve_text(curve)})."
            )
        if lam == "auto":
            lam, text = self._choose_lam(chosen, small)
            notes.append(text)
        larger = self.models.size(LARGER)
        if sigma == "auto" and larger != small:
            best, refined = refine_sigma(chosen, self._error_of_sigma(lam, larger, "Refining sigma"))
            n_frames = len(self.models.train)
            chosen = extrapolate_sigma((small, chosen), (larger, best), n_frames)
            notes.append(
                f"sigma {best:.3g} on {larger} frames ({_curve_text(refined)}), extrapolated to {chosen:g} for {n_frames}."
            )
        self.progress.step("Choosing settings", 1, 1)
        found = ChosenSettings.of(self._kernel(chosen), lam, *notes, energy_weight=self.energy_weight)
        return found.model_copy(update={"curve": curve, "refined": refined})

    def _error_of_sigma(self, lam: float, size: int, task: str) -> Callable[[float], float]:
        n_done = 0

        def error(sigma: float) -> float:
            nonlocal n_done
            n_done += 1
            forces = self._force_rmse(sigma, lam, size)
            self.progress.step(task, n_done, max(10, n_done + 1), f"{sigma:g}: {forces:.3g} {self.models.unit}")
            return forces

        return error

    def _choose_lam(self, sigma: float, size: int) -> tuple[float, str]:
        curve: list[tuple[float, float]] = []
        for lam in LAMBDAS:
            self.progress.step("Choosing lambda", len(curve), len(LAMBDAS), f"{lam:g}")
            curve.append((lam, self._force_rmse(sigma, lam, size)))
        errors = dict(curve)
        best = min(errors, key=lambda lam: errors[lam])
        lam = best if errors[best] < _CLEARLY_LOWER * errors[DEFAULT_LAMBDA] else DEFAULT_LAMBDA
        return lam, f"lambda chosen on {size} frames in the same way ({_curve_text(curve)})."

    def _force_rmse(self, sigma: float, lam: float, size: int) -> float:
        return self.models.force_rmse(self._kernel(sigma), lam, self.energy_weight, size)

    def _kernel(self, sigma: float) -> MolecularKernel:
        return MolecularKernel.uniform(sigma, self.models.action, self.function)


def _curve_text(curve: list[tuple[float, float]]) -> str:
    return ", ".join(f"{setting:g}: {error:.4g}" for setting, error in curve)
