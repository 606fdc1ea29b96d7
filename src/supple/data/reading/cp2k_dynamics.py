"""Dynamics of CP2K: positions with energies in NAME-pos-1.xyz, forces in NAME-frc-1.xyz beside it.

Positions are in Å, energies in hartree, forces in hartree/bohr.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from supple.data.elements import atomic_number
from supple.data.reading.defects import DefectHandler
from supple.data.reading.frames import Frame, raw_from_frames
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError

_ENERGY = re.compile(r"\bE\s*=\s*([-+0-9.eEdD]+)")
_STEP = re.compile(r"\bi\s*=\s*(\d+)")


def pair(path: Path) -> tuple[Path, Path] | None:
    """The files of positions and of forces that a file is one of, by their names; None where one is missing."""
    positions = path.with_name(path.name.replace("-frc-", "-pos-"))
    forces = path.with_name(path.name.replace("-pos-", "-frc-"))
    return (positions, forces) if positions != forces and positions.exists() and forces.exists() else None


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read both files; frames that have no forces are left out, and told of.

    Raises:
        DataError: a file is damaged, or no frame has forces.
    """
    both = pair(path)
    if both is None:
        raise DataError(f"There is no file of positions, or none of forces, beside {path}.")
    # a run that was started again from an earlier step has the steps since then twice, in both files
    forces = {step: (numbers, vectors) for step, _, numbers, vectors in _blocks(both[1], request.defects)}
    frames = (
        Frame(numbers, positions, energy, _of_the_same(forces.get(step), numbers), {"step": float(step[0])})
        for step, energy, numbers, positions in _blocks(both[0], request.defects)
    )
    return raw_from_frames(frames, path.name, request, convention=Units.of("hartree", "Å", "hartree/bohr"))


def _of_the_same(found: tuple[np.ndarray, np.ndarray] | None, numbers: np.ndarray) -> np.ndarray | None:
    """The forces of a step, if they are of the same atoms."""
    return found[1] if found is not None and np.array_equal(found[0], numbers) else None


def _blocks(
    path: Path, defects: DefectHandler
) -> Iterator[tuple[tuple[int, int], float | None, np.ndarray, np.ndarray]]:
    """Step and how often it was there before, energy, atomic numbers and vectors of each frame."""
    with open_binary(path) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    at, count = 0, 0
    seen: Counter[int] = Counter()
    while at < len(lines) and lines[at].strip():
        try:
            n_atoms = int(lines[at])
            words = [line.split() for line in lines[at + 2 : at + 2 + n_atoms]]
            numbers = np.array([atomic_number(word[0]) or 0 for word in words], dtype=np.int64)
            vectors = np.array([[float(value) for value in word[1:4]] for word in words])
            if vectors.shape != (n_atoms, 3) or not numbers.all():
                raise ValueError("a line of an atom is not whole")
            named, energy = _STEP.search(lines[at + 1]), _ENERGY.search(lines[at + 1])
            step = int(named.group(1)) if named else count
            yield (
                (step, seen[step]),
                float(energy.group(1).replace("D", "E").replace("d", "e")) if energy else None,
                numbers,
                vectors,
            )
        except (ValueError, IndexError) as error:
            sentence = (
                f"{path.name}: the frame from line {at + 1} is damaged ({error}); remove it, or copy the file again."
            )
            defects.report("cut-short", DataError(sentence), [count])
            return  # where the next one begins is not known
        at += 2 + n_atoms
        count += 1
        seen[step] += 1
