"""Dynamics of CP2K: positions and energies in NAME-pos-1.xyz, forces in NAME-frc-1.xyz beside it.

Positions are in Å, energies in hartree, forces in hartree/bohr.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from supple.data.elements import atomic_number
from supple.data.reading.defects import DefectHandler
from supple.data.reading.frames import Frame, combine_frames
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError

_ENERGY = re.compile(r"\bE\s*=\s*([-+0-9.eEdD]+)")
_STEP = re.compile(r"\bi\s*=\s*(\d+)")


def position_and_force_files(path: Path) -> tuple[Path, Path] | None:
    """The files of positions and of forces, one of which this is by its name; None if either is missing."""
    positions = path.with_name(path.name.replace("-frc-", "-pos-"))
    forces = path.with_name(path.name.replace("-pos-", "-frc-"))
    return (positions, forces) if positions != forces and positions.exists() and forces.exists() else None


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read both files.

    Raises:
        DataError: a file is damaged, or no frame has forces.
    """
    files = position_and_force_files(path)
    if files is None:
        raise DataError(f"There is no file of positions, or none of forces, beside {path}.")
    # a run that was restarted from an earlier step has the steps since then twice, in both files
    forces = {(block.step, block.occurrence): block for block in _blocks(files[1], request.defects)}
    frames = (
        Frame(
            block.numbers,
            block.vectors,
            block.energy,
            _forces_of(block, forces.get((block.step, block.occurrence))),
            {"step": float(block.step)},
        )
        for block in _blocks(files[0], request.defects)
    )
    return combine_frames(frames, path.name, request, convention=Units.of("hartree", "Å", "hartree/bohr"))


@dataclass(frozen=True, eq=False)
class _Block:
    """A frame of one of the files.

    Attributes:
        step: of the dynamics.
        occurrence: how many frames of the same step come before it.
        energy: hartree; None if the file has none.
        numbers: atomic numbers, shape (N,).
        vectors: positions (Å) or forces (hartree/bohr), shape (N, 3).
    """

    step: int
    occurrence: int
    energy: float | None
    numbers: Int[np.ndarray, "N"]
    vectors: Float[np.ndarray, "N 3"]


def _forces_of(positions: _Block, forces: _Block | None) -> Float[np.ndarray, "N 3"] | None:
    """The forces of a step, if they are of the same atoms and, where both files state it, of the same energy."""
    same = (
        forces is not None
        and np.array_equal(forces.numbers, positions.numbers)
        and (None in (forces.energy, positions.energy) or forces.energy == positions.energy)
    )
    return forces.vectors if forces is not None and same else None


def _blocks(path: Path, defects: DefectHandler) -> Iterator[_Block]:
    with open_binary(path) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    start, index = 0, 0
    occurrences: Counter[int] = Counter()
    while start < len(lines) and lines[start].strip():
        try:
            n_atoms = int(lines[start])
            rows = [line.split() for line in lines[start + 2 : start + 2 + n_atoms]]
            numbers = np.array([atomic_number(row[0]) or 0 for row in rows], dtype=np.int64)
            if len(rows) < n_atoms or any(len(row) < 4 for row in rows) or not numbers.all():
                raise ValueError("the line of an atom is incomplete")
            vectors = np.array([[float(x) for x in row[1:4]] for row in rows]).reshape(n_atoms, 3)
            stated, energy = _STEP.search(lines[start + 1]), _ENERGY.search(lines[start + 1])
            step = int(stated.group(1)) if stated else index
            block = _Block(
                step=step,
                occurrence=occurrences[step],
                energy=float(energy.group(1).replace("D", "E").replace("d", "e")) if energy else None,
                numbers=numbers,
                vectors=vectors,
            )
        except (ValueError, IndexError) as error:
            sentence = (
                f"{path.name}: the frame that starts in line {start + 1} is damaged ({error}); remove it, or copy the "
                "file again."
            )
            defects.report("cut-short", DataError(sentence), [index])
            return  # it is unclear where the next frame starts
        yield block
        occurrences[block.step] += 1
        start += 2 + n_atoms
        index += 1
