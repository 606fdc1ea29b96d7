"""How well labels agree with what a small model of the forces predicts."""

from __future__ import annotations

import numpy as np

from supple.checks.context import CheckContext

#: Energies whose residual is this many times the usual one do not count: a few wild ones must not hide the others.
_WILD = 20


def energies_against_forces(context: CheckContext) -> tuple[float, float] | None:
    """Slope and correlation of the energies against those implied by the forces; None where they cannot be determined."""
    frames, above = context.energy_residuals
    predictions = context.predictions
    if predictions is None or len(frames) < 5:
        return None
    labels = context.dataset.energies[frames]
    integrated = predictions.energies[np.isfinite(context.dataset.energies[predictions.frames])]
    usual = np.ones(len(frames), dtype=bool)
    if len(frames) >= 20:
        usual = np.abs(above) <= _WILD * np.median(np.abs(above))
    labels, integrated = labels[usual], integrated[usual]
    if labels.std() == 0 or integrated.std() == 0:
        return None
    correlation = float(np.corrcoef(integrated, labels)[0, 1])
    return float(np.sign(correlation) * labels.std() / integrated.std()), correlation


def force_error(context: CheckContext) -> float:
    """The error of the predicted forces in the median held-out frame, relative to the forces there."""
    predictions, forces = context.predictions, context.dataset.forces
    if predictions is None or forces is None:
        return np.inf
    labels = forces[predictions.frames[predictions.held_out]]
    size = np.sqrt((labels**2).mean(axis=(1, 2)))
    error = np.sqrt(((labels - predictions.forces[predictions.held_out]) ** 2).mean(axis=(1, 2)))
    return float(np.median(error / np.maximum(size, 1e-12)))
