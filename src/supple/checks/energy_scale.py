"""Energies against forces: are the forces the negative gradient of the energies?

A small kernel model is fitted to the forces alone. Its energies, up to one constant, must be those of the labels: the slope
of the labels against them is 1. Standardised energies, a wrong sign or a wrong unit give another slope, and the slope tells
which it is. Scaled energies are the commonest error in such data, and the least noticed: training goes well, and every
energy is wrong by the same amount, whatever the size of the training set.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from supple.checks.agreement import energies_against_forces, force_error
from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding
from supple.data.dataset import Dataset
from supple.data.units import ENERGY, LENGTH, Units
from supple.runtime.rounding import rounded

#: With energies that correlate this well the model is right about them; below, the slope means nothing.
_TRUSTED = 0.7
#: Below this the energies are unrelated to the geometries, provided that the model is right about the forces.
_UNRELATED = 0.4
#: A slope this far from 1, either way, is an error of scale and not of the model.
_FACTOR = 1.25
#: The model is right about the forces when its error is below this part of them.
_GOOD = 0.5
#: With an error as large as this it is no better than predicting zero forces.
_USELESS = 0.95


def _energy_scale(context: CheckContext) -> list[Finding]:
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
                "the energies are uncorrelated with the geometries, although the forces are not (correlation "
                f"{correlation:.2f} with the energies implied by the forces)",
                "check whether the energies are in a different order from the frames, or are a different property",
            )
        ]
    if abs(correlation) < _TRUSTED or 1 / _FACTOR < slope < _FACTOR:
        return []
    cause, likely = _cause(slope, context.dataset)
    right = "energy=...,forces=..." if likely is None else likely.shorthand
    return [
        Finding(
            "energy-scale",
            "serious",
            f"the energies are not on the scale of the forces: read in {units.energy} and {units.forces}, they vary "
            f"{rounded(slope)} times as much as the forces imply ({cause})",
            f"correct the labels, or give the right units with --units {right}",
        )
    ]


def _forces_unrelated(context: CheckContext) -> list[Finding]:
    """`forces-unrelated`: the forces of some frames do not predict those of others."""
    predictions = context.predictions
    if predictions is None or predictions.held_out.sum() < 20 or force_error(context) < _USELESS:
        return []
    return [
        Finding(
            "forces-unrelated",
            "serious",
            "the forces are unrelated to the geometries: those of some frames do not predict those of others",
            "check whether the forces are in a different order from the frames, or belong to other geometries",
        )
    ]


ENERGY_SCALE = Check(("energy-scale", "energies-unrelated"), _energy_scale)
FORCES_UNRELATED = Check(("forces-unrelated",), _forces_unrelated)


def _cause(slope: float, dataset: Dataset) -> tuple[str, Units | None]:
    """The likeliest cause of a slope, in words, and the units in which there would be none."""
    units = dataset.source.units
    spread = float(np.nanstd(dataset.energies)) / units.energy_in_ev
    if abs(spread - 1) < 0.05 and slope > 0:
        return "their standard deviation is 1: they look standardised, while the forces are not", None
    # Labels in X that are read as U come out U/X times too large; forces that do so shrink the slope instead.
    causes: dict[float, tuple[str, Units | None]] = {-1.0: ("the sign is wrong: the forces are gradients", None)}
    for name, value in ENERGY.items():
        if name != units.energy:
            causes[units.energy_in_ev / value] = f"they look like {name}", replace(units, energy=name)
    others = [replace(units, force_energy=name) for name in ENERGY if name != units.force_energy]
    others += [replace(units, force_length=name) for name in LENGTH if name != units.force_length]
    for other in others:
        ratio = other.forces_in_ev_per_angstrom / units.forces_in_ev_per_angstrom
        causes.setdefault(ratio, (f"the forces look like {other.forces}", other))
    nearest = min(causes, key=lambda c: abs(np.log(abs(c / slope))) + (10 if c * slope < 0 else 0))
    per_atom = dataset.n_atoms * slope
    if slope > 0 and abs(np.log(per_atom)) < np.log(1.15):
        # eV/nm and the energy of each of 10 atoms give the same slope
        also = f", or {causes[nearest][0]}" if abs(np.log(nearest * dataset.n_atoms)) < np.log(1.15) else ""
        return f"they look like energies per atom{also}", None
    if nearest * slope > 0 and abs(np.log(nearest / slope)) < np.log(1.15):
        return causes[nearest]
    if slope < 0:
        return "both the sign and the scale are wrong", None
    return "they may have been standardised or scaled", None
