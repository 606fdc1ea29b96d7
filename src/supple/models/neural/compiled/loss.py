"""The loss of a step, and its derivatives by energies and forces.

loss = w_E mean (E - E*)² + w_F mean (F - F*)²
"""

from __future__ import annotations

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float

from supple.models.neural.compiled.jit import part

_ZERO = np.float32(0)


class Frames(NamedTuple):
    """All frames with labels, in the network's units; energies may be NaN."""

    positions: Float[np.ndarray, "M N 3"]
    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"]


class Batch(NamedTuple):
    """The frames of a step, the network's output for them, and the derivatives of the loss by it."""

    positions: Float[np.ndarray, "B N 3"]
    energies: Float[np.ndarray, "B"]
    forces: Float[np.ndarray, "B N 3"]
    by_energies: Float[np.ndarray, "B"]
    by_forces: Float[np.ndarray, "B N 3"]


class Loss(NamedTuple):
    """Weights of the loss, and the number of frames of a step over all processes."""

    energy_weight: float
    force_weight: float
    batch_size: int


def empty_batch(frames: int, n_atoms: int) -> Batch:
    """Arrays for so many frames."""
    labels = (np.empty(shape, np.float32) for shape in ((frames,), (frames, n_atoms, 3)) * 2)
    return Batch(np.empty((frames, n_atoms, 3)), *labels)


@part
@no_type_check
def compare(frames, rows, n_energies, loss, batch, start, stop):
    """The loss of the frames from start to stop, and its derivatives; rows are the places of the frames of the step among all."""
    of_energies = loss.energy_weight / n_energies
    of_forces = loss.force_weight / (loss.batch_size * batch.forces.shape[1] * 3)
    by_energy, by_force = np.float32(2 * of_energies), np.float32(2 * of_forces)
    energies = forces = 0.0
    for b in range(start, stop):
        label, row = frames.energies[rows[b]], rows[b]
        error = batch.energies[b] - label if np.isfinite(label) else _ZERO
        batch.by_energies[b] = by_energy * error
        energies += error * error
        for i in range(batch.forces.shape[1]):
            for c in range(3):
                difference = batch.forces[b, i, c] - frames.forces[row, i, c]
                batch.by_forces[b, i, c] = by_force * difference
                forces += difference * difference
    return of_energies * energies + of_forces * forces
