"""Extended xyz that states its units, and that Supple and ASE both read."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import ArrayLike

from supple.data.dataset import Dataset
from supple.data.units import INTERNAL, Units
from supple.data.writing.exact_numbers import in_unit
from supple.data.writing.file_format import FileFormat
from supple.data.writing.writable_extras import writable_extras
from supple.runtime.files import replacing

#: Names that mean something in extended xyz.
_RESERVED = {
    "Properties", "Lattice", "pbc", "species", "pos", "forces", "energy", "energy_unit", "length_unit", "forces_unit",
}  # fmt: skip


def write_extxyz(
    path: str | Path,
    data: Dataset | tuple[ArrayLike, ArrayLike, ArrayLike | None, ArrayLike | None],
    units: Units | str = INTERNAL,
) -> None:
    """Write an extended xyz file in one step; it is compressed if its name ends in .gz.

    Every number is written with as many digits as it takes to read the same number again. Frames of unknown energy get
    `energy=nan`; such a file is read with `keys="energy=energy"`. If all energies are unknown, or there are no forces,
    the file has none.

    Args:
        path: of the file to write or replace.
        data: a dataset; or numbers (N,), positions (M, N, 3) in Å, energies (M,) in eV or None, and forces (M, N, 3) in
            eV/Å or None.
        units: to write in; by default eV and Å, as is usual in such files.

    Raises:
        DataError: shapes do not match, or a position or label is not finite.
        UnitsError: a unit is unknown.
    """
    path, units = Path(path), Units.parse(units)
    dataset = data if isinstance(data, Dataset) else Dataset.of(*data, name=path.name)
    with replacing(path) as temporary, temporary.open("wb") as file:
        if path.suffix == ".gz":
            # without a name and a time inside, equal data give equal files
            with (
                gzip.GzipFile("", "wb", fileobj=file, mtime=0) as compressed,
                io.TextIOWrapper(compressed, encoding="utf-8", newline="\n") as text,
            ):
                text.writelines(frames_as_text(dataset, units))
        else:
            with io.TextIOWrapper(file, encoding="utf-8", newline="\n") as text:
                text.writelines(frames_as_text(dataset, units))


def write(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Write as `write_extxyz` does, and return the names of the extras that the format cannot store."""
    write_extxyz(path, dataset, units)
    more = writable_extras(dataset, _RESERVED)
    return more.left_out + [name for name, values in more.extras.items() if not _has_room(values, dataset.n_atoms)]


def frames_as_text(dataset: Dataset, units: Units = INTERNAL) -> Iterator[str]:
    """The text of the frames: for each first its count of atoms and its comment, then a line for each atom."""
    symbols = [chemical_symbols[z] for z in dataset.numbers]
    energies = in_unit(dataset.energies, units.energy_in_ev)
    more = writable_extras(dataset, _RESERVED)
    extras = {name: values for name, values in more.extras.items() if _has_room(values, dataset.n_atoms)}
    of_atoms = {name: values for name, values in extras.items() if _is_of_atoms(values, dataset.n_atoms)}
    of_frames = {name: values for name, values in extras.items() if name not in of_atoms}
    columns = "species:S:1:pos:R:3" + (":forces:R:3" if dataset.forces is not None else "")
    columns += "".join(f":{_bare(name)}:{_kind(v)}:{v[0, 0].size}" for name, v in of_atoms.items())
    stated = (
        f'energy_unit={units.energy} length_unit={_ascii(units.length)} forces_unit={_ascii(units.forces)} pbc="F F F"'
    )
    about = "".join(f" {_bare(name)}={_quoted(text)}" for name, text in more.about.items())
    for m in range(len(dataset)):
        label = f"energy={float(energies[m])!r} " if dataset.has_energies else ""
        values = "".join(f" {_bare(name)}={_quoted(_text(v[m]))}" for name, v in of_frames.items() if _text(v[m]))
        yield f"{len(symbols)}\nProperties={columns} {label}{stated}{about}{values}\n"
        rows = in_unit(dataset.positions[m], units.length_in_angstrom)
        if dataset.forces is not None:
            rows = np.hstack([rows, in_unit(dataset.forces[m], units.forces_in_ev_per_angstrom)])
        for i, (symbol, row) in enumerate(zip(symbols, rows.tolist(), strict=True)):
            values = "".join(f" {_text(v[m, i])}" for v in of_atoms.values())
            yield f"{symbol} {' '.join(map(repr, row))}{values}\n"


def _has_room(values: np.ndarray, n_atoms: int) -> bool:
    """Whether there is room: one value or several for each frame, or for each atom."""
    return values.ndim <= 2 or _is_of_atoms(values, n_atoms)


def _is_of_atoms(values: np.ndarray, n_atoms: int) -> bool:
    """Whether there is one value, or several, for each atom of each frame, and they fit into columns."""
    if values.ndim not in (2, 3) or values.shape[1] != n_atoms or values[0, 0].size == 0:
        return False
    return values.dtype.kind != "U" or not any(" " in text or not text for text in values.ravel().tolist())


def _kind(values: np.ndarray) -> str:
    return {"U": "S", "b": "L", "i": "I", "u": "I"}.get(values.dtype.kind, "R")


def _text(value: np.ndarray | np.generic) -> str:
    """One value or several, with as many digits as it takes; nothing for unknown numbers."""
    values = np.asarray(value).reshape(-1)
    if values.dtype.kind == "b":
        return " ".join("T" if v else "F" for v in values)
    if values.dtype.kind == "f":
        return " ".join(map(repr, values.tolist())) if not np.isnan(values).all() else ""
    return " ".join(map(str, values.tolist()))


def _bare(name: str) -> str:
    """A name that needs no quotes."""
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in name)


def _quoted(text: str) -> str:
    """A text, in quotes if it needs them."""
    plain = all(c.isalnum() or c in "_-+./:" for c in text) and text
    return text if plain else '"' + " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _ascii(unit: str) -> str:
    return unit.replace("Å", "Angstrom")


EXTXYZ = FileFormat(write, (".xyz", ".extxyz", ".xyz.gz", ".extxyz.gz"))
