"""Files of a comparison with a reference method: its geometries, and figures of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from supple.data.dataset import Dataset
from supple.data.writing import write_extxyz
from supple.simulation.relaxation.frequency_figure import save_frequency_figure
from supple.simulation.relaxation.minima_comparison import ConformerComparison
from supple.simulation.relaxation.output_files import beside


def reference_files(out: Path, *, frequencies: bool = False) -> list[Path]:
    """All files that a comparison writes beside the geometries."""
    return [reference_file(out), *(frequency_files(out) if frequencies else [])]


def reference_file(out: Path) -> Path:
    """The geometries of the reference."""
    return beside(out, "-reference.xyz")


def frequency_files(out: Path) -> list[Path]:
    """The figures of frequencies, PNG and PDF."""
    return [beside(out, "-frequencies.png"), beside(out, "-frequencies.pdf")]


def write_reference_frames(
    out: Path,
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "M N 3"],
    energies: Float[np.ndarray, "M"],
    forces: Float[np.ndarray, "M N 3"],
    theory: str,
    extras: Mapping[str, np.ndarray],
) -> Path:
    """Write the reference's geometries (Å) beside those of the force field, with its energies (eV) and forces (eV/Å)."""
    file = reference_file(out)
    about = {"theory": theory}
    write_extxyz(
        file, Dataset.of(numbers, positions, energies, forces, name=file.name, extras=dict(extras), about=about)
    )
    return file


def write_frequencies(out: Path, compared: Sequence[ConformerComparison], theory: str) -> list[Path]:
    """Draw the frequencies of the conformers that have them, as PNG and PDF; nothing where none has."""
    known = [one for one in compared if one.wavenumber_differences is not None]
    files = frequency_files(out) if known else []
    for file in files:
        save_frequency_figure(known, theory, file)
    return files
