"""Atoms that a file of geometries fixes: ASE's constraints, in extended xyz the column `move_mask`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from supple.errors import DataError, SettingsError

if TYPE_CHECKING:
    from ase import Atoms

#: Files whose constraints ASE reads.
_XYZ, _OTHERS = (".xyz", ".extxyz"), (".traj", ".db", ".json")


def fixed_atoms(file: Path) -> dict[int, tuple[int, ...]]:
    """The fixed atoms of each frame that has some, counted from 0, by the number of the frame.

    Raises:
        SettingsError: a frame has a constraint other than fixed atoms.
        DataError: the constraints cannot be read.
    """
    if not _may_have_constraints(file):
        return {}
    from ase.io import iread

    fixed = {}
    try:
        for frame, atoms in enumerate(iread(file, index=":")):
            if atoms.constraints:
                fixed[frame] = _fixed_in(atoms, f"frame {frame} of {file}")
    except SettingsError:
        raise
    except Exception as error:  # ASE's readers raise anything
        raise DataError(f"The constraints of {file} cannot be read ({error}): {_without(file)}.") from error
    return fixed


def require_free(file: Path, what: str) -> None:
    """Refuse a file that fixes atoms.

    Args:
        file: of geometries.
        what: what moves all atoms, for the message.

    Raises:
        SettingsError: a frame has constraints.
        DataError: they cannot be read.
    """
    fixed = fixed_atoms(file)
    if fixed:
        raise SettingsError(f"{what} moves all atoms, but frame {min(fixed)} of {file} fixes some: {_without(file)}.")


def _fixed_in(atoms: Atoms, where: str) -> tuple[int, ...]:
    from ase.constraints import FixAtoms

    others = sorted({type(c).__name__ for c in atoms.constraints if not isinstance(c, FixAtoms)})
    if others:
        raise SettingsError(
            f"{where[0].upper()}{where[1:]} has a constraint that is not supported ({', '.join(others)}): only fixed atoms "
            "(ASE's FixAtoms) are."
        )
    return tuple(sorted({int(i) for c in atoms.constraints for i in c.index}))


def _may_have_constraints(file: Path) -> bool:
    name = file.name.lower().removesuffix(".gz")
    if name.endswith(_OTHERS):
        return True
    if not name.endswith(_XYZ):
        return False
    from ase.io.formats import open_with_compression

    try:
        with open_with_compression(str(file), "rb") as text:
            return any(b"move_mask" in line for line in text)
    except OSError:
        return False


def _without(file: Path) -> str:
    return f"to move all atoms, write them without constraints: supple convert {file} free.xyz"
