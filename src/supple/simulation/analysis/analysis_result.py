"""Analysis: the results for trajectories, and their summary in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from supple.simulation.analysis.distribution import Distribution
from supple.simulation.analysis.drift import Drift
from supple.simulation.analysis.equipartition import Equipartition
from supple.simulation.analysis.free_energy import FreeEnergy
from supple.simulation.analysis.spectrum import Spectrum
from supple.simulation.analysis.stability import Stability


@dataclass(frozen=True, eq=False)
class Analysis:
    """Of trajectories of one molecule together.

    Attributes:
        formula: of the molecule.
        names: names of the files.
        reference: name of the reference file; None without a reference.
        n_frames: number of stable frames, on which everything but the stability is based.
        stabilities: one for each trajectory.
        distributions: pair distances first; then bonds, angles and torsions.
        temperature: of the free energies, K; None where it is not known, or there are no torsions.
        free_energies: one for each torsion, where the temperature is known.
        equipartition: None without momenta.
        spectrum: None without momenta at equal intervals that are short enough.
        drifts: one for each trajectory with a conserved energy.
        remarks: what is missing, and why.
    """

    formula: str
    names: tuple[str, ...]
    reference: str | None
    n_frames: int
    stabilities: tuple[Stability, ...]
    distributions: tuple[Distribution, ...]
    temperature: float | None
    free_energies: tuple[FreeEnergy, ...]
    equipartition: Equipartition | None
    spectrum: Spectrum | None
    drifts: tuple[Drift, ...]
    remarks: tuple[str, ...]

    @property
    def stable(self) -> bool:
        """Whether no bond ever broke."""
        return all(s.frame is None for s in self.stabilities)

    def of(self, quantity: str) -> list[Distribution]:
        """The distributions of a quantity: `pair distance`, `bond`, `angle` or `torsion`."""
        return [d for d in self.distributions if d.quantity == quantity]

    @property
    def pair_error(self) -> float | None:
        """`∫ |h(r) - h_ref(r)| dr`; None without a reference."""
        return self.distributions[0].difference

    def sentences(self) -> list[str]:
        """All findings, the most important first."""
        sentences = [s.sentence() for s in self.stabilities]
        if not self.stable:
            sentences.append(f"Everything below is based on the {self.n_frames} stable frames.")
        if self.pair_error is not None:
            sentences.append(
                f"h(r) differs from {self.reference} by {self.pair_error:.3f} (0: identical, 2: no overlap)."
            )
            worst = max(self.distributions[1:], key=lambda d: d.difference or 0.0, default=None)
            if worst is not None and worst.difference is not None:
                sentences.append(
                    f"The distribution that differs most is that of the {worst.quantity} {worst.label}: "
                    f"{worst.difference:.2f} on the same scale."
                )
        sentences += [d.sentence() for d in self.drifts]
        if self.equipartition is not None:
            sentences.append(self.equipartition.sentence())
        sentences += [f.warning() for f in self.free_energies if f.poorly_sampled]
        return sentences + list(self.remarks)
