"""Coverage: which parts of the torsions and of the energy range have frames, and which have none."""

from __future__ import annotations

import numpy as np

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding, frame_list
from supple.checks.torsion_bins import TorsionBins
from supple.molecule.torsion_symmetry import mirrored_torsions, torsion_symmetries
from supple.molecule.torsions import Torsion, rotatable_torsions, torsion_angles
from supple.runtime.rounding import rounded

#: Bins that hold less than this part of the mean of the others are thinly covered.
_THIN = 0.1
#: A gap in the energies is more than this part of their range.
_GAP = 0.25
#: The upper half of the range of energies should hold this part of the frames.
_TAIL = 0.02


def _torsion_coverage(context: CheckContext) -> list[Finding]:
    """`torsion-gap`: a range of a torsion without frames, with frames on both sides; `torsion-thin`: with very few."""
    data = context.dataset
    if len(data) < 50:
        return []
    torsions = rotatable_torsions(data.numbers, data.positions)
    mirrored = mirrored_torsions(torsion_symmetries(data.numbers, data.positions, torsions), len(torsions))
    found = []
    for torsion, angles, both in zip(torsions, torsion_angles(data.positions, torsions).T, mirrored, strict=True):
        bins = TorsionBins(torsion.period, both)
        bin_of = bins.of(angles)
        counts = np.bincount(bin_of, minlength=bins.count)
        gaps = bins.gaps(counts == 0)
        if gaps:
            found.append(_gap(torsion, [bins.degrees(*arc) for arc in gaps]))
            continue
        share = _THIN * counts[counts > 0].mean()
        thin = bins.inner((counts > 0) & (counts < share), counts >= share)
        if thin:
            rare = np.isin(bin_of, [k % bins.count for first, last in thin for k in range(first, last)])
            ranges = " and ".join(bins.degrees(*arc) for arc in thin)
            found.append(
                Finding(
                    "torsion-thin",
                    "warning",
                    f"torsion {torsion} is sparsely covered from {ranges}: {int(rare.sum())} of {len(data)} frames",
                    "add frames there, or train with --select balanced",
                    context.frame_numbers(rare),
                )
            )
    return found


def _gap(torsion: Torsion, gaps: list[str]) -> Finding:
    *first, last = gaps
    ranges = f"{', '.join(first)} and {last}" if first else last
    atoms = "-".join(str(a + 1) for a in torsion.atoms)
    return Finding(
        "torsion-gap",
        "warning",
        f"torsion {torsion} has frames on both sides of {ranges}, but none there: a force field can only guess what lies "
        "between, and the energy difference of the two sides",
        f"add frames there, for example with supple sample --draw scan:torsion={atoms}",
    )


def _energy_coverage(context: CheckContext) -> list[Finding]:
    """`energy-gap`: no frames between low and high energies; `energy-tail`: very few frames at high energies."""
    energies = np.sort(context.dataset.energies[np.isfinite(context.dataset.energies)])
    if len(energies) < 50 or energies[-1] == energies[0]:
        return []
    unit = context.dataset.source.units
    span = energies[-1] - energies[0]
    gaps = np.diff(energies)[2:-2]
    k = int(gaps.argmax()) + 2
    if gaps.max() > _GAP * span:
        return [
            Finding(
                "energy-gap",
                "warning",
                f"no frame has an energy between {rounded((energies[k] - energies[0]) / unit.energy_in_ev)} and "
                f"{rounded((energies[k + 1] - energies[0]) / unit.energy_in_ev)} {unit.energy} above the lowest; "
                f"{k + 1} lie below and {len(energies) - k - 1} above",
                "add frames between, for example from dynamics at an intermediate temperature or along a path",
            )
        ]
    high = context.dataset.energies > energies[0] + span / 2
    if high.mean() < _TAIL and high.sum() > 0:
        named = context.frame_numbers(high)
        return [
            Finding(
                "energy-tail",
                "note",
                f"the upper half of the range of energies ({rounded(span / unit.energy_in_ev)} {unit.energy}) holds only "
                f"{len(named)} of {len(energies)} frames: {frame_list(named)}",
                "expect larger errors there, or train with --select energy to spread the training frames over the range",
                named,
            )
        ]
    return []


TORSION_COVERAGE = Check(("torsion-gap", "torsion-thin"), _torsion_coverage, before_training=False)
ENERGY_COVERAGE = Check(("energy-gap", "energy-tail"), _energy_coverage, before_training=False)
