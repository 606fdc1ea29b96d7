"""Energies against forces: are the labels of one kind the derivative of the other's?

A small kernel model is fitted to the forces alone. Integrated, it must give the energies, up to one constant: the slope
of the labels against its energies is 1. Standardised energies, a wrong sign, or another unit give another slope, and the
slope names the culprit. Energies that have been scaled are the commonest error in such data, and the quietest: training
goes well, and every energy is wrong by the same amount whatever the size of the training set.
"""

from __future__ import annotations

import numpy as np

from supple.checks.findings import Finding
from supple.dataset import Dataset
from supple.sgdml.fit import kernel_fit
from supple.sgdml.permutations import find_permutations
from supple.units import ENERGY, LENGTH

#: Rows of the kernel matrix of the small model; one to two seconds of work.
_ROWS = 3000
#: The small model is right about the energies when they correlate this well; below, nothing can be concluded.
_TRUSTED = 0.7
#: A slope this far from 1, either way, is an error of scale and not of the model.
_FACTOR = 1.25
_SIGMA = 10.0


def energy_scale(dataset: Dataset) -> Finding | None:
    """A finding named `energy-scale` when energies and forces are not on one scale; None when they are."""
    known = np.flatnonzero(np.isfinite(dataset.energies))
    if dataset.forces is None or len(known) < 10 or dataset.energies[known].std() == 0:
        return None
    fit_frames, held_out = _frames_for(dataset, known)
    permutations = find_permutations(fit_frames)
    model, _ = kernel_fit(fit_frames, permutations, _SIGMA, 1e-10)
    judged = held_out if len(held_out) >= 10 else fit_frames
    integrated, _ = model.predict(judged.positions)
    correlation = float(np.corrcoef(integrated, judged.energies)[0, 1])
    if abs(correlation) < _TRUSTED:
        return None
    slope = float(np.sign(correlation) * judged.energies.std() / integrated.std())
    if 1 / _FACTOR < slope < _FACTOR:
        return None
    units = dataset.source.units
    return Finding(
        "energy-scale",
        f"{dataset.source.name}: the energies are not on the scale of the forces: they vary {slope:.3g} times as much "
        f"as the forces say, read in {units.energy} and {units.forces} ({_culprit(slope, dataset)}); "
        "mend the labels, or name the right units with --units energy=...,forces=....",
    )


def _frames_for(dataset: Dataset, known: np.ndarray) -> tuple[Dataset, Dataset]:
    """Frames for the small model, and others to judge it by."""
    size = int(np.clip(_ROWS // max(3 * dataset.n_atoms - 6, 1), 10, 200))
    order = np.random.default_rng(0).permutation(known)
    return dataset.select(order[:size]), dataset.select(order[size : size + 300])


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
    for name, value in LENGTH.items():
        if name != units.force_length:
            causes[LENGTH[units.force_length] / value] = f"the forces look like {units.force_energy}/{name}"
    nearest = min(causes, key=lambda c: abs(np.log(abs(c / slope))) + (10 if c * slope < 0 else 0))
    if nearest * slope > 0 and abs(np.log(nearest / slope)) < np.log(1.15):
        return causes[nearest]
    if slope < 0:
        return "the sign is wrong, and so is the scale"
    return "they may have been standardised or scaled"
