"""Expected and actual errors side by side: are errors as large as the error bars say, and of which frames does a force field know least?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

#: Most bins, and fewest frames of one.
_MOST_BINS, _FEWEST = 8, 5


@dataclass(frozen=True)
class ErrorBin:
    """Frames with similar error bars.

    Attributes:
        n_frames: of them.
        expected: root mean square of their error bars.
        actual: root mean square of their errors.
    """

    n_frames: int
    expected: float
    actual: float


@dataclass(frozen=True, eq=False)
class ExpectedErrors:
    """Expected and actual errors of frames.

    Attributes:
        bins: equally many frames in each, from the smallest to the largest error bars.
        frames: those with the largest error bars first, as rows of what was given, shape (M,).
        expected, actual: of each row, root mean squares over its components, shape (M,).
    """

    bins: tuple[ErrorBin, ...]
    frames: Int[np.ndarray, "M"]
    expected: Float[np.ndarray, "M"]
    actual: Float[np.ndarray, "M"]

    @classmethod
    def of(cls, errors: Float[np.ndarray, "M C"], stds: Float[np.ndarray, "M D"]) -> ExpectedErrors:
        """Of M frames.

        Args:
            errors: of the components of each, in any unit.
            stds: their error bars, in the same unit; one for each component, or one for several of them.
        """
        actual, expected = (np.sqrt((values**2).mean(axis=1)) for values in (errors, stds))
        order = np.argsort(expected, kind="stable")
        n_bins = min(_MOST_BINS, len(order) // _FEWEST)
        bins = [
            ErrorBin(len(part), _rms(expected[part]), _rms(actual[part])) for part in np.array_split(order, n_bins or 1)
        ]
        return cls(tuple(bins) if n_bins else (), order[::-1], expected, actual)


def _rms(values: Float[np.ndarray, "n"]) -> float:
    return float(np.sqrt((values**2).mean()))
