"""Writing frames as extended xyz that states its units, and that Supple and ASE both read."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import ArrayLike

from supple.dataset import Dataset
from supple.files import replacing
from supple.units import INTERNAL, Units


def write_extxyz(
    path: str | Path,
    data: Dataset | tuple[ArrayLike, ArrayLike, ArrayLike | None, ArrayLike | None],
    units: Units | str = INTERNAL,
) -> None:
    """Write an extended xyz file in one step; compressed when its name ends in .gz.

    Every number is written with as many digits as it takes to read the same number again. Frames whose energy is not
    known get `energy=nan`; such a file is read with `keys="energy=energy"`. Without any energy, or without forces,
    the file has none.

    Args:
        path: of the file to write or replace.
        data: a dataset, or numbers (N,), positions (M, N, 3) in Å, energies (M,) in eV and forces (M, N, 3) in eV/Å,
            the last two possibly None.
        units: to write in; eV and Å, the custom for such files, unless others are asked for.

    Raises:
        DataError: shapes do not fit together, or a position or label is not finite.
        UnitsError: the units are not known.
    """
    path, units = Path(path), Units.parse(units)
    dataset = data if isinstance(data, Dataset) else Dataset.of(*data, name=path.name)
    with replacing(path) as temporary, temporary.open("wb") as file:
        if path.suffix == ".gz":
            # without name and time inside, equal data give equal files
            with (
                gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
                io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as text,
            ):
                text.writelines(_frames(dataset, units))
        else:
            with io.TextIOWrapper(file, encoding="utf-8", newline="\n") as text:
                text.writelines(_frames(dataset, units))


def _frames(dataset: Dataset, units: Units) -> Iterator[str]:
    symbols = [chemical_symbols[z] for z in dataset.numbers]
    has_forces = dataset.forces is not None
    length, energy = units.length_in_angstrom, units.energy_in_ev
    columns = "species:S:1:pos:R:3" + (":forces:R:3" if has_forces else "")
    stated = (
        f'energy_unit={units.energy} length_unit={_ascii(units.length)} forces_unit={_ascii(units.forces)} pbc="F F F"'
    )
    for m in range(len(dataset)):
        label = f"energy={float(dataset.energies[m] / energy)!r} " if dataset.has_energies else ""
        yield f"{len(symbols)}\nProperties={columns} {label}{stated}\n"
        rows = dataset.positions[m] / length
        if dataset.forces is not None:
            rows = np.hstack([rows, dataset.forces[m] / units.forces_in_ev_per_angstrom])
        for symbol, row in zip(symbols, rows.tolist(), strict=True):
            yield f"{symbol} {' '.join(map(repr, row))}\n"


def _ascii(unit: str) -> str:
    return unit.replace("Å", "Angstrom")
