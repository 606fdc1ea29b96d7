"""What an analysis found: in sentences, as the rows of a table, and for programs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from supple.data.units import ENERGY
from supple.simulation.analysis.distribution import Distribution
from supple.simulation.analysis.drift import Drift
from supple.simulation.analysis.equipartition import Equipartition
from supple.simulation.analysis.free_energy import FreeEnergy
from supple.simulation.analysis.spectrum import Spectrum
from supple.simulation.analysis.stability import Stability

#: Crossings between wells below which a free energy is not to be trusted.
_FEW = 10
#: meV per atom and ps: what is below is no drift; and standard errors: what is below cannot be told from none.
_DRIFT, _DRIFT_ERRORS = 1.0, 3.0

#: Quantity, value, reference, unit.
Row = tuple[str, str, str, str]


@dataclass(frozen=True, eq=False)
class Analysis:
    """Of trajectories of one molecule together.

    Attributes:
        formula: of the molecule.
        names: of the files.
        reference: the file of the reference, where there is one.
        n_frames: stable frames, which all but the stability is of.
        stabilities: one for each trajectory.
        distributions: pair distances first; then bonds, angles and torsions.
        kelvin: temperature of the free energies.
        free_energies: one for each torsion, where the temperature is known.
        equipartition: where there are momenta.
        spectrum: where there are momenta at equal times near enough to each other.
        drifts: of the trajectories that conserve something.
        remarks: why something is missing.
    """

    formula: str
    names: tuple[str, ...]
    reference: str | None
    n_frames: int
    stabilities: tuple[Stability, ...]
    distributions: tuple[Distribution, ...]
    kelvin: float | None
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
        """The distributions of a quantity."""
        return [d for d in self.distributions if d.quantity == quantity]

    @property
    def pair_error(self) -> float | None:
        """∫ |h(r) - h_ref(r)| dr; None without a reference."""
        return self.distributions[0].difference

    def sentences(self) -> list[str]:
        """What there is to know, the most important first."""
        said = [s.sentence() for s in self.stabilities]
        if not self.stable:
            said.append(f"What follows is of the {self.n_frames} frames before.")
        if self.pair_error is not None:
            said.append(
                f"h(r) differs from {self.reference} by {self.pair_error:.3f} (0: the same, 2: nothing in common)."
            )
            worst = max(self.distributions[1:], key=lambda d: d.difference or 0.0, default=None)
            if worst is not None and worst.difference is not None:
                said.append(
                    f"Least alike is the {worst.quantity} {worst.label}: {worst.difference:.2f} on the same scale."
                )
        said += [_said_of(d) for d in self.drifts]
        if self.equipartition is not None:
            said.append(self.equipartition.sentence())
        said += [_warning(f) for f in self.free_energies if len(f.wells) > 1 and f.crossings < _FEW]
        return said + list(self.remarks)

    def rows(self, unit: str = "kcal/mol") -> list[Row]:
        """The table; free energies in this unit."""
        rows: list[Row] = []
        for s in self.stabilities:
            end = s.time if s.frame is not None else s.span
            stable_for = f"{end / 1e3:.4g}" if end is not None else str(s.frame or len(s.deviations))
            rows.append(
                (
                    f"stable, {s.name}",
                    f"{'≥ ' * (s.frame is None)}{stable_for}",
                    "",
                    "ps" if end is not None else "frames",
                )
            )
        if self.pair_error is not None:
            rows.append(("h(r), difference", f"{self.pair_error:.4f}", "0", ""))
        rows += [_row(d) for d in self.distributions[1:]]
        rows += [(f"drift, {d.name}", f"{d.slope:.3g} ± {d.error:.2g}", "0", "meV/atom/ps") for d in self.drifts]
        temperatures = self.equipartition.temperatures if self.equipartition else ()
        rows += [
            (f"temperature, {t.of}", "frozen" if t.frozen else f"{t.kelvin:.1f} ± {t.error:.2g}", "", "K")
            for t in temperatures
        ]
        for f in self.free_energies:
            rows += _free_energy_rows(f, unit)
        if self.spectrum is not None:
            rows.append(("spectrum, peaks", " ".join(f"{p:.0f}" for p in self.spectrum.peaks), "", "cm⁻¹"))
        return rows

    def as_dict(self) -> dict[str, Any]:
        """For JSON: energies in eV, times in fs, the curves left to the tables."""
        return {
            "formula": self.formula,
            "trajectories": list(self.names),
            "reference": self.reference,
            "n_frames": self.n_frames,
            "stability": [
                {"name": s.name, "stable": s.frame is None, "frame": s.frame, "time_fs": s.time, "span_fs": s.span,
                 "bond": s.bond, "largest_deviation": float(s.deviations.max())}
                for s in self.stabilities
            ],
            "pair_distances": {"difference": self.pair_error},
            "distributions": [
                {"quantity": d.quantity, "label": d.label, "unit": d.unit, "mean": d.mean, "std": d.std,
                 "reference_mean": d.reference_mean, "reference_std": d.reference_std, "difference": d.difference}
                for d in self.distributions[1:]
            ],
            "temperature_K": self.kelvin,
            "free_energies": [
                {"torsion": f.label, "wells": list(f.wells), "crossings": f.crossings,
                 "values_eV": [_number(v) for v in _at_wells(f)]}
                for f in self.free_energies
            ],
            "temperatures": [
                {"of": t.of, "kelvin": t.kelvin, "error": _number(t.error), "degrees_of_freedom": t.freedom}
                for t in (self.equipartition.temperatures if self.equipartition else ())
            ],
            "equipartition": None if self.equipartition is None else not self.equipartition.odd,
            "drifts": [
                {"name": d.name, "meV_per_atom_per_ps": d.slope, "error": _number(d.error), "fluctuation_meV": d.fluctuation}
                for d in self.drifts
            ],
            "spectrum": None
            if self.spectrum is None
            else {"peaks_per_cm": self.spectrum.peaks, "resolution_per_cm": self.spectrum.resolution},
            "sentences": self.sentences(),
        }  # fmt: skip


def _row(d: Distribution) -> Row:
    name = f"{d.quantity} {d.label}"
    if d.mean is None:
        return name, "" if d.difference is None else f"{d.difference:.3f}", "" if d.difference is None else "0", "∫|Δp|"
    digits = 3 if d.unit == "Å" else 1
    ours = f"{d.mean:.{digits}f}, σ {d.std:.{digits}f}"
    if d.reference_mean is None:
        return name, ours, "", d.unit
    return name, ours, f"{d.reference_mean:.{digits}f}, σ {d.reference_std:.{digits}f}", d.unit


def _free_energy_rows(f: FreeEnergy, unit: str) -> list[Row]:
    factor = ENERGY[unit]
    rows: list[Row] = []
    for angle, value, error in zip(f.wells, _at_wells(f), _at_wells(f, errors=True), strict=True):
        rows.append((f"F, {f.label} at {angle:.0f}°", f"{abs(value) / factor:.2f} ± {error / factor:.2g}", "", unit))
    if len(f.wells) > 1:
        rows.append((f"crossings, {f.label}", str(f.crossings), "", ""))
    return rows


def _at_wells(f: FreeEnergy, errors: bool = False) -> list[float]:
    curve = f.errors if errors else f.values
    return [float(curve[int(np.abs(f.angles - angle).argmin())]) for angle in f.wells]


def _warning(f: FreeEnergy) -> str:
    times = {0: "never", 1: "once", 2: "twice"}.get(f.crossings, f"{f.crossings} times")
    return (
        f"{f.label} went {times} from one of its {len(f.wells)} wells to another: its free energy, and the error stated, "
        "hold within a well, not between them."
    )


def _said_of(d: Drift) -> str:
    said = f"The energy of {d.name} drifts by {d.slope:.2g} ± {d.error:.1g} meV/atom/ps"
    if abs(d.slope) <= _DRIFT:
        return f"{said}, and is conserved as it should be."
    if abs(d.slope) < _DRIFT_ERRORS * d.error:
        return f"{said}: a longer run is needed to tell that from none."
    return f"{said}: more than the {_DRIFT:g} that a sound force field and time step leave."


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
