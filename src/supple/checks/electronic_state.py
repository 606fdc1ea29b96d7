"""Charge and multiplicity: one for all frames, and possible for the number of electrons."""

from __future__ import annotations

from collections import Counter

import numpy as np

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding, frame_list
from supple.data.electronic_state import STATE, stated_number

#: Some files state a spin: a multiplicity to some, a number of unpaired electrons to others, but one for all frames.
_ONE_FOR_ALL = (*STATE, "spin")


def _mixed_charge(context: CheckContext) -> list[Finding]:
    """`mixed-charge`: the frames state different charges or multiplicities."""
    found = []
    for name in _ONE_FOR_ALL:
        values = stated_number(context.dataset, name)
        if values is None:
            continue
        known = np.isfinite(values)
        counts = Counter(values[known].tolist()).most_common()
        if len(counts) < 2:
            continue
        stated = ", ".join(f"{value:g} ({count})" for value, count in sorted(counts))
        few = context.frame_numbers(known & (values != counts[0][0]))
        found.append(
            Finding(
                "mixed-charge",
                "serious",
                f"the frames are of different electronic states: {name} {stated}",
                f"keep the frames of one {name}",
                few,
            )
        )
    return found


def _impossible_multiplicity(context: CheckContext) -> list[Finding]:
    """`impossible-multiplicity`: so many electrons cannot have the multiplicity that the frames state."""
    data = context.dataset
    charge, multiplicity = stated_number(data, "charge"), stated_number(data, "multiplicity")
    if charge is None or multiplicity is None:
        return []
    electrons, unpaired = int(data.numbers.sum()) - charge, multiplicity - 1
    # of NaN, where a frame states neither, no comparison is true
    impossible = (unpaired < 0) | (unpaired > electrons) | ((electrons - unpaired) % 2 == 1)
    if not impossible.any():
        return []
    first, frames = int(impossible.argmax()), context.frame_numbers(impossible)
    which = "the frames" if impossible.all() else frame_list(frames)
    return [
        Finding(
            "impossible-multiplicity",
            "warning",
            f"{data.formula} with charge {charge[first]:g} has {electrons[first]:g} electrons, which cannot have the "
            f"multiplicity {multiplicity[first]:g} that {which} state{'s' if len(frames) == 1 else ''}",
            "correct the charge or the multiplicity; if the calculations had them, repeat these",
            () if impossible.all() else frames,
        )
    ]


MIXED_CHARGE = Check(("mixed-charge",), _mixed_charge)
IMPOSSIBLE_MULTIPLICITY = Check(("impossible-multiplicity",), _impossible_multiplicity, before_training=False)
