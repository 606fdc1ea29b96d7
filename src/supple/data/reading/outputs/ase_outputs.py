"""Files that ASE reads: outputs of FHI-aims, VASP, Quantum ESPRESSO, GPAW ..., and its own .traj."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from supple.data.reading.frames import Frame, frame_of_atoms
from supple.data.reading.outputs.programs import Program
from supple.data.reading.outputs.quiet_parsers import first_line, quiet
from supple.errors import DataError

#: Files with these suffixes, and no signature of a program, ASE would take for outputs of Quantum ESPRESSO or others.
_GENERIC_SUFFIXES = {".out", ".log", ".txt", ".dat"}


def frames_by_ase(path: Path, program: Program | None) -> list[Frame]:
    """The frames of a file, in eV and Å.

    Args:
        path: of the file.
        program: that wrote it; if None, ASE determines the format.

    Raises:
        DataError: the format is unknown to ASE, or ASE cannot read the file.
    """
    from ase.io import read as ase_read
    from ase.io.formats import UnknownFileTypeError, filetype

    options: dict[str, Any] = {}
    if program is not None:
        options = {"format": program.reader.removeprefix("ase:"), **program.options}
    try:
        with quiet():
            if program is None and Path(path.name.removesuffix(".gz")).suffix.lower() in _GENERIC_SUFFIXES:
                options["format"] = filetype(str(path), guess=False)
                if options["format"] == "espresso-out":
                    raise UnknownFileTypeError
            images = ase_read(path, index=":", **options)
            return [_frame(atoms) for atoms in (images if isinstance(images, list) else [images])]
    except UnknownFileTypeError as error:
        if path.suffix == ".safetensors":
            raise DataError(f"{path.name} is a force field, not a dataset: give the file of geometries.") from error
        raise DataError(
            f"{path.name} has an unknown format: Supple reads extended xyz, npz, HDF5, ASE databases, and outputs "
            "of quantum-chemistry programs (docs/files.md)."
        ) from error
    except Exception as error:  # ASE's parsers may raise anything on a damaged file
        what = f" as an output of {program.name}" if program else ""
        raise DataError(
            f"{path.name} cannot be read by ASE{what} ({first_line(error)}): check that the file is complete."
        ) from error


def _frame(atoms: Any) -> Frame:
    results = getattr(atoms.calc, "results", {}) if atoms.calc is not None else {}
    extras: dict[str, Any] = {k: v for k, v in atoms.info.items() if isinstance(v, str | int | float)}
    if results.get("dipole") is not None:
        extras["dipole"] = np.asarray(results["dipole"], dtype=np.float64)
    return frame_of_atoms(atoms, results.get("free_energy", results.get("energy")), results.get("forces"), extras)
