"""Where a force field is accurate and where it is not: errors by region of the energy surface, and by atom.

Errors of flexible molecules differ strongly between minima and the paths between them, which a mean over all frames hides
(doi 10.1063/5.0038516). Each `Partition` divides the frames (or the atoms) by one criterion:

    conformers       by the minima of the torsions
    a torsion        by its angle; by the absolute value where a reflection takes one sign to the other
    energy           by quantiles of the reference energy
    elements, atoms  the forces on them
    worst frames     the 1 % with the largest force errors, and the rest
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Bool, Float

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.evaluation.predictions import Predictions
from supple.models.metrics import Metrics
from supple.models.potential import Potential
from supple.molecule.conformers import conformers
from supple.molecule.torsion_symmetry import TorsionSymmetry, mirrored_torsions, torsion_symmetries
from supple.molecule.torsions import Torsion, rotatable_torsions, torsion_angles
from supple.runtime.rounding import rounded

#: No error is given for fewer frames.
FEWEST = 5
#: Bins over half of the period of a torsion.
_BINS = 6
#: Degrees; a torsion that varies by less counts as rigid.
_MINIMUM_RANGE = 30.0
#: Edges of the regions by energy, as fractions of all frames.
_QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


@dataclass(frozen=True)
class Region:
    """Errors in one region.

    Attributes:
        label: its name.
        n_frames: number of frames in it.
        share: its part of the total squared force error; None if that is zero.
        metrics: its errors; None where there are too few frames.
    """

    label: str
    n_frames: int
    share: float | None
    metrics: Metrics | None


@dataclass(frozen=True)
class Partition:
    """The frames, or the atoms, divided by one criterion."""

    name: str
    regions: tuple[Region, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, as `--json` prints them."""
        return asdict(self)


@dataclass(frozen=True)
class _Errors:
    """Errors of all frames: energies in eV, NaN where unknown, and forces in eV/Å."""

    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"]
    units: Units

    def region(self, label: str, frames: Bool[np.ndarray, "M"], atoms: Bool[np.ndarray, "N"] | None = None) -> Region:
        forces = self.forces[frames] if atoms is None else self.forces[frames][:, atoms]
        total = float((self.forces**2).sum())
        n = int(frames.sum())
        energies = self.energies[frames] if atoms is None else np.full(n, np.nan)
        metrics = Metrics.of(energies, forces, self.units) if n >= FEWEST else None
        return Region(label, n, float((forces**2).sum()) / total if total else None, metrics)


def errors_by_region(potential: Potential, dataset: Dataset, units: Units | str | None = None) -> list[Partition]:
    """Errors of a force field by region.

    Args:
        potential: the force field.
        dataset: labelled frames that it was not trained on.
        units: of the errors; those of the file when None.

    Raises:
        MoleculeError: the frames are of another molecule or atom order.
        ValueError: the frames have no forces.
    """
    return prediction_errors_by_region(dataset, Predictions.of(potential, dataset), units)


def prediction_errors_by_region(
    dataset: Dataset, predictions: Predictions, units: Units | str | None = None
) -> list[Partition]:
    """As `errors_by_region`, from predictions that have been made already.

    Raises:
        ValueError: the frames have no forces.
    """
    if dataset.forces is None:
        raise ValueError("errors by region need forces")
    wanted = dataset.source.units if units is None else Units.parse(units)
    errors = _Errors(predictions.energies - dataset.energies, predictions.forces - dataset.forces, wanted)
    torsions = rotatable_torsions(dataset.numbers, dataset.positions)
    angles = torsion_angles(dataset.positions, torsions)
    symmetries = torsion_symmetries(dataset.numbers, dataset.positions, torsions)
    mirrored = mirrored_torsions(symmetries, len(torsions))
    partitions = [
        _by_conformer(errors, torsions, angles, symmetries),
        *(_by_angle(errors, torsion, angles[:, t], mirrored[t]) for t, torsion in enumerate(torsions)),
        _by_energy(errors, dataset.energies),
        _by_element(errors, dataset),
        _by_atom(errors, dataset),
        _worst(errors),
    ]
    return [partition for partition in partitions if partition is not None]


