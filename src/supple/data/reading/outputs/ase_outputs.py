"""Files that ASE reads: outputs of FHI-aims, VASP, Quantum ESPRESSO, GPAW ..., and its own .traj."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.reading.frames import Frame, frame_of_atoms
from supple.data.reading.labels.label_candidates import UnclearLabelsError
from supple.data.reading.outputs.programs import Program
from supple.data.reading.outputs.quiet_parsers import quiet
from supple.errors import DataError, first_line

#: Files with these suffixes, and no signature of a program, ASE would take for outputs of Quantum ESPRESSO or others.
_GENERIC_SUFFIXES = {".out", ".log", ".txt", ".dat"}


def frames_by_ase(path: Path, program: Program | None) -> list[Frame]:
    """The frames of a file, in eV and Å.

    Args:
        path: of the file.
        program: that wrote it; if None, ASE determines the format.

    Raises:
        DataError: the format is unknown to ASE, ASE cannot read the file, or its frames have different kinds of energies.
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
            images = images if isinstance(images, list) else [images]
            kind = _kind_of_energy([_results(atoms) for atoms in images], path.name)
            return [_frame(atoms, kind) for atoms in images]
    except UnclearLabelsError:
        raise
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


def _results(atoms: Any) -> Mapping[str, Any]:
    return getattr(atoms.calc, "results", {}) if atoms.calc is not None else {}


def _kind_of_energy(results: Iterable[Mapping[str, Any]], file: str) -> str:
    """The name of the energy to read: the free energy, unless frames without it have an energy and none differs from its own.

    Raises:
        UnclearLabelsError: some frames have a free energy that differs from their energy, others only an energy.
    """
    only_energy: int | None = None
    differs: int | None = None
    for m, found in enumerate(results):
        free, energy = found.get("free_energy"), found.get("energy")
        if free is None and energy is not None:
            only_energy = m if only_energy is None else only_energy
        elif free is not None and free != energy:
            differs = m if differs is None else differs
    if only_energy is None:
        return "free_energy"
    if differs is None:
        return "energy"
    raise UnclearLabelsError(
        f"{file}: frame {differs} has a free energy, of which forces are the derivative, and frame {only_energy} only an "
        "energy, which is another quantity: remove the frames of one kind, or calculate them with the same settings."
    )


def _frame(atoms: Any, kind: str) -> Frame:
    results = _results(atoms)
    extras: dict[str, Any] = {k: v for k, v in atoms.info.items() if isinstance(v, str | int | float)}
    if results.get("dipole") is not None:
        extras["dipole"] = np.asarray(results["dipole"], dtype=np.float64)
    return frame_of_atoms(atoms, results.get(kind), results.get("forces"), extras)
