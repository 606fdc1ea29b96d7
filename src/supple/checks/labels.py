"""Labels that are no results: missing, zero, repeated, rounded."""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols

from supple.checks.context import CheckContext
from supple.checks.findings import Finding, listed

#: Energies rounded to more than this part of their spread have lost what distinguishes the frames.
_COARSE = 0.02


def missing_energies(context: CheckContext) -> list[Finding]:
    """`missing-energy`: some frames, or all, have no energy."""
    unknown = ~np.isfinite(context.dataset.energies)
    if not unknown.any():
        return []
    frames = context.frames(unknown)
    if unknown.all():
        return [
            Finding(
                "missing-energy",
                "warning",
                "no frame has an energy: a force field learns the energy from the forces, up to a constant, and its "
                "error in the energy cannot be told",
                "name the energies with --keys energy=NAME if the file has any",
            )
        ]
    return [
        Finding(
            "missing-energy",
            "warning",
            f"{len(frames)} of {len(context.dataset)} frames have no energy: {listed(frames)}",
            "train on the forces, with the energies that there are, or calculate the others",
            frames,
        )
    ]


def zero_forces(context: CheckContext) -> list[Finding]:
    """`zero-forces`: all forces of a frame are exactly zero. `frozen-atoms`: those of an atom are, in every frame."""
    forces = context.dataset.forces
    if forces is None or len(forces) == 0:
        return []
    found = []
    nothing = (forces == 0).all(axis=(1, 2))
    if nothing.any():
        frames = context.frames(nothing)
        found.append(
            Finding(
                "zero-forces",
                "serious",
                f"all forces of {listed(frames)} are exactly zero: no calculation gives that",
                "remove these frames, or repeat the calculations",
                frames,
            )
        )
    frozen = np.flatnonzero((forces[~nothing] == 0).all(axis=(0, 2)))
    if len(frozen) > 0 and (~nothing).sum() > 1 and context.dataset.n_atoms > 1:
        atoms = ", ".join(f"{chemical_symbols[context.dataset.numbers[a]]}{a + 1}" for a in frozen)
        found.append(
            Finding(
                "frozen-atoms",
                "serious",
                f"the forces of {atoms} are zero in every frame: they were held in place",
                "calculate the forces without constraints",
            )
        )
    return found


def repeated_labels(context: CheckContext) -> list[Finding]:
    """`repeated-labels`: different geometries with exactly the same forces, as when a result is copied along."""
    data = context.dataset
    if data.forces is None:
        return []
    places: dict[bytes, list[int]] = {}
    for m in np.flatnonzero((data.forces != 0).any(axis=(1, 2))):
        places.setdefault(data.forces[m].tobytes(), []).append(int(m))
    groups = [group for group in places.values() if len(group) > 1 and len({data.frame_hashes[m] for m in group}) > 1]
    if not groups:
        return []
    frames = context.frames(np.array(sorted(m for group in groups for m in group)))
    return [
        Finding(
            "repeated-labels",
            "serious",
            f"different geometries have exactly the same forces: {listed(frames)}",
            "keep of each group the frame that the result belongs to",
            frames,
        )
    ]


def rounded_energies(context: CheckContext) -> list[Finding]:
    """`rounded-energies`: written with too few digits, or kept in single precision at a large total energy."""
    source = context.dataset.source
    energies = context.dataset.energies[np.isfinite(context.dataset.energies)] / source.units.energy_in_ev
    different = np.unique(np.round(energies, 10))
    if len(different) < 10:
        return []
    spread = float(energies.std())
    step = _step(different)
    if step < _COARSE * spread:
        return []
    single = np.abs(energies.astype(np.float32) - energies).max() < 1e-3 * step
    cause = "as in single precision" if single else "as with too few digits"
    return [
        Finding(
            "rounded-energies",
            "serious" if step > 0.2 * spread else "warning",
            f"the energies are rounded to {step:.2g} {source.units.energy}, {cause}, and vary by {spread:.2g}",
            "write them with more digits, in double precision, or without a constant that is the same in all frames",
        )
    ]


def _step(different: np.ndarray) -> float:
    """The step of which all differences are multiples; 0 where there is none."""
    gaps = np.diff(different)
    step = float(gaps.min())
    multiples = gaps / step
    return step if np.abs(multiples - np.round(multiples)).max() < 0.02 else 0.0
