"""Free energy along a torsion: F(φ) = -kT ln p(φ), with its statistical error from blocks.

It holds where the trajectory is of the canonical ensemble and has gone to and fro between the wells; how often it has is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import units
from jaxtyping import Float, Int

from supple.molecule.torsions import folded
from supple.simulation.analysis.block_errors import block_numbers, standard_error


@dataclass(frozen=True, eq=False)
class FreeEnergy:
    """Along one torsion.

    Attributes:
        label: of the torsion.
        period: degrees.
        angles: middles of the bins, degrees, shape (B,).
        values: above the lowest, eV, shape (B,); NaN where the molecule has not been.
        errors: standard errors, eV, shape (B,).
        crossings: how often the molecule went from one well to another.
        wells: of the free energy: the angles of their minima, degrees.
    """

    label: str
    period: float
    angles: Float[np.ndarray, "B"]
    values: Float[np.ndarray, "B"]
    errors: Float[np.ndarray, "B"]
    crossings: int
    wells: tuple[float, ...]


def free_energy(
    label: str,
    period: float,
    angles: list[Float[np.ndarray, "_"]],
    edges: Float[np.ndarray, "E"],
    kelvin: float,
) -> FreeEnergy:
    """From the angles of trajectories in degrees.

    The error of F is kT σ_p/p, σ_p being the standard error of p over blocks of time.

    Args:
        label, period: of the torsion; the period in degrees.
        angles: one array for each trajectory.
        edges: of the bins, over a whole period.
        kelvin: the temperature.
    """
    block = block_numbers([len(one) for one in angles])
    bins = [np.clip(np.searchsorted(edges, one, side="right") - 1, 0, len(edges) - 2) for one in angles]
    hits = np.eye(len(edges) - 1)[np.concatenate(bins)]
    p = hits.mean(axis=0)
    thermal = units.kB * kelvin
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
    """Minima that are a kT deep at least, round the circle; of the smoothed density, so that noise makes none."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    smooth = gaussian_filter1d(p, 1.5, mode="wrap")
    level = np.log(np.maximum(smooth, 0.3 * p[p > 0].min()))
    n, start = len(level), int(level.argmin())
    turned = np.roll(level, -start)  # from the deepest valley of the density: no peak is cut in two
    peaks, _ = find_peaks(np.concatenate([[turned.min()], turned, [turned.min()]]), prominence=1.0)
    found = sorted(float(centres[(int(k) - 1 + start) % n]) for k in peaks)
    return found or [float(centres[int(np.nanargmin(values))])]


def _crossings(angles: Float[np.ndarray, "M"], wells: list[float], period: float) -> int:
    """Goings from the core of one well (a quarter of the way to the next) to that of another."""
    if len(wells) < 2:
        return 0
    away = np.abs(folded(angles[:, None] - np.array(wells), period))
    gaps = np.diff([*wells, wells[0] + period])
    core = np.minimum(gaps, np.roll(gaps, 1)) / 4
    inside: Int[np.ndarray, "M"] = np.where((away < core).any(axis=1), away.argmin(axis=1), -1)
    visited = inside[inside >= 0]
    return int((np.diff(visited) != 0).sum())
