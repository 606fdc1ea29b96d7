"""Labels that are not results: missing, zero or rounded."""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding, frame_list

#: Energies rounded to more than these parts of their spread are a warning, and an error.
_WARNING, _ERROR = 0.02, 0.2


def _missing_energies(context: CheckContext) -> list[Finding]:
    """`missing-energy`: some frames, or all, have no energy."""
    missing = ~np.isfinite(context.dataset.energies)
    if not missing.any():
        return []
    frames = context.frame_numbers(missing)
    if missing.all():
        return [
            Finding(
                "missing-energy",
                "warning",
                "no frame has an energy: a force field learns energies from the forces, up to a constant, and the error of "
                "its energies cannot be measured",
                "if the file has energies, name them with --keys energy=NAME",
            )
        ]
    return [
        Finding(
            "missing-energy",
            "warning",
            f"{len(frames)} of {len(context.dataset)} frames {'has' if len(frames) == 1 else 'have'} no energy: "
            f"{frame_list(frames)}",
            "train on the forces and the energies that there are, or calculate the missing ones",
            frames,
        )
    ]


def _zero_forces(context: CheckContext) -> list[Finding]:
    """`zero-forces`: all forces of a frame are exactly zero. `frozen-atoms`: those of an atom are, in every frame."""
    forces = context.dataset.forces
    if forces is None or len(forces) == 0:
        return []
    found = []
    zero = (forces == 0).all(axis=(1, 2))
    if zero.any():
        frames = context.frame_numbers(zero)
        found.append(
            Finding(
                "zero-forces",
                "serious",
                f"all forces of {frame_list(frames)} are exactly zero, which no calculation gives",
                "remove this frame, or repeat the calculation"
                if len(frames) == 1
                else "remove these frames, or repeat the calculations",
                frames,
            )
        )
    frozen = np.flatnonzero((forces[~zero] == 0).all(axis=(0, 2)))
    if len(frozen) > 0 and (~zero).sum() > 1 and context.dataset.n_atoms > 1:
        atoms = ", ".join(f"{chemical_symbols[context.dataset.numbers[a]]}{a + 1}" for a in frozen)
        found.append(
            Finding(
                "frozen-atoms",
                "serious",
                f"the forces on {atoms} are zero in every frame, as on atoms that are held fixed",
                "calculate the forces without constraints",
            )
        )
    return found


def step_of(different: np.ndarray) -> float:
    """The step of which all differences are multiples; 0 where there is none."""
    gaps = np.diff(different)
    step = float(gaps.min())
    multiples = gaps / step
    return step if np.abs(multiples - np.round(multiples)).max() < 0.02 else 0.0


def _rounded_energies(context: CheckContext) -> list[Finding]:
    """`rounded-energies`: written with too few digits, or kept in single precision at a large total energy."""
    source = context.dataset.source
    energies = context.dataset.energies[np.isfinite(context.dataset.energies)] / source.units.energy_in_ev
    different = np.unique(np.round(energies, 10))
    if len(different) < 10:
        return []
    spread = float(energies.std())
    step = step_of(different)
    if step < _WARNING * spread:
        return []
    single = np.abs(energies.astype(np.float32) - energies).max() < 1e-3 * step
    cause = "as in single precision" if single else "as if written with too few digits"
    return [
        Finding(
            "rounded-energies",
            "serious" if step > _ERROR * spread else "warning",
            f"the energies are rounded to {step:.2g} {source.units.energy}, {cause}, while their standard deviation is "
            f"{spread:.2g}",
            "write them in double precision with more digits, or subtract the same constant from all of them first",
        )
    ]


MISSING_ENERGY = Check(("missing-energy",), _missing_energies, before_training=False)
ZERO_FORCES = Check(("zero-forces", "frozen-atoms"), _zero_forces)
ROUNDED_ENERGIES = Check(("rounded-energies",), _rounded_energies)
