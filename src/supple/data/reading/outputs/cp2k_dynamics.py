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
    cut_off: list[Path] = []
    positions, forces = (list(_blocks(file, request.defects, cut_off)) for file in files)
    unclear = (
        _before_gaps(positions)
        | _before_gaps(forces)
        | (set() if files[0] in cut_off else _last_before_others(positions, forces))
        | (set() if files[1] in cut_off else _last_before_others(forces, positions))
        | _in_other_order(positions, forces)
    )
    partners = {block.key: block for block in forces}
    frames = (
        Frame(
            block.numbers,
            block.vectors,
            block.energy,
            _forces_of(block, index, partners.get(block.key), block.step in unclear, files, request),
            {"step": float(index if block.step is None else block.step)},
        )
        for index, block in enumerate(positions)
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


def _in_other_order(positions: list[_Block], forces: list[_Block]) -> set[int | None]:
    """Steps from the one on where the files, of the steps that both have, do not go on with the same one."""
    of_positions, of_forces = [block.step for block in positions], [block.step for block in forces]
    common = set(of_positions) & set(of_forces)
    steps = [-1 if step is None else step for step in of_positions if step in common]
    others = [-1 if step is None else step for step in of_forces if step in common]
    same = next(
        (k for k, (one, other) in enumerate(zip(steps, others, strict=False)) if one != other),
        min(len(steps), len(others)),
    )
    first = min([*steps[same:], *others[same:]], default=None)
    return set() if first is None else {step for step in common if (-1 if step is None else step) >= first}


def _before_gaps(blocks: list[_Block]) -> set[int | None]:
    """Steps after which others are missing: where the end of one frame is missing too, it has the end of a later one."""
    steps = np.array([-1 if block.step is None else block.step for block in blocks])
    strides = np.diff(steps, prepend=steps[:1], append=steps[-1:])
    before, gap, after = strides[:-2], strides[1:-1], strides[2:]
    # a run that goes on with another interval has no smaller one after it
    found = (gap > 0) & (
        ((before > 0) & (gap > before) & (after <= before)) | ((after > 0) & (gap > after) & (before <= 0))
    )
    return {int(step) for step in steps[:-1][found]}


def _last_before_others(blocks: list[_Block], others: list[_Block]) -> set[int | None]:
    """The last step of a file that ends before the other one does: as before a gap."""
    steps, others_steps = ([block.step for block in these if block.step is not None] for these in (blocks, others))
    if not steps or not others_steps:
        return set()
    strides = np.diff(steps) if len(steps) > 1 else np.diff(others_steps)
    stride = min(strides[strides > 0], default=1)
    return {steps[-1]} if others_steps[-1] >= steps[-1] + stride else set()


def _forces_of(
    positions: _Block, index: int, forces: _Block | None, unclear: bool, files: tuple[Path, Path], request: ReadRequest
) -> Float[np.ndarray, "N 3"] | None:
    """The forces of a step; why there are none, or why they belong to another geometry, is reported."""
    step = f"step {positions.step}" if positions.step is not None else "no step"
    if forces is None:
        problem = f"has frame {index} ({step}), which {files[1].name} does not have; print both at the same steps"
    elif unclear:
        problem = (
            f"or {files[1].name} beside it, has frame {index} ({step}) more than once or out of order, or lacks the steps "
            "after it: the file is damaged; copy both again"
        )
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


def _blocks(path: Path, defects: DefectHandler, cut_off: list[Path]) -> Iterator[_Block]:
    """The frames of a file, which joins `cut_off` if it ends within one.

    Raises:
        DataError: it is damaged elsewhere.
    """
    with open_binary(path) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    start, index = 0, 0
    occurrences: Counter[int | None] = Counter()
    while lines and not lines[-1].strip():
        lines.pop()
    while start < len(lines):
        n_atoms = parse_count(lines[start].strip())
        try:
            rows = [line.split() for line in lines[start + 2 : start + 2 + (n_atoms or 0)]]
            if not n_atoms or len(rows) < n_atoms or any(len(row) != 4 for row in rows):
                raise ValueError("the line of an atom is incomplete")
            # a row too many would push the last one out of the frame
            end = start + 2 + n_atoms
            if end < len(lines) and parse_count(lines[end].strip()) is None:
                raise ValueError("it does not end where it should")
            vectors = np.array([[required_number(x) for x in row[1:4]] for row in rows]).reshape(n_atoms, 3)
            stated, energy = _STEP.search(lines[start + 1]), _ENERGY.search(lines[start + 1])
            step = int(stated.group(1)) if stated else None
            energy_value = required_number(energy.group(1)) if energy else None
        except (ValueError, IndexError) as error:
            problem = DataError(
                f"{path.name}: the frame that starts in line {start + 1} is damaged ({error}); remove it, or copy the "
                "file again."
            )
            stated = _STEP.search(lines[start + 1]) if start + 1 < len(lines) else None
            cut_short = start + 1 >= len(lines) or start + 2 + (n_atoms or 0) >= len(lines)
            if not cut_short or (stated and int(stated.group(1)) in occurrences):
                raise problem from error  # not cut off, but mixed up, and the frames before it may be too
            cut_off.append(path)
            defects.report("cut-short", problem, [index])
            return
        try:
            numbers = read_elements((row[0] for row in rows), path.name, f" in frame {index} (line {start + 1})")
        except DataError as error:
            defects.report("line-broken", error, [index])
            return
        yield _Block(step, occurrences[step], energy_value, numbers, vectors)
        occurrences[step] += 1
        start += 2 + n_atoms
        index += 1
