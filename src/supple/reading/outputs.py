"""Outputs of quantum-chemistry programs and files of ASE: whatever ASE reads with energies and forces, cclib the rest.

ASE reads ORCA, Gaussian, FHI-aims, VASP (OUTCAR, vasprun.xml), Quantum ESPRESSO, GPAW, NWChem, CASTEP and its own
trajectories, among others; cclib (the extra of that name) Psi4, Q-Chem, Turbomole and more. The energy is the one that the
forces are the derivative of: where a program gives a free energy of smeared electrons beside another, it is that.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from supple.errors import DataError
from supple.reading.frames import Frame, raw_from_frames
from supple.reading.opening import opened
from supple.reading.raw import Raw
from supple.reading.request import Request
from supple.units import ENERGY, LENGTH, Units

#: How much of a file is looked at to tell whose it is.
_HEAD = 200_000
#: Programs that ASE reads without forces, or not at all, and by which words they are known.
_FOR_CCLIB = {b"Psi4": "Psi4", b"Q-Chem": "Q-Chem", b"T U R B O M O L E": "Turbomole", b"Molpro": "Molpro"}
_NOT_CONVERGED = (
    b"SCF NOT CONVERGED", b"SCF has not converged", b"Could not converge SCF", b"Convergence failure",
    b"Self-consistency cycle did not converge", b"SCF run NOT converged",
)  # fmt: skip
#: Where programs repeat what they were asked for.
_THEORY = (
    re.compile(rb"^\|\s*\d+>\s*!\s*(.+?)\s*$", re.MULTILINE),  # ORCA
    re.compile(rb"^ #[pPnNtT]?\s+(\S.+?)\s*$", re.MULTILINE),  # Gaussian
    re.compile(rb"^\s*xc\s+(\S+)\s*$", re.MULTILINE),  # FHI-aims
)


def load(path: Path, request: Request) -> Raw:
    """Read all frames.

    Raises:
        DataError: nobody reads the file, or it has no frame with forces.
    """
    with opened(path) as file:
        content = file.read()
    head = content[:_HEAD]
    if any(words in content for words in _NOT_CONVERGED):
        error = DataError(f"{path.name} says that a calculation did not converge: repeat it, or leave the file out.")
        request.damage.found("not-converged", error)
    theory = next((found.group(1).decode("latin-1") for p in _THEORY if (found := p.search(head))), None)
    about = {"theory": theory} if theory else {}
    whose = next((program for words, program in _FOR_CCLIB.items() if words in head), None)
    frames = _by_cclib(path, whose) if whose else _by_ase(path)
    return raw_from_frames(frames, path.name, request, convention=Units(), about=about)


def _by_ase(path: Path) -> list[Frame]:
    from ase.io import read as ase_read
    from ase.io.formats import UnknownFileTypeError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ase_read(path, index=":")
            return list(_frames(found if isinstance(found, list) else [found]))
    except UnknownFileTypeError as error:
        raise DataError(
            f"{path.name} is of no format that is known: extended xyz, npz, HDF5, databases of ASE, or an output that "
            "ASE or cclib reads."
        ) from error
    except Exception as error:  # parsers of many hands raise anything on a damaged file
        raise DataError(f"{path.name} cannot be read by ASE ({_first_line(error)}): is it complete?") from error


def _frames(found: list[Any]) -> Iterator[Frame]:
    for atoms in found:
        results = getattr(atoms.calc, "results", {}) if atoms.calc is not None else {}
        energy = results.get("free_energy", results.get("energy"))
        forces = results.get("forces")
        more: dict[str, Any] = {k: v for k, v in atoms.info.items() if isinstance(v, str | int | float)}
        if atoms.pbc.any():
            more["cell"] = np.asarray(atoms.cell).ravel()
        yield Frame(
            np.asarray(atoms.numbers, dtype=np.int64),
            whole(atoms) if atoms.pbc.any() else np.asarray(atoms.positions),
            None if energy is None else float(energy),
            None if forces is None else np.asarray(forces, dtype=np.float64),
            more,
        )


def whole(atoms: Any) -> np.ndarray:
    """Positions of a molecule in a periodic box, Å, joined where the edge of the box cuts it."""
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    if len(atoms) < 2:
        return np.asarray(atoms.positions)
    tree = minimum_spanning_tree(atoms.get_all_distances(mic=True))
    order, parents = breadth_first_order(tree, 0, directed=False)
    positions = np.array(atoms.positions)
    for atom in order[1:]:
        parent = int(parents[atom])
        positions[atom] = positions[parent] + atoms.get_distance(parent, int(atom), mic=True, vector=True)
    return positions


def _by_cclib(path: Path, program: str) -> list[Frame]:
    try:
        from cclib.io.ccio import ccread
    except ImportError as error:
        raise DataError(f"{path.name} is of {program}: reading it needs cclib: pip install 'supple[cclib]'.") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = ccread(str(path))
        numbers = np.asarray(data.atomnos, dtype=np.int64)
        positions = np.asarray(data.atomcoords, dtype=np.float64)
        gradients = np.asarray(getattr(data, "grads", []), dtype=np.float64)
        energies = _energies(data)
    except Exception as error:
        raise DataError(f"{path.name} cannot be read as an output of {program} ({_first_line(error)}).") from error
    if len(gradients) != len(positions):  # which gradient is of which geometry cannot be told
        gradients = np.empty(0)
    per_bohr = ENERGY["hartree"] / LENGTH["bohr"]
    return [
        Frame(
            numbers,
            geometry,
            float(energies[k]) if len(energies) == len(positions) else None,
            -gradients[k] * per_bohr if len(gradients) else None,
        )
        for k, geometry in enumerate(positions)
    ]


def _energies(data: Any) -> np.ndarray:
    """The energies of the highest level there is, eV."""
    for name in ("ccenergies", "mpenergies", "scfenergies"):
        values = getattr(data, name, None)
        if values is not None and len(values):
            values = np.asarray(values, dtype=np.float64)
            return values[:, -1] if values.ndim == 2 else values
    return np.empty(0)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
