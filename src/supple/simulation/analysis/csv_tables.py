"""The curves of an analysis as tidy CSV files, a line for each value."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from supple.runtime.files import write_text
from supple.simulation.analysis.analysis_result import Analysis

#: Quantity and file.
_DISTRIBUTIONS = {
    "pair distance": "pair-distances.csv",
    "bond": "bonds.csv",
    "angle": "angles.csv",
    "torsion": "torsions.csv",
}


def write_tables(analysis: Analysis, folder: Path) -> list[Path]:
    """Write all CSV files of an analysis into a folder; returns their paths."""
    files = []
    for name, headings, lines in _tables(analysis):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(headings)
        writer.writerows([_cell(value) for value in line] for line in lines)
        write_text(folder / name, text.getvalue())
        files.append(folder / name)
    return files


def _tables(analysis: Analysis) -> Iterator[tuple[str, list[str], Iterable[Iterable[Any]]]]:
    for quantity, name in _DISTRIBUTIONS.items():
        found = analysis.of(quantity)
        if not found:
            continue
        headings = ["of", f"value_{ {'Å': 'angstrom', '°': 'degrees'}[found[0].unit] }", "density", "reference_density"]
        yield (
            name,
            headings,
            [
                (d.label, value, p, None if d.reference is None else d.reference[k])
                for d in found
                for k, (value, p) in enumerate(zip(d.centres, d.density, strict=True))
            ],
        )
    if analysis.free_energies:
        yield (
            "free-energies.csv",
            ["torsion", "degrees", "free_energy_eV", "error_eV"],
            [
                (f.label, *line)
                for f in analysis.free_energies
                for line in zip(f.angles, f.values, f.errors, strict=True)
            ],
        )
    if analysis.spectrum is not None:
        s = analysis.spectrum
        densities = {"all": s.density} | s.by_element
        yield (
            "spectrum.csv",
            ["element", "wavenumber_per_cm", "density_cm"],
            [(name, *line) for name, values in densities.items() for line in zip(s.wavenumbers, values, strict=True)],
        )
    if analysis.equipartition is not None:
        yield (
            "temperatures.csv",
            ["of", "kelvin", "error", "degrees_of_freedom"],
            [(t.motion, t.kelvin, t.error, t.degrees_of_freedom) for t in analysis.equipartition.temperatures],
        )
    if analysis.drifts:
        yield (
            "energies.csv",
            ["trajectory", "time_fs", "conserved_meV_per_atom"],
            [(d.name, *line) for d in analysis.drifts for line in zip(d.times, d.energies, strict=True)],
        )
    yield (
        "stability.csv",
        ["trajectory", "frame", "time_fs", "largest_deviation_angstrom"],
        [
            (s.name, k, None if s.times is None else s.times[k], away)
            for s in analysis.stabilities
            for k, away in enumerate(s.deviations)
        ],
    )


def _cell(value: Any) -> Any:
    """Numbers with all their digits; an empty cell for what is not known."""
    if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return ""
    return repr(float(value)) if isinstance(value, float | np.floating) else value
