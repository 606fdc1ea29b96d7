"""Frames of two origins in one dataset: another zero of energy, other units, another level of theory."""

from __future__ import annotations

import numpy as np

from supple.checks.context import CheckContext
from supple.checks.findings import Finding, listed

#: Two groups are two when they are this many times farther apart than they are wide.
_APART = 10.0
#: An offset between groups of geometries that the model may have got wrong by itself, eV: basins that few frames join.
_UNCERTAIN = 1.0
#: Sizes of forces that differ by more than this between two groups are in different units.
_TIMES = 8.0


def energy_zero(context: CheckContext) -> list[Finding]:
    """`energy-zero`: the energies of some frames lie a constant above those of others, beyond what the forces say."""
    frames, above = context.residuals
    if len(frames) < 10:
        return []
    split = _two_groups(above)
    if split is None:
        return []
    low, high = np.sort(frames[above < split]), np.sort(frames[above >= split])
    offset = float(np.median(above[above >= split]) - np.median(above[above < split]))
    unit = context.dataset.source.units
    few = low if len(low) < len(high) else high
    named = context.frames(few)
    sign = "above" if few is high else "below"
    serious = offset > _UNCERTAIN
    doubt = "" if serious else " (or too few frames join the two groups for the forces to tell)"
    return [
        Finding(
            "energy-zero",
            "serious" if serious else "warning",
            f"the energies of {_described(context, few, named)} lie {offset / unit.energy_in_ev:.4g} {unit.energy} "
            f"{sign} the others, beyond what the forces say: another zero of energy{doubt}",
            "bring all energies to one zero: the same program, method, basis and reference",
            named,
        )
    ]


def mixed_scale(context: CheckContext) -> list[Finding]:
    """`mixed-scale`: the forces of some frames are all many times those of the others."""
    forces = context.dataset.forces
    if forces is None or len(forces) < 10:
        return []
    size = np.sqrt((forces**2).mean(axis=(1, 2)))
    there = np.flatnonzero(size > 0)
    logs = np.log(size[there])
    split = _two_groups(logs, apart=3.0, least=max(3, int(0.02 * len(logs))))
    if split is None:
        return []
    low, high = there[logs < split], there[logs >= split]
    times = float(np.exp(np.median(logs[logs >= split]) - np.median(logs[logs < split])))
    if times < _TIMES:
        return []
    few = low if len(low) < len(high) else high
    named = context.frames(few)
    return [
        Finding(
            "mixed-scale",
            "serious",
            f"the forces of {_described(context, few, named)} are {times:.3g} times "
            f"{'smaller' if few is low else 'larger'} than the others, as in other units",
            "convert all frames to the same units",
            named,
        )
    ]


def mixed_theory(context: CheckContext) -> list[Finding]:
    """`mixed-theory`: the frames state different levels of theory."""
    theory = context.dataset.extras.get("theory")
    if theory is None:
        return []
    levels, counts = np.unique(theory.astype(str), return_counts=True)
    if len(levels) < 2:
        return []
    rare = theory.astype(str) != levels[counts.argmax()]
    stated = ", ".join(f"{level or 'nothing'} ({count})" for level, count in zip(levels, counts, strict=True))
    return [
        Finding(
            "mixed-theory",
            "serious",
            f"the frames are of different levels of theory: {stated}",
            "take those of one level, or calculate the others anew",
            context.frames(rare),
        )
    ]


def _described(context: CheckContext, group: np.ndarray, named: tuple[int, ...]) -> str:
    """A group of frames: by its file where it is all of it, by a range where it is one, by its list otherwise."""
    files = context.dataset.extras.get("file")
    if files is not None:
        of = np.unique(files[group].astype(str))
        others = np.unique(np.delete(files, group).astype(str))
        if not set(of) & set(others):
            return ", ".join(of)
    judged = np.sort(context.frames(context.residuals[0])) if len(context.residuals[0]) else np.empty(0)
    inside = judged[(judged >= named[0]) & (judged <= named[-1])]
    if len(named) > 8 and len(inside) <= len(named):
        return f"frames {named[0]} to {named[-1]}"
    return listed(named)


def _two_groups(values: np.ndarray, apart: float = _APART, least: int | None = None) -> float | None:
    """Where to cut values into two groups that are far apart; None where they are one."""
    least = max(3, len(values) // 20) if least is None else least
    ordered = np.sort(values)
    gaps = np.diff(ordered)[least - 1 : len(ordered) - least]
    if len(gaps) == 0:
        return None
    k = int(gaps.argmax()) + least
    low, high = ordered[:k], ordered[k:]
    width = max(1.4826 * float(np.median(np.abs(part - np.median(part)))) for part in (low, high))
    if gaps.max() <= width or np.median(high) - np.median(low) < apart * width:
        return None
    return float((low[-1] + high[0]) / 2)
