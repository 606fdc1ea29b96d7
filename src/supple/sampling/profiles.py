"""Energy profiles of the scans and paths among sampled frames."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.data.dataset import Dataset
from supple.data.units import ENERGY
from supple.geometry.profile import Profile


def profiles(dataset: Dataset) -> list[Profile]:
    """The profile of every scan and path without bursts: the lowest energy at each value of its coordinate."""
    coordinate = dataset.extras.get("coordinate")
    if coordinate is None:
        return []
    origins = np.array([_scan_of(origin) for origin in dataset.extras["origin"].astype(str)])
    found = []
    for origin in dict.fromkeys(origins):
        frames = np.flatnonzero((origins == origin) & np.isfinite(coordinate))
        rounded = np.round(coordinate[frames], 6)
        values = np.unique(rounded)
        if len(values) < 3 or _has_bursts(dataset, frames):
            continue
        lowest = np.array([dataset.energies[frames][rounded == value].min() for value in values])
        found.append(_profile(str(origin), values, (lowest - lowest.min()) / ENERGY["kcal/mol"]))
    return found


def _profile(origin: str, values: Float[np.ndarray, "K"], energies: Float[np.ndarray, "K"]) -> Profile:
    kind, _, name = origin.partition("_")
    if kind == "path":
        return Profile(origin.replace("_", " "), "", values, energies)
    return Profile(name.partition("_")[0], "°", values, energies)


def _has_bursts(dataset: Dataset, frames: Int[np.ndarray, "F"]) -> bool:
    """Whether a segment has several frames at one point; wavefront propagation, which may, is not counted."""
    origins, coordinate = dataset.extras["origin"][frames].astype(str), dataset.extras["coordinate"][frames]
    seen = [(o, value) for o, value in zip(origins, coordinate, strict=True) if not o.endswith("_settled")]
    return len(set(seen)) < len(seen)


def _scan_of(origin: str) -> str:
    """The scan that a segment is part of."""
    return origin.removesuffix("_there").removesuffix("_back").removesuffix("_settled")
