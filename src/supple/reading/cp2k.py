"""Dynamics of CP2K: positions with energies in NAME-pos-1.xyz, forces in NAME-frc-1.xyz beside it.

Positions are in Å, energies in hartree, forces in hartree/bohr.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from supple.errors import DataError
from supple.reading.elements import atomic_number
from supple.reading.frames import Frame, raw_from_frames
from supple.reading.opening import opened
from supple.reading.raw import Raw
from supple.reading.request import Request
from supple.units import Units

_ENERGY = re.compile(r"\bE\s*=\s*([-+0-9.eEdD]+)")
_STEP = re.compile(r"\bi\s*=\s*(\d+)")


def forces_beside(path: Path) -> Path | None:
    """The file of forces that belongs to a file of positions, by its name; None where there is none."""
    other = path.with_name(path.name.replace("-pos-", "-frc-"))
    return other if "-pos-" in path.name and other.exists() else None


def load(path: Path, request: Request) -> Raw:
    """Read both files; frames that one of them lacks are left out, and told of.

    Raises:
        DataError: a file is damaged, or no frame has forces.
    """
    beside = forces_beside(path)
    assert beside is not None
    forces = {step: vectors for step, _, _, vectors in _blocks(beside)}
    frames = (
        Frame(numbers, positions, energy, forces.get(step), {"step": float(step)})
        for step, energy, numbers, positions in _blocks(path)
    )
    return raw_from_frames(frames, path.name, request, convention=Units.of("hartree", "Å", "hartree/bohr"))


def _blocks(path: Path) -> Iterator[tuple[int, float | None, np.ndarray, np.ndarray]]:
    """Step, energy, atomic numbers and vectors of each frame."""
    with opened(path) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    at = 0
    count = 0
    while at < len(lines) and lines[at].strip():
        try:
            n_atoms = int(lines[at])
            words = [line.split() for line in lines[at + 2 : at + 2 + n_atoms]]
            numbers = np.array([atomic_number(word[0]) or 0 for word in words], dtype=np.int64)
            vectors = np.array([[float(value) for value in word[1:4]] for word in words])
            if vectors.shape != (n_atoms, 3) or not numbers.all():
                raise ValueError("a line of an atom is not whole")
            step, energy = _STEP.search(lines[at + 1]), _ENERGY.search(lines[at + 1])
            yield (
                int(step.group(1)) if step else count,
                float(energy.group(1).replace("D", "E").replace("d", "e")) if energy else None,
                numbers,
                vectors,
            )
        except (ValueError, IndexError) as error:
            raise DataError(
                f"{path.name}: the frame from line {at + 1} is damaged ({error}); copy the file again."
            ) from error
        at += 2 + n_atoms
        count += 1
