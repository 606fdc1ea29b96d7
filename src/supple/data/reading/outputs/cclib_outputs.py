"""Outputs that cclib reads: of Q-Chem and Molpro.

cclib gives lists of geometries, energies and gradients. They are paired by their order, where they are of one job and of
equal length, and where the output names the energy that the gradients are of.
"""

from __future__ import annotations

import logging
import re
import tempfile
from typing import Any

import numpy as np
from jaxtyping import Float

from supple.data.reading.frames import Frame
from supple.data.reading.outputs.programs import Program
from supple.data.reading.outputs.quiet_parsers import quiet
from supple.data.units import ENERGY, Units
from supple.errors import DataError, first_line
from supple.runtime.optional_dependencies import extra

#: For each program, what begins a job, and the titles of gradients, which name the energy.
_TITLES = {
    "Q-Chem": (
        re.compile(rb"Welcome to Q-Chem"),
        re.compile(rb"Gradient of (\S+) Energy|(Full Analytical Gradient)(?! of \S+ Energy)"),
    ),
    "Molpro": (re.compile(rb"PROGRAM SYSTEM MOLPRO"), re.compile(rb"^ *(\S+) GRADIENT FOR STATE", re.MULTILINE)),
}
_SCF = {"SCF", "RHF", "UHF", "HF", "RKS", "UKS", "KS", "DFT"}


def frames_by_cclib(name: str, program: Program, content: bytes) -> list[Frame]:
    """The frames of an output, in eV, Å and eV/Å.

    Args:
        name: of the file, for messages.
        program: that wrote it.
        content: of the file.

    Raises:
        DataError: cclib is not installed, or cannot read the output; or geometries, energies and gradients cannot be
            assigned to each other.
    """
    level = _level(name, program, content)
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
        energies = _energies(data, level) * ENERGY["hartree"] / convertor(1.0, "hartree", "eV")
        if {len(numbers)} | {len(table) for table in (*positions, *gradients)} != {len(numbers)}:
            raise ValueError("its tables are not of the same atoms")
    except Exception as error:  # cclib's parsers may raise anything on a damaged file
        raise DataError(
            f"{name} cannot be read as an output of {program.name} ({first_line(error)}): check that the file is complete."
        ) from error
    _require_pairs(name, program, len(positions), len(energies), len(gradients))
    force_unit = Units.of("hartree", "bohr").forces_in_ev_per_angstrom
    state = {"charge": getattr(data, "charge", None), "multiplicity": getattr(data, "mult", None)}
    theory = {"theory": _theory(data, level)} if level else {}
    extras = theory | {key: value for key, value in state.items() if isinstance(value, int)}
    return [
        Frame(
            numbers,
            geometry,
            float(energies[k]) if len(energies) == len(positions) else None,
            -gradients[k] * force_unit if len(gradients) else None,
            extras,
        )
        for k, geometry in enumerate(positions)
    ]


def _level(name: str, program: Program, content: bytes) -> str:
    """The level of theory that the titles of all gradients name, `SCF` or `MP2`; empty if there is no gradient.

    Raises:
        DataError: the output is of several jobs, or the titles name several levels, or another one.
    """
    job, title = _TITLES[program.name]
    if len(job.findall(content)) > 1:
        raise DataError(
            f"{name} is an output of {program.name} with several jobs, the results of which cannot be told apart: split it "
            "into one file for each job."
        )
    levels = {match.group(match.lastindex or 0).decode("latin-1") for match in title.finditer(content)}
    levels = {"SCF" if level in _SCF else level for level in levels}
    if len(levels) > 1 or levels - {"SCF", "MP2"}:
        raise DataError(
            f"{name} is an output of {program.name} with gradients of {' and '.join(sorted(levels))}, of which Supple "
            "cannot tell the energy: it reads those of HF, DFT or MP2, one level in a file."
        )
    return levels.pop() if levels else ""


def _energies(data: Any, level: str) -> Float[np.ndarray, "M"]:
    """The energies of the level of the gradients or, without gradients, of the highest level in the file; eV."""
    names = {"SCF": ("scfenergies",), "MP2": ("mpenergies",)}.get(level, ("ccenergies", "mpenergies", "scfenergies"))
    for name in names:
        values = getattr(data, name, None)
        if values is not None and len(values):
            values = np.asarray(values, dtype=np.float64)
            return values[:, 0] if values.ndim == 2 else values  # columns are the orders MP2, MP3 ...
    return np.empty(0)


def _require_pairs(name: str, program: Program, n_geometries: int, n_energies: int, n_gradients: int) -> None:
    """Refuse gradients that cannot be assigned to geometries and energies by their order.

    Raises:
        DataError: there are not as many of each.
    """
    if n_gradients and not n_gradients == n_energies == n_geometries:
        raise DataError(
            f"{name} is an output of {program.name} with {n_geometries} geometries, {n_energies} energies and "
            f"{n_gradients} gradients, so that it is unclear which belong together: calculate each geometry in a job of its "
            "own, in a file of its own."
        )


def _theory(data: Any, level: str) -> str:
    """For instance `MP2/cc-pVDZ`."""
    metadata = getattr(data, "metadata", {})
    functional, basis = metadata.get("functional"), metadata.get("basis_set")
    method = functional if functional and level == "SCF" else level
    return f"{method}/{basis}" if basis else str(method)