def _by_conformer(
    errors: _Errors, torsions: list[Torsion], angles: Float[np.ndarray, "M T"], symmetries: list[TorsionSymmetry]
) -> Partition | None:
    distinctive, found = conformers(torsions, angles, symmetries)
    if len(found) < 2:
        return None
    regions, left = [], np.ones(len(angles), bool)
    for one in found:
        frames = _mask(len(angles), one.frames)
        left &= ~frames
        label = ", ".join(f"{torsion} {angle:.0f}°" for torsion, angle in zip(distinctive, one.angles, strict=True))
        regions.append(errors.region(label, frames))
    if left.any():
        regions.append(errors.region("between conformers", left))
    return Partition("conformers", tuple(regions))


def _by_angle(errors: _Errors, torsion: Torsion, angles: Float[np.ndarray, "M"], mirrored: bool) -> Partition | None:
    values, low, n_bins = (np.abs(angles), 0.0, _BINS) if mirrored else (angles, -torsion.period / 2, 2 * _BINS)
    if np.ptp(values) < _MINIMUM_RANGE:
        return None
    edges = np.linspace(low, torsion.period / 2, n_bins + 1)
    bins = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, n_bins - 1)
    regions = [errors.region(f"{edges[k]:.0f} to {edges[k + 1]:.0f}°", bins == k) for k in range(n_bins)]
    return Partition(f"torsion {torsion}", tuple(region for region in regions if region.n_frames))


def _by_energy(errors: _Errors, energies: Float[np.ndarray, "M"]) -> Partition | None:
    known = np.flatnonzero(np.isfinite(energies))
    if len(known) < FEWEST * len(_QUANTILES):
        return None
    order = known[np.argsort(energies[known], kind="stable")]
    edges = np.round(np.array(_QUANTILES) * len(order)).astype(int)
    lowest, unit = energies[order[0]], errors.units
    regions = []
    for start, stop in pairwise(edges):
        if start == stop:
            continue
        heights = (energies[order[[start, stop - 1]]] - lowest) / unit.energy_in_ev
        label = f"{rounded(heights[0])} to {rounded(heights[1])} {unit.energy} above the lowest energy"
        regions.append(errors.region(label, _mask(len(energies), order[start:stop])))
    return Partition("energy", tuple(regions))


def _by_element(errors: _Errors, dataset: Dataset) -> Partition:
    elements = sorted({int(z) for z in dataset.numbers})
    return _by_atoms(errors, "elements", ((chemical_symbols[z], dataset.numbers == z) for z in elements))


def _by_atom(errors: _Errors, dataset: Dataset) -> Partition:
    one = np.eye(len(dataset.numbers), dtype=bool)
    return _by_atoms(
        errors, "atoms", ((f"{chemical_symbols[z]}{i + 1}", one[i]) for i, z in enumerate(dataset.numbers))
    )


def _by_atoms(errors: _Errors, name: str, groups: Iterable[tuple[str, Bool[np.ndarray, "N"]]]) -> Partition:
    everywhere = np.ones(len(errors.forces), bool)
    return Partition(name, tuple(errors.region(label, everywhere, atoms) for label, atoms in groups))


def _worst(errors: _Errors) -> Partition:
    of_frames = (errors.forces**2).sum((1, 2))
    n = max(1, round(0.01 * len(of_frames)))
    worst = _mask(len(of_frames), np.argsort(-of_frames, kind="stable")[:n])
    return Partition("worst frames", (errors.region("worst 1 %", worst), errors.region("all others", ~worst)))


def _mask(n: int, frames: np.ndarray) -> Bool[np.ndarray, "M"]:
    mask = np.zeros(n, bool)
    mask[frames] = True
    return mask
