"""Frames of two origins in one dataset: another zero of energy, other units, another level of theory."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding, frame_list
from supple.data.reading.bond_motion import times_as_stiff
from supple.runtime.rounding import rounded

#: Values fall into two groups when these are this many times farther apart than they are wide.
_APART = 10.0
#: An offset up to this, eV, may be an error of the model: between two basins that few frames connect.
_UNCERTAIN = 1.0
#: An offset below this part of the energy from one group to the other is an error of the model, too.
_ERROR = 0.25
#: A smaller offset than this, eV, is noise of the calculations.
_NOISE = 0.005
#: Forces of two groups whose sizes differ by more than this factor may be in different units ...
_TIMES = 8.0
#: ... and are, if they resist the stretching of bonds by factors that differ by more than this. Forces of relaxed
#: geometries are small, but resist as others do.
_TIMES_AS_STIFF = 4.0
#: Frames of each group that this is judged by.
_JUDGED = 500


def _energy_zero(context: CheckContext) -> list[Finding]:
    """`energy-zero`: the energies of some frames lie a constant above those of others, more than the forces explain."""
    frames, above = context.energy_residuals
    if len(frames) < 10:
        return []
    split = _two_groups(above)
    if split is None:
        return []
    lower = above < split
    low, high = np.sort(frames[lower]), np.sort(frames[~lower])
    offset = float(np.median(above[~lower]) - np.median(above[lower]))
    implied = context.dataset.energies[frames] - above
    if offset < max(_NOISE, _ERROR * abs(np.median(implied[~lower]) - np.median(implied[lower]))):
        return []
    unit = context.dataset.source.units
    few = low if len(low) < len(high) else high
    named = context.frame_numbers(few)
    side = "above" if few is high else "below"
    certain = offset > _UNCERTAIN
    doubt = "" if certain else " (or too few frames connect the two groups for the forces to tell)"
    return [
        Finding(
            "energy-zero",
            "serious" if certain else "warning",
            f"the energies of {_group(context, few, named)} lie {rounded(offset / unit.energy_in_ev, 4)} {unit.energy} {side} "
            f"the others, more than the forces explain: a different zero of energy{doubt}",
            "bring all energies to one zero: the same program, method, basis set and reference",
            named,
        )
    ]


def _mixed_scale(context: CheckContext) -> list[Finding]:
    """`mixed-scale`: the forces of some frames are all many times those of the others."""
    forces = context.dataset.forces
    if forces is None or len(forces) < 10:
        return []
    size = np.sqrt((forces**2).mean(axis=(1, 2)))
    nonzero = np.flatnonzero(size > 0)
    logs = np.log(size[nonzero])
    split = _two_groups(logs, apart=3.0, least=max(3, int(0.02 * len(logs))))
    if split is None:
        return []
    low, high = nonzero[logs < split], nonzero[logs >= split]
    times = float(np.exp(np.median(logs[logs >= split]) - np.median(logs[logs < split])))
    if times < _TIMES or not _in_different_units(context, low, high):
        return []
    few = low if len(low) < len(high) else high
    named = context.frame_numbers(few)
    return [
        Finding(
            "mixed-scale",
            "serious",
            f"the forces of {_group(context, few, named)} are {rounded(times)} times "
            f"{'smaller' if few is low else 'larger'} than those of the others, as if in different units",
            "convert all frames to the same units",
            named,
        )
    ]


def _in_different_units(context: CheckContext, low: Int[np.ndarray, "L"], high: Int[np.ndarray, "H"]) -> bool:
    """Whether bonds are many times stiffer in the frames of large forces than in those of small ones."""
    data = context.dataset
    assert data.forces is not None
    some = [group[:: max(len(group) // _JUDGED, 1)] for group in (high, low)]
    stiffer = times_as_stiff(data.numbers, *((data.positions[group], data.forces[group]) for group in some))
    return stiffer is not None and stiffer > _TIMES_AS_STIFF


def _mixed_theory(context: CheckContext) -> list[Finding]:
    """`mixed-theory`: the frames state different levels of theory."""
    theory = context.dataset.extras.get("theory")
    if theory is None:
        return []
    written = theory.astype(str)
    # B3LYP/def2-SVP and b3lyp / def2-svp are one level
    spelling = np.array(["".join(level.split()).casefold() for level in written])
    _, first, level_of, counts = np.unique(spelling, return_index=True, return_inverse=True, return_counts=True)
    if len(counts) < 2:
        return []
    levels = written[first]
    rare = level_of != counts.argmax()
    unknown = len(levels) == 2 and "" in levels
    stated = ", ".join(f"{level or 'none stated'} ({count})" for level, count in zip(levels, counts, strict=True))
    return [
        Finding(
            "mixed-theory",
            "warning" if unknown else "serious",
            f"the frames {'state' if unknown else 'are at'} different levels of theory: {stated}",
            "keep the frames of one level, or recalculate the others",
            context.frame_numbers(rare),
        )
    ]


ENERGY_ZERO = Check(("energy-zero",), _energy_zero)
MIXED_SCALE = Check(("mixed-scale",), _mixed_scale)
MIXED_THEORY = Check(("mixed-theory",), _mixed_theory)


def _group(context: CheckContext, group: np.ndarray, named: tuple[int, ...]) -> str:
    """A group of frames: by its file where it is all of it, by a range where it is one, by its list otherwise."""
    files = context.dataset.extras.get("file")
    if files is not None:
        of = np.unique(files[group].astype(str))
        others = np.unique(np.delete(files, group).astype(str))
        if not set(of) & set(others):
            return ", ".join(of)
    frames = context.energy_residuals[0]
    judged = np.sort(context.frame_numbers(frames)) if len(frames) else np.empty(0)
    inside = judged[(judged >= named[0]) & (judged <= named[-1])]
    if len(named) > 8 and len(inside) <= len(named):
        return f"frames {named[0]} to {named[-1]}"
    return frame_list(named)


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
