"""An analysis for programs: what `--json` prints and analysis.json contains. Energies in eV, times in fs; curves are in the CSV files."""

from __future__ import annotations

import math
from typing import TypedDict

from supple.simulation.analysis.analysis_result import Analysis


class StabilityJson(TypedDict):
    """Of one trajectory."""

    name: str
    stable: bool
    frame: int | None
    time_fs: float | None
    span_fs: float | None
    bond: str | None
    largest_deviation: float


class PairDistancesJson(TypedDict):
    """Against the reference."""

    difference: float | None


class DistributionJson(TypedDict):
    """Of one kind of bond or angle, or one torsion."""

    quantity: str
    label: str
    unit: str
    mean: float | None
    std: float | None
    reference_mean: float | None
    reference_std: float | None
    difference: float | None


class FreeEnergyJson(TypedDict):
    """Of one torsion."""

    torsion: str
    wells: list[float]
    crossings: int
    values_eV: list[float | None]


class TemperatureJson(TypedDict):
    """Of one kind of motion."""

    of: str
    kelvin: float
    error: float | None
    degrees_of_freedom: float


class DriftJson(TypedDict):
    """Of one trajectory."""

    name: str
    meV_per_atom_per_ps: float
    error: float | None
    fluctuation_meV: float


class SpectrumJson(TypedDict):
    """Of all trajectories."""

    peaks_per_cm: list[float]
    resolution_per_cm: float


class AnalysisJson(TypedDict):
    """The whole."""

    formula: str
    trajectories: list[str]
    reference: str | None
    n_frames: int
    stability: list[StabilityJson]
    pair_distances: PairDistancesJson
    distributions: list[DistributionJson]
    temperature_K: float | None
    free_energies: list[FreeEnergyJson]
    temperatures: list[TemperatureJson]
    equipartition: bool | None
    drifts: list[DriftJson]
    spectrum: SpectrumJson | None
    sentences: list[str]


def analysis_json(a: Analysis) -> AnalysisJson:
    """All numbers of an analysis; None in place of NaN."""
    return {
        "formula": a.formula,
        "trajectories": list(a.names),
        "reference": a.reference,
        "n_frames": a.n_frames,
        "stability": [
            {"name": s.name, "stable": s.frame is None, "frame": s.frame, "time_fs": s.time, "span_fs": s.span,
             "bond": s.bond, "largest_deviation": float(s.deviations.max())}
            for s in a.stabilities
        ],
        "pair_distances": {"difference": a.pair_error},
        "distributions": [
            {"quantity": d.quantity, "label": d.label, "unit": d.unit, "mean": d.mean, "std": d.std,
             "reference_mean": d.reference_mean, "reference_std": d.reference_std, "difference": d.difference}
            for d in a.distributions[1:]
        ],
        "temperature_K": a.temperature,
        "free_energies": [
            {"torsion": f.label, "wells": list(f.wells), "crossings": f.crossings,
             "values_eV": [_number(value) for value in f.at_wells(f.values)]}
            for f in a.free_energies
        ],
        "temperatures": [
            {"of": t.motion, "kelvin": t.kelvin, "error": _number(t.error), "degrees_of_freedom": t.degrees_of_freedom}
            for t in (a.equipartition.temperatures if a.equipartition else ())
        ],
        "equipartition": None if a.equipartition is None else not a.equipartition.violations,
        "drifts": [
            {"name": d.name, "meV_per_atom_per_ps": d.slope, "error": _number(d.error), "fluctuation_meV": d.fluctuation}
            for d in a.drifts
        ],
        "spectrum": None
        if a.spectrum is None
        else {"peaks_per_cm": a.spectrum.peaks, "resolution_per_cm": a.spectrum.resolution},
        "sentences": a.sentences(),
    }  # fmt: skip


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
