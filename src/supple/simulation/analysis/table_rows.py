"""The numbers of an analysis as rows of a table, for the terminal and the page."""

from __future__ import annotations

from typing import NamedTuple

from supple.data.units import ENERGY
from supple.runtime.rounding import rounded
from supple.simulation.analysis.analysis_result import Analysis
from supple.simulation.analysis.distribution import Distribution
from supple.simulation.analysis.free_energy import FreeEnergy
from supple.simulation.analysis.stability import Stability


class Row(NamedTuple):
    """One row; texts without a value are empty."""

    quantity: str
    value: str
    reference: str
    unit: str


def table_rows(analysis: Analysis, unit: str = "kcal/mol") -> list[Row]:
    """All rows; free energies in `unit`."""
    rows = [_stability(s) for s in analysis.stabilities]
    if analysis.pair_error is not None:
        rows.append(Row("h(r), difference", f"{analysis.pair_error:.4f}", "0", ""))
    rows += [_distribution(d) for d in analysis.distributions[1:]]
    rows += [
        Row(f"drift, {d.name}", f"{rounded(d.slope)} ± {rounded(d.error, 2)}", "0", "meV/atom/ps")
        for d in analysis.drifts
    ]
    for t in analysis.equipartition.temperatures if analysis.equipartition else ():
        value = "frozen" if t.frozen else f"{t.kelvin:.1f} ± {rounded(t.error, 2)}"
        rows.append(Row(f"temperature, {t.motion}", value, "", "K"))
    for f in analysis.free_energies:
        rows += _free_energy(f, unit)
    if analysis.spectrum is not None:
        rows.append(Row("spectrum, peaks", " ".join(f"{p:.0f}" for p in analysis.spectrum.peaks), "", "cm⁻¹"))
    return rows


def _stability(s: Stability) -> Row:
    end = s.time if s.frame is not None else s.span
    at_least = "≥ " if s.frame is None else ""
    if end is not None:
        return Row(f"stable, {s.name}", f"{at_least}{end / 1e3:.4g}", "", "ps")
    return Row(f"stable, {s.name}", f"{at_least}{s.frame or len(s.deviations)}", "", "frames")


def _distribution(d: Distribution) -> Row:
    name = f"{d.quantity} {d.label}"
    if d.mean is None:
        return Row(
            name, "" if d.difference is None else f"{d.difference:.3f}", "" if d.difference is None else "0", "∫|Δp|"
        )
    digits = 3 if d.unit == "Å" else 1
    value = f"{d.mean:.{digits}f}, σ {d.std:.{digits}f}"
    if d.reference_mean is None:
        return Row(name, value, "", d.unit)
    return Row(name, value, f"{d.reference_mean:.{digits}f}, σ {d.reference_std:.{digits}f}", d.unit)


def _free_energy(f: FreeEnergy, unit: str) -> list[Row]:
    factor = ENERGY[unit]
    rows = [
        Row(f"F, {f.label} at {angle:.0f}°", f"{abs(value) / factor:.2f} ± {rounded(error / factor, 2)}", "", unit)
        for angle, value, error in zip(f.wells, f.at_wells(f.values), f.at_wells(f.errors), strict=True)
    ]
    if len(f.wells) > 1:
        rows.append(Row(f"crossings, {f.label}", str(f.crossings), "", ""))
    return rows
