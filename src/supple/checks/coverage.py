"""Coverage: which parts of the torsions and of the energy range have frames, and which have none."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding, frame_list
from supple.molecule.torsions import Torsion, rotatable_torsions, torsion_angles

#: Width of a bin of a torsion, degrees; a gap is at least this many empty bins.
_BIN, _EMPTY = 10.0, 2
#: An empty range of a torsion this many times wider than the next one is where the molecule never goes.
_WIDER = 1.5
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
    found = []
    for torsion, angles in zip(torsions, torsion_angles(data.positions, torsions).T, strict=True):
        n_bins = round(torsion.period / _BIN)
        bin_of = _bins(angles, torsion.period, n_bins)
        counts = np.bincount(bin_of, minlength=n_bins)
        empty = _arcs(counts == 0, _EMPTY)
        if len(empty) > 1:
            found.append(_gap(torsion, empty, n_bins))
            continue
        share = _THIN * counts[counts > 0].mean()
        thin = [arc for arc in _arcs((counts > 0) & (counts < share), _EMPTY) if _between(arc, counts, share)]
        if thin:
            rare = np.isin(bin_of, [k % n_bins for first, last in thin for k in range(first, last)])
            ranges = " and ".join(_degrees(first, last, n_bins, torsion.period) for first, last in thin)
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


def _gap(torsion: Torsion, empty: list[tuple[int, int]], n_bins: int) -> Finding:
    """The finding of at least two empty ranges, the widest left out where the molecule never goes there."""
    *_, next_widest, widest = sorted(empty, key=lambda arc: arc[1] - arc[0])
    never = widest[1] - widest[0] > _WIDER * (next_widest[1] - next_widest[0])
    gaps = [arc for arc in empty if not (never and arc == widest)]
    *first, last = (_degrees(*arc, n_bins, torsion.period) for arc in gaps)
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
                f"no frame has an energy between {(energies[k] - energies[0]) / unit.energy_in_ev:.3g} and "
                f"{(energies[k + 1] - energies[0]) / unit.energy_in_ev:.3g} {unit.energy} above the lowest; "
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
                f"the upper half of the range of energies ({span / unit.energy_in_ev:.3g} {unit.energy}) holds only "
                f"{len(named)} of {len(energies)} frames: {frame_list(named)}",
                "expect larger errors there, or train with --select energy to spread the training frames over the range",
                named,
            )
        ]
    return []


TORSION_COVERAGE = Check(("torsion-gap", "torsion-thin"), _torsion_coverage, before_training=False)
ENERGY_COVERAGE = Check(("energy-gap", "energy-tail"), _energy_coverage, before_training=False)


def covered_range(angles: Float[np.ndarray, "M"], period: float) -> str:
    """The range of a torsion that the frames cover, in words."""
    n_bins = round(period / _BIN)
    empty = _arcs(np.bincount(_bins(angles, period, n_bins), minlength=n_bins) == 0, _EMPTY)
    if not empty:
        return "the full circle" if period == 360 else f"the full period of {period:.0f}°"
    first, last = max(empty, key=lambda arc: arc[1] - arc[0])
    return _degrees(last, first + n_bins, n_bins, period)


def _bins(angles: Float[np.ndarray, "M"], period: float, n_bins: int) -> Int[np.ndarray, "M"]:
    return ((angles + period / 2) / period * n_bins).astype(int) % n_bins


def _arcs(marked: np.ndarray, least: int) -> list[tuple[int, int]]:
    """Runs of at least `least` marked bins on a circle: the first bin, and that after the last, which may pass the end."""
    n = len(marked)
    if marked.all() or not marked.any():
        return []
    start = int(np.flatnonzero(~marked)[0])
    arcs, first = [], None
    for k in range(start, start + n + 1):
        if marked[k % n] and first is None:
            first = k
        elif not marked[k % n] and first is not None:
            if k - first >= least:
                arcs.append((first, k))
            first = None
    return arcs


def _between(arc: tuple[int, int], counts: np.ndarray, share: float) -> bool:
    """Whether a thin range lies between two that are not, instead of fading out."""
    n = len(counts)
    return bool(counts[(arc[0] - 1) % n] >= share and counts[arc[1] % n] >= share)


def _degrees(first: int, last: int, n_bins: int, period: float) -> str:
    def angle(k: int) -> float:
        return (k * period / n_bins) - period / 2

    start, end = angle(first), angle(last)
    while start >= period / 2:
        start, end = start - period, end - period
    if end > period / 2:
        return f"{start:.0f} through {period / 2:.0f} to {end - period:.0f}°"
    return f"{start:.0f} to {end:.0f}°"
