"""Frames whose vectors are NaN or infinite."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from supple.errors import DataError


def finite_frames(vectors: Float[np.ndarray, "M N 3"]) -> Bool[np.ndarray, "M"]:
    """Which frames have finite vectors only."""
    return np.asarray(np.isfinite(vectors).all(axis=(1, 2)))


def not_finite(vectors: Float[np.ndarray, "M N 3"], quantity: str, name: str) -> DataError:
    """The error of vectors that are not all finite.

    Args:
        vectors: at least one of them is NaN or infinite.
        quantity: what the vectors are: position or force.
        name: of the file.
    """
    bad = np.flatnonzero(~finite_frames(vectors))
    frame = int(bad[0])
    atom = int(np.flatnonzero(~np.isfinite(vectors[frame]).all(axis=1))[0])
    others = f" ({len(bad)} frames have such values)" if len(bad) > 1 else ""
    return DataError(
        f"{name}: the {quantity} of atom {atom + 1} in frame {frame} is NaN or infinite{others}; remove "
        f"{'these frames' if others else 'the frame'}, or repeat the calculation."
    )
