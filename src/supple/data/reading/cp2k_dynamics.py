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

from supple.data.reading.defects import DefectHandler
from supple.data.reading.element_symbols import read_elements
from supple.data.reading.frames import Frame, combine_frames
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.data.reading.text_numbers import parse_count, required_number
from supple.data.units import Units
from supple.errors import DataError

_ENERGY = re.compile(r"\bE\s*=\s*([^\s,]+)")
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
        SettingsError: names of quantities were given.
    """
    request.keys.require_none(path.name, "of dynamics of CP2K")
    files = position_and_force_files(path)
    if files is None:
        raise DataError(f"There is no file of positions, or none of forces, beside {path}.")
    # a run that was restarted from an earlier step has the steps since then twice, in both files
    forces = {block.key: block for block in _blocks(files[1], request.defects)}
    frames = (
        Frame(
            block.numbers,
            block.vectors,
            block.energy,
            _forces_of(block, index, forces.get(block.key), files, request),
            {"step": float(index if block.step is None else block.step)},
        )
        for index, block in enumerate(_blocks(files[0], request.defects))
    )
    return combine_frames(frames, path.name, request, convention=Units.of("hartree", "Å", "hartree/bohr"))


@dataclass(frozen=True, eq=False)
class _Block:
    """A frame of one of the files.

    Attributes:
        step: of the dynamics; None if the file does not state it.
        occurrence: how many frames of the same step come before it.
        energy: hartree; None if the file has none.
        numbers: atomic numbers, shape (N,).
        vectors: positions (Å) or forces (hartree/bohr), shape (N, 3).
    """

    step: int | None
    occurrence: int
    energy: float | None
    numbers: Int[np.ndarray, "N"]
    vectors: Float[np.ndarray, "N 3"]

    @property
    def key(self) -> tuple[int | None, int]:
        """By which the same frame is found in the other file."""
        return self.step, self.occurrence


def _forces_of(
    positions: _Block, index: int, forces: _Block | None, files: tuple[Path, Path], request: ReadRequest
) -> Float[np.ndarray, "N 3"] | None:
    """The forces of a step; why there are none, or why they belong to another geometry, is reported."""
    step = f"step {positions.step}" if positions.step is not None else "no step"
    if forces is None:
        problem = f"has frame {index} ({step}), which {files[1].name} does not have; print both at the same steps"
    elif not np.array_equal(forces.numbers, positions.numbers):
        problem = f"has other atoms in frame {index} ({step}) than {files[1].name}; copy both from one run"
    elif _differ(forces.energy, positions.energy):
        problem = f"has another energy in frame {index} ({step}) than {files[1].name}; copy both from one run"
    else:
        return forces.vectors
    if request.requires_labels:
        request.defects.report("missing-forces", DataError(f"{files[0].name} {problem}."), [index])
    return None


def _differ(one: float | None, other: float | None) -> bool:
    """Whether two energies are known, and not the same; NaN is the same as NaN."""
    return one is not None and other is not None and not np.array_equal(one, other, equal_nan=True)


def _blocks(path: Path, defects: DefectHandler) -> Iterator[_Block]:
    with open_binary(path) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    start, index = 0, 0
    occurrences: Counter[int | None] = Counter()
    while start < len(lines) and lines[start].strip():
        try:
            n_atoms = parse_count(lines[start].strip())
            rows = [line.split() for line in lines[start + 2 : start + 2 + (n_atoms or 0)]]
            if not n_atoms or len(rows) < n_atoms or any(len(row) < 4 for row in rows):
                raise ValueError("the line of an atom is incomplete")
            vectors = np.array([[required_number(x) for x in row[1:4]] for row in rows]).reshape(n_atoms, 3)
            stated, energy = _STEP.search(lines[start + 1]), _ENERGY.search(lines[start + 1])
            step = int(stated.group(1)) if stated else None
            energy_value = required_number(energy.group(1)) if energy else None
        except (ValueError, IndexError) as error:
            sentence = (
                f"{path.name}: the frame that starts in line {start + 1} is damaged ({error}); remove it, or copy the "
                "file again."
            )
            defects.report("cut-short", DataError(sentence), [index])
            return  # it is unclear where the next frame starts
        try:
            numbers = read_elements((row[0] for row in rows), path.name, f" in frame {index} (line {start + 1})")
        except DataError as error:
            defects.report("line-broken", error, [index])
            return
        yield _Block(step, occurrences[step], energy_value, numbers, vectors)
        occurrences[step] += 1
        start += 2 + n_atoms
        index += 1
