"""The distribution of one quantity, and how much it differs from that of a reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Distribution:
    """A normalised histogram.

    Attributes:
        quantity: `pair distance`, `bond`, `angle` or `torsion`.
        label: kind of bond or angle, as in `C-H`, or the torsion.
        unit: of the values: `Å` or `°`.
        edges: of the bins, shape (B+1,).
        density: probability density, shape (B,); its integral is 1.
        reference: the density of the reference; None without one.
        mean, std: of the values; None for periodic quantities.
        reference_mean, reference_std: of the reference.
    """

    quantity: str
    label: str
    unit: str
    edges: Float[np.ndarray, "E"]
    density: Float[np.ndarray, "B"]
    reference: Float[np.ndarray, "B"] | None = None
    mean: float | None = None
    std: float | None = None
    reference_mean: float | None = None
    reference_std: float | None = None

    @property
    def centres(self) -> Float[np.ndarray, "B"]:
        """Middles of the bins."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    @property
    def difference(self) -> float | None:
        """∫ |p - p_reference|: 0 if they are identical, 2 if they do not overlap; None without a reference."""
        if self.reference is None:
            return None
        return float((np.abs(self.density - self.reference) * np.diff(self.edges)).sum())


def density(values: Float[np.ndarray, "..."], edges: Float[np.ndarray, "E"]) -> Float[np.ndarray, "B"]:
    """The normalised histogram of values of any shape; zero everywhere if none is within the edges."""
    counts = np.histogram(values, edges)[0]
    return counts / (max(int(counts.sum()), 1) * np.diff(edges))


def compare(
    quantity: str,
    label: str,
    unit: str,
    edges: Float[np.ndarray, "E"],
    values: Float[np.ndarray, "..."],
    reference: Float[np.ndarray, "..."] | None,
    *,
    periodic: bool = False,
) -> Distribution:
    """The distribution of values together with that of a reference."""
    own = (None, None) if periodic else (float(values.mean()), float(values.std()))
    others = (None, None) if periodic or reference is None else (float(reference.mean()), float(reference.std()))
    reference_density = None if reference is None else density(reference, edges)
    return Distribution(quantity, label, unit, edges, density(values, edges), reference_density, *own, *others)
