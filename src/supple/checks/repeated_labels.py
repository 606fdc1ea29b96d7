"""Labels that do not change with the geometry: results copied to other frames, or numbers that are no labels."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding, frame_list
from supple.checks.labels import step_of

#: Geometries whose sorted pair distances differ by this much somewhere are different, Å; those of a molecule whose atoms were
#: renamed, or which was turned or mirrored, are the same.
_DIFFERENT = 0.01
#: Equal energies are a coincidence up to this many times the pairs that rounding explains.
_COINCIDENCE = 5
#: The most decimal places that are looked for.
_PLACES = 10


def _constant_energies(context: CheckContext) -> list[Finding]:
    """`constant-energies`: all geometries have exactly the same energy."""
    energies, known = _known_energies(context)
    if len(energies) < 3 or not (energies == energies[0]).all() or not _some_differ(context, known):
        return []
    units = context.dataset.source.units
    return [
        Finding(
            "constant-energies",
            "serious",
            f"all {len(energies)} energies are {energies[0]:g} {units.energy}, although the geometries differ: this is not their "
            "energy, but perhaps a setting of the calculations",
            "name the energies with --keys energy=NAME, or use --keys energy=none to train on the forces alone",
        )
    ]


def _repeated_labels(context: CheckContext) -> list[Finding]:
    """`repeated-labels`: different geometries with exactly the same forces or energy, as when a result is copied to later frames."""
    found = []
    for what, groups in (("forces", _same_forces(context)), ("energy", _same_energies(context))):
        frames = context.frame_numbers(np.array(sorted(m for group in groups for m in group), dtype=np.int64))
        if frames:
            found.append(
                Finding(
                    "repeated-labels",
                    "serious",
                    f"different geometries have exactly the same {what}: {frame_list(frames)}",
                    f"of frames with the same {what}, keep the one that {'they were' if what == 'forces' else 'it was'} "
                    "calculated for",
                    frames,
                )
            )
    return found


CONSTANT_ENERGIES = Check(("constant-energies",), _constant_energies)
REPEATED_LABELS = Check(("repeated-labels",), _repeated_labels)


def _same_forces(context: CheckContext) -> list[list[int]]:
    data = context.dataset
    if data.forces is None:
        return []
    same: dict[bytes, list[int]] = {}
    for m in np.flatnonzero((data.forces != 0).any(axis=(1, 2))):
        same.setdefault(data.forces[m].tobytes(), []).append(int(m))
    return [group for group in same.values() if len(group) > 1 and len({data.frame_hashes[m] for m in group}) > 1]


def _same_energies(context: CheckContext) -> list[list[int]]:
    """Groups of different geometries of one energy, if there are more than rounding explains."""
    energies, known = _known_energies(context)
    if len(energies) < 3 or (energies == energies[0]).all():
        return []
    same: dict[float, list[int]] = {}
    for m, energy in zip(known, energies, strict=True):
        same.setdefault(float(energy), []).append(int(m))
    groups = [group for group in same.values() if len(group) > 1 and _some_differ(context, np.array(group))]
    pairs = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    # two numbers drawn from a normal distribution and rounded are equal with probability step / (2 sqrt(pi) sigma)
    n_pairs = len(energies) * (len(energies) - 1) / 2
    by_rounding = n_pairs * _resolution(energies) / (2 * np.sqrt(np.pi) * _spread(energies))
    return groups if pairs > max(2, _COINCIDENCE * by_rounding) else []


def _known_energies(context: CheckContext) -> tuple[Float[np.ndarray, "K"], Int[np.ndarray, "K"]]:
    """Energies in the unit of the file, to the digits that it can have, and the indices of their frames."""
    known = np.flatnonzero(np.isfinite(context.dataset.energies))
    return np.round(context.dataset.energies[known] / context.dataset.source.units.energy_in_ev, _PLACES), known


def _resolution(energies: Float[np.ndarray, "K"]) -> float:
    """The step of which these numbers are multiples, in their unit: a decimal place, or that of single precision."""
    places = next(
        (k for k in range(_PLACES) if np.allclose(np.round(energies, k), energies, rtol=1e-14, atol=1e-11)), _PLACES
    )
    return max(float(10.0**-places), step_of(np.unique(energies)))


def _spread(energies: Float[np.ndarray, "K"]) -> float:
    """The standard deviation; where there are groups far apart, that of the densest."""
    ordered, quarter = np.sort(energies), len(energies) // 4
    densest = float((ordered[quarter:] - ordered[: len(ordered) - quarter]).min()) if quarter else 0.0
    # the densest quarter of a normal distribution is 0.64 standard deviations wide
    return min(densest / 0.64, float(energies.std())) if densest > 0 else float(energies.std())


def _some_differ(context: CheckContext, frames: Int[np.ndarray, "K"]) -> bool:
    """Whether there are different geometries among some frames."""
    shapes = np.sort(context.distances[frames], axis=1)
    return bool((np.ptp(shapes, axis=0) > _DIFFERENT).any())
