"""Single frames, as in outputs of programs and in databases, combined into the frames of one molecule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from supple.data.elements import atom_mismatch, hill_formula
from supple.data.reading.raw_frames import NO_UNITS_STATED, RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError
from supple.molecule.boxes import Boxes

#: Defects of a frame that only the reader of a format can detect.
Problem = Literal[
    "not-converged", "periodic", "turned", "in-field", "layers",
    "no-energy", "several-energies", "several-forces", "other-energy", "numerical", "unpaired",
]  # fmt: skip

#: What to say of such a frame.
PROBLEMS: dict[Problem, str] = {
    "not-converged": "is from a calculation that did not converge; repeat the calculation, or remove the frame",
    "periodic": "is of a crystal or a polymer; Supple is for isolated molecules: remove the frame",
    "turned": (
        "has forces for another orientation of the molecule than the one printed; repeat the calculation with NoSymm"
    ),
    "in-field": (
        "is of a molecule in an electric field or among point charges; Supple is for isolated molecules: repeat the "
        "calculation without, or remove the frame"
    ),
    "layers": (
        "has energies of several layers or fragments, of which it is unclear to which one the forces belong; remove the "
        "frame"
    ),
    "no-energy": "has forces, but not the energy that they are the derivative of; remove the frame",
    "several-energies": (
        "has several energies for one geometry, of which it is unclear to which one the forces belong; remove the frame"
    ),
    "numerical": (
        "has numerical forces and several energies, of which it is unclear which one is that of the geometry itself and not "
        "of a displaced one; remove the frame"
    ),
    "several-forces": "has several tables of forces for one geometry, which differ; remove the frame",
    "other-energy": (
        "has forces of another method or electronic state than its energy; calculate both with the same, or remove the "
        "frame"
    ),
    "unpaired": (
        "has a gradient, but the output does not say clearly of which energy; calculate it in a job of its own, at a level "
        "of theory that docs/files.md lists"
    ),
}


@dataclass(frozen=True)
class Frame:
    """One frame of a file, in the file's units.

    Attributes:
        numbers: atomic numbers, shape (N,).
        positions: shape (N, 3).
        energy: None if unknown.
        forces: shape (N, 3); None if unknown.
        extras: all other data of the frame, by name: text, numbers, or arrays of numbers.
        problem: why the frame cannot be used, if so.
        box: of a periodic frame, in the unit of the positions; None for a free molecule.
    """

    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "N 3"]
    energy: float | None
    forces: Float[np.ndarray, "N 3"] | None
    extras: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    box: Boxes | None = None


def frame_of_atoms(atoms: Any, energy: float | None, forces: Any, extras: Mapping[str, Any]) -> Frame:
    """A frame from `ase.Atoms`, in Å.

    Momenta, in ASE's unit √(eV u), and the cell, as 9 numbers in Å, become extras.
    """
    more = dict(extras)
    if atoms.has("momenta"):
        more["momenta"] = atoms.get_momenta()
    box = Boxes.of_atoms(atoms) if atoms.pbc.any() else None
    if box is not None:
        more["cell"] = np.asarray(atoms.cell).ravel()
    return Frame(
        np.asarray(atoms.numbers, dtype=np.int64),
        np.asarray(atoms.positions, dtype=np.float64),
        None if energy is None else float(energy),
        None if forces is None else np.asarray(forces, dtype=np.float64).reshape(-1, 3),
        more,
        box=box,
    )


def combine_frames(
    frames: Iterable[Frame],
    name: str,
    request: ReadRequest,
    *,
    stated: StatedUnits = NO_UNITS_STATED,
    convention: Units | None = None,
    known: Units | None = None,
    about: Mapping[str, str] | None = None,
) -> RawFrames:
    """The frames of one molecule; those that do not fit are reported to `request.defects` and left out.

    Args:
        frames: in the order of the file.
        name: of the file.
        request: says which labels are wanted.
        stated, convention, known, about: as in `RawFrames`.

    Raises:
        DataError: no frame is left.
    """
    kept: list[Frame] = []
    indices: list[int] = []
    for index, frame in enumerate(frames):
        defect = _defect(frame, kept[0] if kept else frame, request)
        if defect is None:
            kept.append(frame)
            indices.append(index)
        else:
            kind, sentence = defect
            request.defects.report(kind, DataError(f"{name}: frame {index} {sentence}."), [index])
    if not kept:
        raise DataError(f"{name} contains no frames" + (" with forces." if request.requires_labels else "."))
    energies = np.array([np.nan if frame.energy is None else frame.energy for frame in kept], dtype=np.float64)
    unknown = [indices[k] for k in np.flatnonzero(np.isnan(energies))]
    keys = request.keys
    if request.requires_labels and 0 < len(unknown) < len(kept) and keys.energy is None and not keys.without_energy:
        error = DataError(
            f"{name}: frame {unknown[0]} has no energy, but other frames have one; remove the frame, add its energy, or "
            "use --keys: energy=none reads the forces alone, and energy=NAME, in databases, such frames as frames of unknown "
            "energy."
        )
        request.defects.report("missing-energy", error, unknown)
    forces = [frame.forces for frame in kept if frame.forces is not None]
    extras = _extras(kept) if request.wants_labels else {}
    return RawFrames(
        numbers=kept[0].numbers,
        positions=np.array([frame.positions for frame in kept], dtype=np.float64),
        energies=None if len(unknown) == len(kept) or keys.without_energy else energies,
        forces=np.array(forces) if request.wants_labels and len(forces) == len(kept) else None,
        stated=stated,
        convention=convention,
        known=known,
        frames=np.array(indices, dtype=np.int64),
        extras=extras,
        about=dict(about or {}),
        boxes=_boxes(kept),
    )


def _defect(frame: Frame, first: Frame, request: ReadRequest) -> tuple[str, str] | None:
    """Why a frame cannot be used: the kind of defect, and what to say of the frame."""
    return _other_atoms(frame, first) or (request.wants_labels and _bad_labels(frame, request)) or _bad_positions(frame)


def _other_atoms(frame: Frame, first: Frame) -> tuple[str, str] | None:
    rule = "a dataset is of one molecule in one atom order"
    mismatch = atom_mismatch(frame.numbers, first.numbers)
    if mismatch == "other-molecule":
        this, before = hill_formula(frame.numbers), hill_formula(first.numbers)
        return mismatch, f"is {this}, the frames before are {before}; {rule}: split the file"
    if mismatch == "atom-order":
        return mismatch, f"has its atoms in another order; {rule}: reorder them"
    return None


def _bad_positions(frame: Frame) -> tuple[str, str] | None:
    if np.isfinite(frame.positions).all():
        return None
    return "not-finite", "has a position that is NaN or infinite; remove the frame"


def _bad_labels(frame: Frame, request: ReadRequest) -> tuple[str, str] | None:
    if frame.problem is not None:
        return frame.problem, PROBLEMS[frame.problem]
    if frame.forces is None:
        missing = "missing-forces", "has no forces; calculate them, or remove the frame"
        return missing if request.requires_labels else None
    if frame.forces.shape != frame.positions.shape or not np.isfinite(frame.forces).all():
        return "not-finite", "has a force that is NaN or infinite; repeat the calculation, or remove the frame"
    if frame.energy is not None and not np.isfinite(frame.energy):
        return (
            "energy-not-finite",
            f"has the energy {frame.energy}, which is not a number; repeat the calculation, or remove the frame",
        )
    return None


def _boxes(frames: list[Frame]) -> Boxes | None:
    """The boxes of the frames; None if no frame is periodic."""
    if all(frame.box is None for frame in frames):
        return None
    none = Boxes.of(np.zeros((1, 3, 3)), np.zeros((1, 3)))
    boxes = [frame.box or none for frame in frames]
    return Boxes(np.concatenate([box.vectors for box in boxes]), np.concatenate([box.periodic for box in boxes]))


def _extras(frames: list[Frame]) -> dict[str, np.ndarray]:
    """By name, arrays over the frames, where all values of the frames have one shape; empty or NaN where there is none."""
    extras = {}
    for name in dict.fromkeys(key for frame in frames for key in frame.extras):
        values = [frame.extras.get(name) for frame in frames]
        if all(isinstance(value, str) or value is None for value in values):
            extras[name] = np.array([value or "" for value in values])
            continue
        shapes = {np.shape(value) for value in values if value is not None}
        if len(shapes) != 1:
            continue
        empty = np.full(shapes.pop(), np.nan)
        try:
            extras[name] = np.array([empty if value is None else value for value in values], dtype=np.float64)
        except (TypeError, ValueError):
            continue
    return extras
