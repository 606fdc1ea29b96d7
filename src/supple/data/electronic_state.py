"""Charge and multiplicity of the frames of a dataset, whether stated once or for each frame."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset

#: The names under which readers state them.
STATE = ("charge", "multiplicity")


def stated_number(dataset: Dataset, name: str) -> Float[np.ndarray, "M"] | None:
    """A number of each frame, NaN where it is not stated; None if no frame has it.

    Args:
        dataset: the frames.
        name: of the number, for instance `charge`.
    """
    values = dataset.extras.get(name)
    if values is not None and values.ndim == 1 and values.dtype.kind in "biuf":
        numbers = values.astype(np.float64)
        return numbers if np.isfinite(numbers).any() else None
    try:
        return np.full(len(dataset), float(dataset.source.about[name]))
    except (KeyError, ValueError):
        return None
