"""Frames one by one, as programs write them, put together: one molecule, one order of atoms, labels in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from supple.data.elements import formula
from supple.data.reading.gather_extras import with_theory
from supple.data.reading.raw_frames import NO_UNITS_STATED, RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError


@dataclass(frozen=True)
class Frame:
    """One frame of a file.

    Attributes:
        numbers: atomic numbers, shape (N,).
        positions: shape (N, 3).
        energy: None where it is not known.
        forces: shape (N, 3); None where they are not known.
        more: whatever else is known of it.
        trouble: why its labels cannot be used although they are there; one of `TROUBLES`.
    """

    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "N 3"]
    energy: float | None
    forces: Float[np.ndarray, "N 3"] | None
    more: Mapping[str, Any] = field(default_factory=dict)
    trouble: str | None = None


#: What only the reader of a format can see, and what is then said of the frame.
TROUBLES = {
    "not-converged": "is of a calculation that did not converge; repeat it, or remove the frame",
    "periodic": (
        "is of a crystal, or of a molecule bonded to its own image: Supple is for molecules alone; take a larger box"
    ),
    "turned": (
        "has forces for another orientation of the molecule than the one it prints; calculate it again with #P or NoSymm"
    ),
}


def raw_from_frames(
    frames: Iterable[Frame],
    name: str,
    request: ReadRequest,
    *,
    stated: StatedUnits = NO_UNITS_STATED,
    convention: Units | None = None,
    about: Mapping[str, str] | None = None,
) -> RawFrames:
    """A dataset from frames; what does not fit is told of and left out.

    Raises:
        DataError: nothing is left.
    """
    kept: list[Frame] = []
    places: list[int] = []
    for place, frame in enumerate(frames):
        trouble = _trouble(frame, kept[0] if kept else frame, place, name, request.wants_labels)
        if trouble is None:
            kept.append(frame)
            places.append(place)
        else:
            request.defects.report(trouble[0], trouble[1], [place])
    if not kept:
        raise DataError(f"{name} holds no frames" + (" with forces." if request.wants_labels else "."))
    energies = np.array([np.nan if frame.energy is None else frame.energy for frame in kept], dtype=np.float64)
    unknown = [places[k] for k in np.flatnonzero(np.isnan(energies))]
    if request.wants_labels and 0 < len(unknown) < len(kept) and request.keys.energy is None:
        error = DataError(
            f"{name}: frame {unknown[0]} has no energy, but other frames have one; remove it, add it, or name the energy "
            "with --keys energy=NAME to read such frames as ones whose energy is not known."
        )
        request.defects.report("missing-energy", error, unknown)
    extras, theory = with_theory(_extras(kept)) if request.wants_labels else ({}, {})
    return RawFrames(
        numbers=kept[0].numbers,
        positions=np.array([frame.positions for frame in kept], dtype=np.float64),
        energies=None if len(unknown) == len(kept) else energies,
        forces=np.array([frame.forces for frame in kept], dtype=np.float64) if request.wants_labels else None,
        stated=stated,
        convention=convention,
        frames=np.array(places, dtype=np.int64),
        extras=extras,
        about={**(about or {}), **theory},
    )


def _trouble(frame: Frame, first: Frame, place: int, name: str, labels: bool) -> tuple[str, DataError] | None:
    """Why a frame cannot be taken: the kind of damage and the sentence."""
    kind, what = _other_atoms(frame, first) or (labels and _bad_labels(frame)) or _bad_positions(frame) or ("", "")
    return (kind, DataError(f"{name}: frame {place} {what}.")) if kind else None


def _other_atoms(frame: Frame, first: Frame) -> tuple[str, str] | None:
    one = "one dataset holds one molecule in one atom order"
    if sorted(frame.numbers) != sorted(first.numbers):
        there, here = formula(frame.numbers.tolist()), formula(first.numbers.tolist())
        return "other-molecule", f"holds {there}, the frames before {here}; {one}: split it"
    if frame.numbers.tolist() != first.numbers.tolist():
        return "atom-order", f"has the atoms in another order; {one}: reorder them"
    return None


def _bad_positions(frame: Frame) -> tuple[str, str] | None:
    if np.isfinite(frame.positions).all():
        return None
    return "not-finite", "has a position that is NaN or infinite; remove the frame"


def _bad_labels(frame: Frame) -> tuple[str, str] | None:
    if frame.trouble is not None:
        return frame.trouble, TROUBLES[frame.trouble]
    if frame.forces is None:
        return "missing-forces", "has no forces; calculate them, or remove the frame"
    if frame.forces.shape != frame.positions.shape or not np.isfinite(frame.forces).all():
        return "not-finite", "has a force that is NaN or infinite; repeat the calculation"
    if frame.energy is not None and not np.isfinite(frame.energy):
        return "energy-not-finite", f"has the energy {frame.energy}; repeat the calculation"
    return None


def _extras(frames: list[Frame]) -> dict[str, np.ndarray]:
    """What else is known, by name: arrays over the frames, where every frame has a value of one shape."""
    extras = {}
    for name in dict.fromkeys(key for frame in frames for key in frame.more):
        values = [frame.more.get(name) for frame in frames]
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
