"""What a program wrote: energy and forces of the geometry that it was given, or why there are none, in a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed
from jaxtyping import Float

from supple.data.electronic_state import STATE, stated_number
from supple.data.reading import read
from supple.errors import SuppleError
from supple.methods.programs.run_program import ERRORS, PRINTED, Ended
from supple.methods.programs.template import ProgramTemplate
from supple.runtime.rounding import duration

#: The largest distance of an atom from where it was put, Å: programs print positions with at least five decimals, and differ in the bohr.
_TOLERANCE = 1e-4
#: Lines by which programs say why they stop, and the most that is repeated of one.
_TELLING = re.compile(r"error|fatal|abort|not converge|fail|cannot|unknown|invalid|not found", re.IGNORECASE)
_LONGEST = 160
#: The end of an output that is searched for such lines, in characters.
_END = 20_000


class Crash(CalculationFailed):
    """The program ended without saying why; to repeat the calculation may help."""


def read_results(
    template: ProgramTemplate, folder: Path, ended: Ended, atoms: Atoms, charge: int, multiplicity: int
) -> tuple[float, Float[np.ndarray, "N 3"]]:
    """Energy (eV) and forces (eV/Å, shape (N, 3)).

    Args:
        template: of the program.
        folder: in which it ran.
        ended: how it ended.
        atoms: that it was given.
        charge, multiplicity: that it was given.

    Raises:
        CalculationFailed: there are none, they are not those of a converged calculation, or of another geometry or state.
    """
    name = template.program
    if ended.timed_out:
        raise CalculationFailed(f"{name} took longer than its time limit of {duration(template.time_limit)}")
    output = _text(folder / template.output)
    everything = output + _text(folder / PRINTED) + _text(folder / ERRORS)
    for sign in template.failures:
        if match := re.search(sign.says, everything, re.MULTILINE):
            raise CalculationFailed(f"{name}: {' '.join(match.expand(sign.reason).split())[:_LONGEST]}")
    results = folder / (template.results or template.output)
    if ended.code < 0:
        raise Crash(f"{name} was killed (signal {-ended.code}), perhaps for lack of memory{_said(folder, output)}")
    if ended.code:
        raise Crash(f"{name} ended with exit code {ended.code}{_said(folder, output)}")
    if template.success is not None and not re.search(template.success, output, re.MULTILINE):
        raise Crash(f"{name} did not end as it does after a complete calculation{_said(folder, output)}")
    if not results.is_file():
        raise Crash(f"{name} wrote no {results.name}{_said(folder, output)}")
    return _labels(template, results, atoms, charge, multiplicity)


def _labels(
    template: ProgramTemplate, results: Path, atoms: Atoms, charge: int, multiplicity: int
) -> tuple[float, Float[np.ndarray, "N 3"]]:
    name = template.program
    try:
        data = read(results, template.units)
    except SuppleError as error:
        raise CalculationFailed(f"{name}: {error}") from error
    if len(data) != 1:
        raise CalculationFailed(f"{name}: {results.name} has {len(data)} geometries, where one was calculated")
    if not np.array_equal(data.numbers, atoms.numbers):
        raise CalculationFailed(
            f"{name}: {results.name} is of other atoms, or has them in another order, than the input"
        )
    shift = (data.positions[0] - atoms.positions).mean(axis=0)  # of no consequence to a molecule
    distances = np.linalg.norm(data.positions[0] - atoms.positions - shift, axis=1)
    if distances.max() > _TOLERANCE:
        raise CalculationFailed(
            f"{name}: {results.name} is of another geometry than the input (atom {distances.argmax() + 1} is {distances.max():.2g} Å "
            "away): the program must not turn the molecule"
        )
    for quantity, given in zip(STATE, (charge, multiplicity), strict=True):
        stated = stated_number(data, quantity)
        if stated is not None and np.isfinite(stated[0]) and stated[0] != given:
            raise CalculationFailed(f"{name}: {results.name} is of {quantity} {stated[0]:g}, not {given}")
    energy = float(data.energies[0])
    if data.forces is None or not np.isfinite(energy):
        raise CalculationFailed(f"{name}: {results.name} has no {'forces' if data.forces is None else 'energy'}")
    return energy, data.forces[0]


def _said(folder: Path, output: str) -> str:
    """The last line that says why, to be appended to a sentence."""
    for text in (_text(folder / ERRORS), output, _text(folder / PRINTED)):
        lines = [" ".join(line.split()) for line in text[-_END:].splitlines() if re.search(r"\w", line)]
        if found := next((line for line in reversed(lines) if _TELLING.search(line)), None):
            return f": {found[:_LONGEST]}"
    return ""


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
