"""Free energy along a torsion: F(φ) = -kT ln p(φ), with its statistical error from blocks.

It is valid if the trajectory samples the canonical ensemble and has crossed between the wells many times; the crossings are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import units
from jaxtyping import Float, Int

from supple.molecule.torsions import folded
from supple.simulation.analysis.block_errors import block_numbers, standard_error

#: Crossings that are needed to compare wells.
_MIN_CROSSINGS = 10


@dataclass(frozen=True, eq=False)
class FreeEnergy:
    """Along one torsion.

    Attributes:
        label: of the torsion.
        period: degrees.
        angles: centres of the bins, degrees, shape (B,).
        values: relative to the lowest, eV, shape (B,); NaN in bins that were never visited.
        errors: standard errors, eV, shape (B,).
        crossings: how often the molecule went from one well to another.
        wells: angles of the minima, degrees.
    """

    label: str
    period: float
    angles: Float[np.ndarray, "B"]
    values: Float[np.ndarray, "B"]
    errors: Float[np.ndarray, "B"]
    crossings: int
    wells: tuple[float, ...]

    @property
    def poorly_sampled(self) -> bool:
        """Whether there are several wells, and too few crossings to compare them."""
        return len(self.wells) > 1 and self.crossings < _MIN_CROSSINGS

    def at_wells(self, curve: Float[np.ndarray, "B"]) -> list[float]:
        """A curve (values or errors) in the bins of the minima."""
        return [float(curve[int(np.abs(self.angles - angle).argmin())]) for angle in self.wells]

    def warning(self) -> str:
        """What it means that there are few crossings."""
        times = {0: "never", 1: "only once", 2: "only twice"}.get(self.crossings, f"only {self.crossings} times")
        return (
            f"The torsion {self.label} went {times} from one of its {len(self.wells)} wells to another: its free energy and "
            "the error are valid within a well, not between wells."
        )


def free_energy(
    label: str,
    period: float,
    angles: list[Float[np.ndarray, "_"]],
    edges: Float[np.ndarray, "E"],
    temperature: float,
) -> FreeEnergy:
    """The free energy from angles in degrees.

    The error of F is kT σ_p/p, where σ_p is the standard error of p over blocks of time.

    Args:
        label: of the torsion.
        period: of the torsion, degrees.
        angles: one array for each trajectory.
        edges: of the bins, over one period.
        temperature: K.
    """
    block = block_numbers([len(one) for one in angles])
    bins = [np.clip(np.searchsorted(edges, one, side="right") - 1, 0, len(edges) - 2) for one in angles]
    hits = np.eye(len(edges) - 1)[np.concatenate(bins)]
    p = hits.mean(axis=0)
    thermal = units.kB * temperature
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(p > 0, -thermal * np.log(p / p.max()), np.nan)
        errors = np.where(p > 0, thermal * standard_error(hits, block) / p, np.nan)
    centres = (edges[1:] + edges[:-1]) / 2
    wells = _wells(centres, p, values, thermal)
    crossings = sum(_crossings(one, wells, period) for one in angles)
    return FreeEnergy(label, period, centres, values, errors, crossings, tuple(wells))


def _wells(
    centres: Float[np.ndarray, "B"], p: Float[np.ndarray, "B"], values: Float[np.ndarray, "B"], thermal: float
) -> list[float]:
    """Minima that are at least kT deep, on the circle; from the smoothed density, to ignore noise."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    smooth = gaussian_filter1d(p, 1.5, mode="wrap")
    level = np.log(np.maximum(smooth, 0.3 * p[p > 0].min()))
    n, start = len(level), int(level.argmin())
    rolled = np.roll(level, -start)  # starts at the minimum of the density, so that no peak is cut in two
    peaks, _ = find_peaks(np.concatenate([[rolled.min()], rolled, [rolled.min()]]), prominence=1.0)
    found = sorted(float(centres[(int(k) - 1 + start) % n]) for k in peaks)
    return found or [float(centres[int(np.nanargmin(values))])]


def _crossings(angles: Float[np.ndarray, "M"], wells: list[float], period: float) -> int:
    """How often the angle goes from the core of one well (a quarter of the way to the next) to that of another."""
    if len(wells) < 2:
        return 0
    distances = np.abs(folded(angles[:, None] - np.array(wells), period))
    gaps = np.diff([*wells, wells[0] + period])
    core = np.minimum(gaps, np.roll(gaps, 1)) / 4
    inside: Int[np.ndarray, "M"] = np.where((distances < core).any(axis=1), distances.argmin(axis=1), -1)
    visited = inside[inside >= 0]
    return int((np.diff(visited) != 0).sum())
