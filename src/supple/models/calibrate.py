"""Error bars for a force field, by the errors of frames that it was not fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.models.uncertainty.calibration import FEWEST_FRAMES
from supple.models.uncertainty.error_bars import ErrorBars, calibrated
from supple.molecule.symmetry.symmetry_classes import symmetry_classes

if TYPE_CHECKING:
    from supple.models.potential import Potential


def error_bars(potential: Potential, like_training: Float[np.ndarray, "M N 3"], frames: Dataset) -> ErrorBars | None:
    """Error bars of a force field.

    Args:
        potential: of the molecule of the frames, its atoms in their order.
        like_training: positions of the training frames, or others like them, in Å.
        frames: labelled, and not used in the fit.

    Returns:
        The error bars; None if there are too few frames, they have no forces, or this kind of force field has no measure of novelty.
    """
    if frames.forces is None or len(frames) < FEWEST_FRAMES:
        return None
    novelty = potential.novelty(like_training)
    if novelty is None:
        return None
    size = potential.batch_size
    parts = [
        potential.with_novelty(torch.tensor(frames.positions[start : start + size]), novelty)
        for start in range(0, len(frames), size)
    ]
    energies = torch.cat([part[0] for part in parts]).detach().cpu().numpy()
    forces = torch.cat([part[1] for part in parts]).detach().cpu().numpy()
    scores = (
        torch.cat([part[2].energy for part in parts]).cpu().numpy(),
        torch.cat([part[2].forces for part in parts]).cpu().numpy(),
    )
    known = frames.energies if potential.provenance.has_energies else np.full(len(frames), np.nan)
    return calibrated(
        novelty, scores, energies - known, forces - frames.forces,
        symmetry_classes(frames.numbers, like_training),
    )  # fmt: skip
