"""Outputs of quantum-chemistry programs and files of ASE: whatever ASE reads with energies and forces, cclib the rest.

ASE reads ORCA, Gaussian, FHI-aims, VASP (OUTCAR, vasprun.xml), Quantum ESPRESSO, GPAW, NWChem, CASTEP and its own
trajectories, among others; cclib (the extra of that name) Psi4, Q-Chem, Turbomole and Molpro. The energy is the one that the
forces are the derivative of: where a program gives a free energy of smeared electrons beside another, it is that.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.reading import cp2k_output
from supple.data.reading.frames import Frame, raw_from_frames
from supple.data.reading.gaussian_orientation import oriented
from supple.data.reading.open_file import open_binary
from supple.data.reading.periodic_boxes import is_alone, whole
from supple.data.reading.programs import HEAD, Program, program_of
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.data.units import ENERGY, LENGTH, Units
from supple.errors import DataError

#: Of these suffixes ASE would take a file that has the words of no program for one of Quantum ESPRESSO, or of others.
_OF_ANYBODY = {".out", ".log", ".txt", ".dat"}
#: ORCA repeats the energy of the geometry that an optimisation ends with, without a gradient.
_REPEATED = b"FINAL ENERGY EVALUATION AT THE STATIONARY POINT"


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read all frames.

    Raises:
        DataError: nobody reads the file, or it has no frame with forces.
    """
    with open_binary(path) as file:
        content = file.read()
    program = program_of(content[:HEAD])
    if program is None:
        return raw_from_frames(_by_ase(path, None), path.name, request, convention=Units())
    if program.reader == "cclib":
        frames = _by_cclib(path, program, content)
    elif program.reader.startswith("ase:"):
        frames = _by_ase(path, program)
    else:
        frames = cp2k_output.frames(content, path.name)
    if _REPEATED in content and len(frames) > 1 and frames[-1].forces is None:
        frames.pop()
    if program.name == "Gaussian":
        frames = oriented(frames, content)
    failed = program.failed(content, len(frames))
    if failed is None:
        error = DataError(f"{path.name} says that a calculation did not converge: repeat it, or leave the file out.")
        request.defects.report("not-converged", error)
    for k in failed or []:
        frames[k] = replace(frames[k], trouble="not-converged")
    level = program.level(content[:HEAD])
    about = {"theory": level} if level else {}
    return raw_from_frames(frames, path.name, request, convention=Units(), about=about)


def _by_ase(path: Path, program: Program | None) -> list[Frame]:
    from ase.io import read as ase_read
    from ase.io.formats import UnknownFileTypeError, filetype

    options: dict[str, Any] = {"format": program.reader.removeprefix("ase:")} if program else {}
    if program and program.name == "FHI-aims":
        options["non_convergence_ok"] = True  # it is told of frame by frame
    try:
        with _quiet():
            if program is None and Path(path.name.removesuffix(".gz")).suffix.lower() in _OF_ANYBODY:
                options["format"] = filetype(str(path), guess=False)
                if options["format"] == "espresso-out":
                    raise UnknownFileTypeError
            found = ase_read(path, index=":", **options)
            return list(_frames(found if isinstance(found, list) else [found]))
    except UnknownFileTypeError as error:
        raise DataError(
            f"{path.name} is of no format that is known: extended xyz, npz, HDF5, databases of ASE, or an output that "
            "ASE or cclib reads."
        ) from error
    except Exception as error:  # parsers of many hands raise anything on a damaged file
        whose = f" as an output of {program.name}" if program else ""
        raise DataError(f"{path.name} cannot be read by ASE{whose} ({_first_line(error)}): is it complete?") from error


def _frames(found: list[Any]) -> Iterator[Frame]:
    for atoms in found:
        results = getattr(atoms.calc, "results", {}) if atoms.calc is not None else {}
        energy = results.get("free_energy", results.get("energy"))
        forces = results.get("forces")
        more: dict[str, Any] = {k: v for k, v in atoms.info.items() if isinstance(v, str | int | float)}
        if results.get("dipole") is not None:
            more["dipole"] = np.asarray(results["dipole"], dtype=np.float64)
        positions, trouble = np.asarray(atoms.positions), None
        if atoms.pbc.any():
            more["cell"] = np.asarray(atoms.cell).ravel()
            positions = whole(atoms)
            trouble = None if is_alone(atoms, positions) else "periodic"
        yield Frame(
            np.asarray(atoms.numbers, dtype=np.int64),
            positions,
            None if energy is None else float(energy),
            None if forces is None else np.asarray(forces, dtype=np.float64),
            more,
            trouble,
        )


def _by_cclib(path: Path, program: Program, content: bytes) -> list[Frame]:
    try:
        from cclib.io.ccio import ccread
        from cclib.parser.utils import convertor
    except ImportError as error:
        raise DataError(
            f"{path.name} is of {program.name}: reading it needs cclib: pip install 'supple[cclib]'."
        ) from error
    try:
        with _quiet(), tempfile.NamedTemporaryFile(suffix=".out") as unpacked:
            unpacked.write(content)
            unpacked.flush()
            data = ccread(unpacked.name, loglevel=logging.CRITICAL)
        numbers = np.asarray(data.atomnos, dtype=np.int64)
        positions = np.asarray(data.atomcoords, dtype=np.float64)
        gradients = np.asarray(getattr(data, "grads", []), dtype=np.float64)
        energies = _energies(data) * ENERGY["hartree"] / convertor(1.0, "hartree", "eV")  # theirs is an older one
        if {len(numbers)} | {len(table) for table in (*positions, *gradients)} != {len(numbers)}:
            raise ValueError("its tables are not of the same atoms")
    except Exception as error:
        raise DataError(
            f"{path.name} cannot be read as an output of {program.name} ({_first_line(error)}): is it complete?"
        ) from error
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


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what parsers warn and log of."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
