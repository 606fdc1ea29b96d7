"""Arrays as lists of numbers for the page's script."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def plot_values(values: Float[np.ndarray, "K"]) -> list[float | None]:
    """Four significant digits of each value; None for what is not finite, as JSON has no NaN."""
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in values]
