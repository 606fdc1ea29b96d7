"""Whether energies are learned beside the forces or integrated from them, by the validation errors."""

from __future__ import annotations

import numpy as np

from supple.models.sgdml.chosen_settings import ChosenSettings
from supple.models.sgdml.small_models import LARGER, SmallModels

#: How much the force error may grow, as a factor, when energies are learned.
_FORCE_LOSS = 1.03


def choose_energies(chosen: ChosenSettings, models: SmallModels, weight: float) -> ChosenSettings:
    """Compare the two on models of the first training frames.

    Args:
        chosen: the other settings.
        models: of the first training frames.
        weight: amplitude of the energies, where they are learned.
    """
    if not models.train.has_energies:
        return chosen
    size, kernel = models.size(LARGER), chosen.kernel_of(models.action)
    with_energy = np.isfinite(models.train.energies)
    if with_energy[:size].sum() < 2 or np.isfinite(models.valid.energies).sum() < 2:
        why = f"too few of the first {size} training frames and of the validation frames have energies to compare."
        return chosen.with_notes([f"Energies are integrated from the forces: {why}"])
    with_them, without = (models.metrics(kernel, chosen.lam, each, size) for each in (weight, None))
    assert with_them.energy is not None and without.energy is not None
    assert with_them.forces is not None and without.forces is not None
    compared = (
        f"on {size} frames, learning them changes the validation energy RMSE from {without.energy.rmse:.3g} to "
        f"{with_them.energy.rmse:.3g} {with_them.energy.unit} and the force RMSE from {without.forces.rmse:.4g} to "
        f"{with_them.forces.rmse:.4g} {with_them.forces.unit}."
    )
    if with_them.energy.rmse < without.energy.rmse and with_them.forces.rmse < _FORCE_LOSS * without.forces.rmse:
        note = f"Energies are learned with the forces, with weight {weight:g}: {compared}"
        return chosen.with_notes([note], energy_weight=weight)
    return chosen.with_notes([f"Energies are integrated from the forces: {compared}"])
