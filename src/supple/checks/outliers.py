"""Single labels that cannot be right, and geometries that stand alone."""

from __future__ import annotations

import numpy as np

from supple.checks.context import CheckContext
from supple.checks.energy_scale import force_error
from supple.checks.findings import Finding, listed

#: An energy this many (robust) standard deviations off what the forces say ...
_DEVIATIONS = 12
#: ... and this many standard deviations of the energies themselves.
_SPREADS = 2.5
#: Beyond this part of the frames it is no longer a matter of single frames.
_FEW = 0.1
#: Frames whose forces are this many times the usual, or along the model's forces by less or more than these factors.
_LARGE, _SLOPES = 10.0, (0.2, 3.0)
_TRUSTED = 0.4


def energy_outliers(context: CheckContext) -> list[Finding]:
    """`energy-outlier`: single energies far off what the forces of all frames say."""
    frames, above = context.residuals
    if len(frames) < 10:
        return []
    energies = context.dataset.energies[frames]
    spread = 1.4826 * np.median(np.abs(energies - np.median(energies)))
    noise = max(1.4826 * float(np.median(np.abs(above))), 1e-9)
    # all frames count, those too that the model was not asked about: by their distance from the others alone
    everywhere = np.abs(context.dataset.energies - np.median(energies)) > 30 * spread + 1e-9
    wild = np.zeros(len(context.dataset), dtype=bool)
    wild[frames] = np.abs(above) > max(_DEVIATIONS * noise, _SPREADS * spread)
    wild |= everywhere
    if not wild.any() or wild.mean() > _FEW:
        return []
    named = context.frames(wild)
    unit = context.dataset.source.units
    off = np.nanmax(np.abs(context.dataset.energies[wild] - np.median(energies))) / unit.energy_in_ev
    return [
        Finding(
            "energy-outlier",
            "serious",
            f"the energy of {listed(named)} cannot belong to the geometry: up to {off:.3g} {unit.energy} off the others",
            "repeat these calculations, or remove the frames",
            named,
        )
    ]


def force_outliers(context: CheckContext) -> list[Finding]:
    """`force-outlier`: forces of single frames that are far too large, or do not point where those of others point."""
    forces = context.dataset.forces
    if forces is None or len(forces) < 10:
        return []
    size = np.sqrt((forces**2).mean(axis=(1, 2)))
    there = size > 0
    if not there.any():
        return []
    wild = size > _LARGE * np.median(size[there])
    fit = context.fit
    if fit is not None and force_error(context) < _TRUSTED:
        asked = fit.asked[fit.unseen]
        ours, labels = fit.forces[fit.unseen], forces[asked]
        slope = (ours * labels).sum(axis=(1, 2)) / np.maximum((ours**2).sum(axis=(1, 2)), 1e-12)
        # near a minimum both are small and the slope says nothing
        tells = np.sqrt((ours**2).mean(axis=(1, 2))) > 0.3 * np.median(size)
        low, high = _SLOPES
        wild[asked[tells & ((slope < low) | (slope > high))]] = True
    wild &= there
    if not wild.any() or wild.mean() > _FEW:
        return []
    named = context.frames(wild)
    return [
        Finding(
            "force-outlier",
            "serious",
            f"the forces of {listed(named)} do not fit those of the other frames",
            "repeat these calculations (did they converge?), or remove the frames",
            named,
        )
    ]


def geometry_outliers(context: CheckContext) -> list[Finding]:
    """`geometry-outlier`: single geometries far from all others."""
    distances = context.distances
    if len(distances) < 30:
        return []
    inverse = 1.0 / np.maximum(distances, 0.2)
    sample = np.unique(np.linspace(0, len(inverse) - 1, 2000).astype(int))
    nearest = np.sqrt(_squared_nearest(inverse[sample]))
    alone = nearest > 6 * np.median(nearest) + 1e-9
    if not alone.any() or alone.mean() > _FEW:
        return []
    named = context.frames(sample[alone])
    return [
        Finding(
            "geometry-outlier",
            "warning",
            f"the geometry of {listed(named)} is far from all others: a force field learns nothing of its surroundings",
            "remove it if it is an accident; add frames around it if it matters",
            named,
        )
    ]


def _squared_nearest(x: np.ndarray) -> np.ndarray:
    """Squared distance of each row from the nearest other one."""
    x = x - x.mean(axis=0)
    squares = (x**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * (x @ x.T)
    np.fill_diagonal(apart, np.inf)
    return np.maximum(apart.min(axis=1), 0.0)
