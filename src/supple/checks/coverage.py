"""Coverage: where along the torsions and in energy the frames are, and where they are not."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.checks.context import CheckContext
from supple.checks.findings import Finding, listed
from supple.molecule.torsions import rotatable_torsions, torsion_angles

#: Width of a bin of a torsion, degrees; a gap is this many empty ones.
_BIN, _EMPTY = 10.0, 2
_WIDER = 1.5
#: A stretch that holds less than this part of its even share is thin.
_THIN = 0.1
#: A gap in the energies of more than this part of their range.
_GAP = 0.25
#: The upper half of the energies' range should hold this part of the frames.
_TAIL = 0.02


def torsion_coverage(context: CheckContext) -> list[Finding]:
    """`torsion-gap`: frames on both sides of a stretch of a torsion, none on it; `torsion-thin`: hardly any."""
    data = context.dataset
    if len(data) < 50:
        return []
    torsions = rotatable_torsions(data.numbers, data.positions)
    found = []
    for torsion, angles in zip(torsions, torsion_angles(data.positions, torsions).T, strict=True):
        n_bins = round(torsion.period / _BIN)
        place = _bins(angles, torsion.period, n_bins)
        counts = np.bincount(place, minlength=n_bins)
        arcs = _arcs(counts == 0, _EMPTY)
        where = [_degrees(first, last, n_bins, torsion.period) for first, last in arcs]
        if len(arcs) > 1:
            # An empty arc much wider than the others is where the molecule never goes; they lie between where it does.
            inner = sorted(zip(arcs, where, strict=True), key=lambda aw: aw[0][1] - aw[0][0])
            widest, next_widest = ((last - first) for (first, last), _ in (inner[-1], inner[-2]))
            if widest > _WIDER * next_widest:
                inner.pop()
            found.append(
                Finding(
                    "torsion-gap",
                    "warning",
                    f"torsion {torsion} has frames on both sides of {' and of '.join(w for _, w in inner)}, and none "
                    "there: what lies between is guessed, the difference in energy of the two sides too",
                    f"add frames there, as with supple sample --draw scan:torsion="
                    f"{'-'.join(str(a + 1) for a in torsion.atoms)}",
                )
            )
            continue
        share = _THIN * counts[counts > 0].mean()
        thin = (counts > 0) & (counts < share)
        inner_thin = [arc for arc in _arcs(thin, _EMPTY) if _between(arc, counts, share)]
        if inner_thin:
            rare = np.isin(place, [k % n_bins for first, last in inner_thin for k in range(first, last)])
            stretches = " and ".join(_degrees(first, last, n_bins, torsion.period) for first, last in inner_thin)
            found.append(
                Finding(
                    "torsion-thin",
                    "warning",
                    f"torsion {torsion} is thinly covered from {stretches}: {int(rare.sum())} of {len(data)} frames",
                    "add frames there, or train with --select balanced",
                    context.frames(rare),
                )
            )
    return found


def energy_coverage(context: CheckContext) -> list[Finding]:
    """`energy-gap`: nothing between low and high energies; `energy-tail`: very few frames at high energies."""
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
                f"{(energies[k + 1] - energies[0]) / unit.energy_in_ev:.3g} {unit.energy} above the lowest, "
                f"{k + 1} lie below and {len(energies) - k - 1} above",
                "add frames between, as from dynamics at a temperature between or along a path",
            )
        ]
    high = context.dataset.energies > energies[0] + span / 2
    if high.mean() < _TAIL and high.sum() > 0:
        named = context.frames(high)
        return [
            Finding(
                "energy-tail",
                "note",
                f"the upper half of the range of energies ({span / unit.energy_in_ev:.3g} {unit.energy}) holds "
                f"{len(named)} of {len(energies)} frames: {listed(named)}",
                "expect larger errors there; train with --select energy to spread the frames over it",
                named,
            )
        ]
    return []


def visited(angles: Float[np.ndarray, "M"], period: float) -> str:
    """The stretch of a torsion that the frames are on, in words."""
    n_bins = round(period / _BIN)
    arcs = _arcs(np.bincount(_bins(angles, period, n_bins), minlength=n_bins) == 0, _EMPTY)
    if not arcs:
        return "all the way round" if period == 360 else f"all of its {period:.0f}°"
    first, last = max(arcs, key=lambda arc: arc[1] - arc[0])
    return f"from {_degrees(last, first + n_bins, n_bins, period)}"


def _bins(angles: Float[np.ndarray, "M"], period: float, n_bins: int) -> Int[np.ndarray, "M"]:
    return ((angles + period / 2) / period * n_bins).astype(int) % n_bins


def _arcs(marked: np.ndarray, least: int) -> list[tuple[int, int]]:
    """Runs of marked bins on a circle, at least so long; first bin and the bin after the last, which may pass the end."""
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
    """Whether a thin stretch joins two that are not, instead of fading into nothing."""
    n = len(counts)
    return bool(counts[(arc[0] - 1) % n] >= share and counts[arc[1] % n] >= share)


def _degrees(first: int, last: int, n_bins: int, period: float) -> str:
    def angle(k: int) -> float:
        return (k * period / n_bins) - period / 2

    start, end = angle(first), angle(last)
    while start >= period / 2:
        start, end = start - period, end - period
    if end > period / 2:
        return f"{start:.0f} over {period / 2:.0f} to {end - period:.0f}°"
    return f"{start:.0f} to {end:.0f}°"
