"""Outputs that cclib reads: of Psi4, Q-Chem, Turbomole and Molpro."""

from __future__ import annotations

import logging
import tempfile
from typing import Any

import numpy as np
from jaxtyping import Float

from supple.data.reading.frames import Frame
from supple.data.reading.programs import Program
from supple.data.reading.quiet_parsers import first_line, quiet
from supple.data.units import ENERGY, Units
from supple.errors import DataError
from supple.runtime.optional_dependencies import extra


def frames_by_cclib(name: str, program: Program, content: bytes) -> list[Frame]:
    """The frames of an output, in eV, Å and eV/Å.

    Args:
        name: of the file, for messages.
        program: that wrote it.
        content: of the file.

    Raises:
        DataError: cclib is not installed, or cannot read the output.
    """
    with extra("cclib", "cclib", f"Reading {name}, an output of {program.name},", DataError):
        from cclib.io.ccio import ccread
        from cclib.parser.utils import convertor
    try:
        with quiet(), tempfile.NamedTemporaryFile(suffix=".out") as copy:
            copy.write(content)
            copy.flush()
            data = ccread(copy.name, loglevel=logging.CRITICAL)
        numbers = np.asarray(data.atomnos, dtype=np.int64)
        positions = np.asarray(data.atomcoords, dtype=np.float64)
        gradients = np.asarray(getattr(data, "grads", []), dtype=np.float64)
        # cclib converts with an older value of the hartree
        energies = _energies(data) * ENERGY["hartree"] / convertor(1.0, "hartree", "eV")
        if {len(numbers)} | {len(table) for table in (*positions, *gradients)} != {len(numbers)}:
            raise ValueError("its tables are not of the same atoms")
    except Exception as error:  # cclib's parsers may raise anything on a damaged file
        raise DataError(
            f"{name} cannot be read as an output of {program.name} ({first_line(error)}): check that the file is complete."
        ) from error
    if len(gradients) != len(positions):  # it is unclear which gradient belongs to which geometry
        gradients = np.empty(0)
    force_unit = Units.of("hartree", "bohr").forces_in_ev_per_angstrom
    return [
        Frame(
            numbers,
            geometry,
            float(energies[k]) if len(energies) == len(positions) else None,
            -gradients[k] * force_unit if len(gradients) else None,
        )
        for k, geometry in enumerate(positions)
    ]


def _energies(data: Any) -> Float[np.ndarray, "M"]:
    """The energies of the highest level of theory in the file, eV."""
    for name in ("ccenergies", "mpenergies", "scfenergies"):
        values = getattr(data, name, None)
        if values is not None and len(values):
            values = np.asarray(values, dtype=np.float64)
            return values[:, -1] if values.ndim == 2 else values
    return np.empty(0)
