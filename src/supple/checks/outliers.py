"""Outliers: single labels that cannot be right, and geometries far from all others."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.sparse.csgraph import connected_components

from supple.checks.agreement import force_error
from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding, frame_list
from supple.runtime.rounding import rounded

#: An energy is an outlier this many (robust) standard deviations of the residuals from what the forces imply ...
_DEVIATIONS = 12
#: ... and this many standard deviations of the energies themselves.
_SPREADS = 2.5
#: If more than this part of the frames are outliers, none of them counts as one.
_FEW = 0.1
#: A frame is strained where its energy is this many (robust) standard deviations above the usual, its forces are this many
#: times the usual ones, and some distance is farther from its median than in this part of the frames.
_STRAINED, _STRAINED_FORCES, _STRAINED_DISTANCES = 3.0, 3.0, 0.9
#: A frame is of an unknown region where it is farther from the frames of the small model than this part of the others, and its forces
#: are predicted this many times worse than usual.
_UNKNOWN_DISTANCES, _UNKNOWN_FORCES = 0.9, 2.0
#: Geometries are connected up to so many times the distance that this part of them have from the nearest other one.
_CONNECTED = 1.5
#: Conformers have the same bonds, within this part of their lengths.
_INTACT = 0.25
#: Forces are outliers if this many times larger than usual, or if they are less or more than these factors times the
#: prediction along its direction.
_LARGE, _SLOPES = 10.0, (0.2, 3.0)
#: The predicted forces are trusted when their error is below this part of the forces.
_TRUSTED = 0.4


def _energy_outliers(context: CheckContext) -> list[Finding]:
    """`energy-outlier`: single energies far from what the forces of all frames imply."""
    frames, above = context.energy_residuals
    if len(frames) < 10:
        return []
    energies = context.dataset.energies[frames]
    spread = 1.4826 * np.median(np.abs(energies - np.median(energies)))
    noise = max(1.4826 * float(np.median(np.abs(above))), 1e-9)
    # frames that were not predicted count, too: by the distance of their energy from the others alone
    far_off = np.abs(context.dataset.energies - np.median(energies)) > 30 * spread + 1e-9
    wild = np.zeros(len(context.dataset), dtype=bool)
    wild[frames] = np.abs(above) > max(_DEVIATIONS * noise, _SPREADS * spread)
    wild |= far_off
    if wild.mean() > _FEW:
        return []
    wild &= ~_strained(context)
    if wild.any():  # what is known takes the distances of all frames
        wild &= ~_unknown(context)
    if not wild.any():
        return []
    named = context.frame_numbers(wild)
    unit = context.dataset.source.units
    off = np.nanmax(np.abs(context.dataset.energies[wild] - np.median(energies))) / unit.energy_in_ev
    what, off_by = "energies of {} do not fit their geometries", "they are up to"
    if len(named) == 1:
        what, off_by = "energy of {} does not fit its geometry", "it is"
    return [
        Finding(
            "energy-outlier",
            "serious",
            f"the {what.format(frame_list(named))}: {off_by} {rounded(off)} {unit.energy} from the median energy",
            _repeat(named),
            named,
        )
    ]


def _force_outliers(context: CheckContext) -> list[Finding]:
    """`force-outlier`: forces of single frames that are far too large, or inconsistent with those of other frames."""
    forces = context.dataset.forces
    if forces is None or len(forces) < 10:
        return []
    size = np.sqrt((forces**2).mean(axis=(1, 2)))
    nonzero = size > 0
    if not nonzero.any():
        return []
    wild = size > _LARGE * np.median(size[nonzero])
    predictions = context.predictions
    if predictions is not None and force_error(context) < _TRUSTED:
        frames = predictions.frames[predictions.held_out]
        predicted, labels = predictions.forces[predictions.held_out], forces[frames]
        slope = (predicted * labels).sum(axis=(1, 2)) / np.maximum((predicted**2).sum(axis=(1, 2)), 1e-12)
        # near a minimum both are small, and the slope means nothing
        large_enough = np.sqrt((predicted**2).mean(axis=(1, 2))) > 0.3 * np.median(size)
        low, high = _SLOPES
        wild[frames[large_enough & ((slope < low) | (slope > high))]] = True
    wild &= nonzero
    if wild.mean() > _FEW:
        return []
    wild &= ~_strained(context) & ~_slopes_of_energies(context)
    if not wild.any():
        return []
    named = context.frame_numbers(wild)
    return [
        Finding(
            "force-outlier",
            "serious",
            f"the forces of {frame_list(named)} are inconsistent with those of the other frames",
            _repeat(named),
            named,
        )
    ]


def _geometry_outliers(context: CheckContext) -> list[Finding]:
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
    named = context.frame_numbers(sample[alone])
    what, it = ("geometry of {} is", "it") if len(named) == 1 else ("geometries of {} are", "them")
    return [
        Finding(
            "geometry-outlier",
            "warning",
            f"the {what.format(frame_list(named))} far from all others: a force field cannot learn the region around {it}",
            f"remove {it} if unintended; otherwise add frames around {it}",
            named,
        )
    ]


ENERGY_OUTLIER = Check(("energy-outlier",), _energy_outliers)
FORCE_OUTLIER = Check(("force-outlier",), _force_outliers)
GEOMETRY_OUTLIER = Check(("geometry-outlier",), _geometry_outliers, before_training=False)


def _strained(context: CheckContext) -> Bool[np.ndarray, "M"]:
    """Frames whose high energy, large forces and unusual geometry go together: at a repulsive wall, before an optimisation.

    A wrong energy or wrong forces do not change the geometry, and rarely both are wrong.
    """
    data = context.dataset
    if data.forces is None or not data.has_energies:
        return np.zeros(len(data), dtype=bool)
    above = data.energies - np.nanmedian(data.energies)
    size = np.sqrt((data.forces**2).mean(axis=(1, 2)))
    inverse = 1.0 / np.maximum(context.distances, 0.2)
    unusual = np.abs(inverse - np.median(inverse, axis=0)).max(axis=1, initial=0.0)
    return np.asarray(
        (above > _STRAINED * 1.4826 * np.nanmedian(np.abs(above)))
        & (size > _STRAINED_FORCES * np.median(size))
        & (unusual >= np.quantile(unusual, _STRAINED_DISTANCES))
    )


def _unknown(context: CheckContext) -> Bool[np.ndarray, "M"]:
    """Frames whose energy integrated forces do not give: those of another conformer than nearly all others, or of a region beyond these.

    Between groups of geometries that no others connect, the integrals differ by a constant that no force determines. And where a geometry
    is far from those that the small model was fitted to, and its forces are predicted badly, so is its energy; a wrong energy alone leaves
    the forces as well predicted as others.
    """
    data, predictions = context.dataset, context.predictions
    unknown = np.zeros(len(data), dtype=bool)
    if predictions is None or data.forces is None:
        return unknown
    frames, held_out = predictions.frames, predictions.held_out
    inverse = 1.0 / np.maximum(context.distances[frames], 0.2)
    between = np.sqrt(_squared_distances(inverse))
    connected = between <= _CONNECTED * np.quantile(between.min(axis=1), _UNKNOWN_DISTANCES)
    _, group = connected_components(connected, directed=False)
    unknown[frames[np.bincount(group)[group] <= _FEW * len(frames)]] = True
    if held_out.any() and not held_out.all():
        nearest = between[np.ix_(held_out, ~held_out)].min(axis=1)
        labels, predicted = data.forces[frames[held_out]], predictions.forces[held_out]
        error = np.sqrt(((labels - predicted) ** 2).mean(axis=(1, 2)))
        far = nearest >= np.quantile(nearest, _UNKNOWN_DISTANCES)
        unknown[frames[held_out][far & (error > _UNKNOWN_FORCES * np.median(error))]] = True
    bonds = context.distances[:, context.molecule_bonds]
    intact = np.abs(bonds / np.median(bonds, axis=0) - 1).max(axis=1, initial=0.0) < _INTACT
    return unknown & intact


def _slopes_of_energies(context: CheckContext) -> Bool[np.ndarray, "M"]:
    """Frames of two atoms whose force is the slope of the energies of neighbours: on a curve it grows without bounds."""
    data = context.dataset
    agree = np.zeros(len(data), dtype=bool)
    known = np.isfinite(data.energies)
    if data.n_atoms != 2 or data.forces is None or known.sum() < 3:
        return agree
    axes = data.positions[:, 1] - data.positions[:, 0]
    force = ((data.forces[:, 1] - data.forces[:, 0]) * axes).sum(axis=1) / 2 / context.distances[:, 0]
    apart, first = np.unique(context.distances[known, 0], return_index=True)
    if len(apart) < 3:
        return agree
    frames = np.flatnonzero(known)[first]
    slope = np.gradient(data.energies[frames], apart)
    largest = np.maximum(np.abs(force[frames]), np.abs(slope))
    agree[frames] = np.abs(force[frames] + slope) < 0.5 * largest
    return agree


def _repeat(frames: tuple[int, ...]) -> str:
    if len(frames) == 1:
        return "repeat the calculation (did it converge?), or remove the frame"
    return "repeat the calculations (did they converge?), or remove the frames"


def _squared_nearest(x: Float[np.ndarray, "M D"]) -> Float[np.ndarray, "M"]:
    """Squared distance of each row from the nearest other one."""
    return _squared_distances(x).min(axis=1)


def _squared_distances(x: Float[np.ndarray, "M D"]) -> Float[np.ndarray, "M M"]:
    """Squared distance of each row from each other one; infinite from itself."""
    x = x - x.mean(axis=0)
    squares = (x**2).sum(axis=1)
    between = np.maximum(squares[:, None] + squares - 2 * (x @ x.T), 0.0)
    np.fill_diagonal(between, np.inf)
    return between
