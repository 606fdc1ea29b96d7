"""Output files of `relax`, `scan` and `path`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.writing import write_extxyz
from supple.errors import SettingsError
from supple.geometry.profile import Profile
from supple.geometry.profile_figure import save_profile_figure
from supple.models.potential import Potential


def output_for(file: Path, suffix: str, out: Path | None) -> Path:
    """The file to write: `out`, or FILE-SUFFIX.xyz.

    Raises:
        SettingsError: `out` does not end as extended xyz does.
    """
    out = out or Path(beside(file, f"-{suffix}.xyz").name)
    if not out.name.removesuffix(".gz").endswith((".xyz", ".extxyz")):
        raise SettingsError(f"Geometries are written as extended xyz: {out} must end in .xyz or .xyz.gz.")
    return out


def write_frames(
    out: Path,
    potential: Potential,
    positions: Float[np.ndarray, "M N 3"],
    energies: Float[np.ndarray, "M"],
    forces: Float[np.ndarray, "M N 3"],
    extras: Mapping[str, np.ndarray],
) -> None:
    """Write geometries in Å with forces in eV/Å, and energies in eV where the force field was trained on energies."""
    labels = energies if potential.provenance.has_energies else None
    write_extxyz(out, Dataset.of(potential.numbers, positions, labels, forces, name=out.name, extras=dict(extras)))


def beside(out: Path, ending: str) -> Path:
    """A file beside the geometries: OUT.xyz and `-reference.xyz` give OUT-reference.xyz."""
    return out.with_name(out.name.removesuffix(".gz").rsplit(".", 1)[0] + ending)


def profile_files(out: Path) -> list[Path]:
    """The figures of a profile, PNG and PDF, beside its geometries."""
    return [beside(out, ".png"), beside(out, ".pdf")]


def write_profile(out: Path, profile: Profile, name: str = "", reference: Profile | None = None) -> list[Path]:
    """Draw a profile beside its geometries, as PNG and PDF, with that of a reference of this name."""
    files = profile_files(out)
    for file in files:
        save_profile_figure(profile, file, name, reference)
    return files


def one_frame(geometries: Dataset, frame: int) -> Dataset:
    """One frame of a file.

    Raises:
        SettingsError: there is no such frame.
    """
    if not 0 <= frame < len(geometries):
        raise SettingsError(
            f"{geometries.source.name} has no frame {frame}: its frames are numbered from 0 to {len(geometries) - 1}."
        )
    return geometries.select([frame])
