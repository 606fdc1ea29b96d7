"""Energies against forces: are the labels of one kind the derivative of the other's?

A small kernel model is fitted to the forces alone. Integrated, it must give the energies, up to one constant: the slope
of the labels against its energies is 1. Standardised energies, a wrong sign, or another unit give another slope, and the
slope names the culprit. Energies that have been scaled are the commonest error in such data, and the quietest: training
goes well, and every energy is wrong by the same amount whatever the size of the training set.
"""

from __future__ import annotations

import numpy as np

from supple.checks.context import CheckContext
from supple.checks.findings import Finding
from supple.data.dataset import Dataset
from supple.data.units import ENERGY, LENGTH

#: The small model is right about the energies when they correlate this well; below, no slope can be told.
_TRUSTED = 0.7
#: Below this the energies have nothing to do with the geometries, if the model is right about the forces at least.
_UNRELATED = 0.4
#: A slope this far from 1, either way, is an error of scale and not of the model.
_FACTOR = 1.25
#: The model is right about the forces when it is off by less than this part of them.
_GOOD = 0.5
#: Off by as much as this it would have done as well to say that all forces are zero.
_NOTHING = 0.95


def energy_scale(context: CheckContext) -> list[Finding]:
    """`energy-scale`: energies and forces are not on one scale. `energies-unrelated`: they have nothing in common."""
    agreement = energies_against_forces(context)
    if agreement is None:
        return []
    slope, correlation = agreement
    units = context.dataset.source.units
    if abs(correlation) < _UNRELATED and force_error(context) < _GOOD:
        return [
            Finding(
                "energies-unrelated",
                "serious",
                f"the energies have nothing to do with the geometries (correlation {correlation:.2f} with the energies "
                "that the forces give), while the forces have",
                "look whether the energies are in another order than the frames, or of another property",
            )
        ]
    if abs(correlation) < _TRUSTED or 1 / _FACTOR < slope < _FACTOR:
        return []
    return [
        Finding(
            "energy-scale",
            "serious",
            f"the energies are not on the scale of the forces: they vary {slope:.3g} times as much as the forces say, "
            f"read in {units.energy} and {units.forces} ({_culprit(slope, context.dataset)})",
            "mend the labels, or name the right units with --units energy=...,forces=...",
        )
    ]


def forces_unrelated(context: CheckContext) -> list[Finding]:
    """`forces-unrelated`: the forces of some frames say nothing about those of others."""
    fit = context.fit
    if fit is None or fit.unseen.sum() < 20 or force_error(context) < _NOTHING:
        return []
    return [
        Finding(
            "forces-unrelated",
            "serious",
            "the forces have nothing to do with the geometries: those of some frames say nothing about those of others",
            "look whether the forces are in another order than the frames, or of other geometries",
        )
    ]


def energies_against_forces(context: CheckContext) -> tuple[float, float] | None:
    """Slope and correlation of the energies against those that the forces give; None where that cannot be told."""
    frames, above = context.residuals
    fit = context.fit
    if fit is None or len(frames) < 5:
        return None
    labels = context.dataset.energies[frames]
    integrated = fit.energies[np.isfinite(context.dataset.energies[fit.asked])]
    # a few wild energies must not hide what the others say
    usual = np.abs(above) <= 20 * np.median(np.abs(above)) if len(frames) >= 20 else np.ones(len(frames), dtype=bool)
    labels, integrated = labels[usual], integrated[usual]
    if labels.std() == 0 or integrated.std() == 0:
        return None
    correlation = float(np.corrcoef(integrated, labels)[0, 1])
    return float(np.sign(correlation) * labels.std() / integrated.std()), correlation


def force_error(context: CheckContext) -> float:
    """The error of the small model's forces in the median frame that it has not seen, in units of the forces there."""
    fit, forces = context.fit, context.dataset.forces
    if fit is None or forces is None:
        return np.inf
    labels = forces[fit.asked[fit.unseen]]
    size = np.sqrt((labels**2).mean(axis=(1, 2)))
    error = np.sqrt(((labels - fit.forces[fit.unseen]) ** 2).mean(axis=(1, 2)))
    return float(np.median(error / np.maximum(size, 1e-12)))


def _culprit(slope: float, dataset: Dataset) -> str:
    """The likeliest cause of a slope, in words."""
    units = dataset.source.units
    spread = float(np.nanstd(dataset.energies)) / units.energy_in_ev
    if abs(spread - 1) < 0.05 and slope > 0:
        return "their standard deviation is 1: they look standardised, while the forces are not"
    # Labels in X that are read as U come out U/X times too large; forces that do so shrink the slope instead.
    causes = {-1.0: "the sign is wrong: the forces are gradients"}
    for name, value in ENERGY.items():
        if name != units.energy:
            causes[units.energy_in_ev / value] = f"they look like {name}"
    for name, value in ENERGY.items():
        if name != units.force_energy:
            causes.setdefault(value / ENERGY[units.force_energy], f"the forces look like {name}/{units.force_length}")
    for name, value in LENGTH.items():
        if name != units.force_length:
            causes[LENGTH[units.force_length] / value] = f"the forces look like {units.force_energy}/{name}"
    nearest = min(causes, key=lambda c: abs(np.log(abs(c / slope))) + (10 if c * slope < 0 else 0))
    if nearest * slope > 0 and abs(np.log(nearest / slope)) < np.log(1.15):
        return causes[nearest]
    if slope < 0:
        return "the sign is wrong, and so is the scale"
    return "they may have been standardised or scaled"
