"""A map of errors: test frames on two coordinates, with the errors of each model and the geometries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.evaluation.map_axes import map_axes
from supple.evaluation.predictions import Predictions
from supple.molecule.bonds import frequent_bonds
from supple.study.plot_values import plot_values

#: Frames on the map, with their geometries.
_FRAMES = 600


@dataclass(frozen=True)
class MapErrors:
    """Errors of one model on the frames of the map.

    Attributes:
        label: the model.
        forces: force RMSE of each frame.
        energy: energy error of each frame; None where it is unknown.
        atoms: norm of the force error on each atom of each frame.
    """

    label: str
    forces: list[float | None]
    energy: list[float | None]
    atoms: list[list[float]]


@dataclass(frozen=True)
class ErrorMap:
    """Frames on two coordinates.

    Attributes:
        labels: of the two coordinates.
        x, y: their values in degrees.
        frames: indices of the frames in their file.
        models: errors of each model.
        symbols, radii: element and covalent radius (Å) of each atom.
        bonds: pairs of atoms.
        positions: of all atoms in each frame (Å), centred; x, y, z of one atom after another.
    """

    labels: list[str]
    x: list[float | None]
    y: list[float | None]
    frames: list[int]
    models: list[MapErrors]
    symbols: list[str]
    radii: list[float]
    bonds: list[list[int]]
    positions: list[list[float]]


def error_map(predictions: Mapping[str, Predictions], test: Dataset, units: Units) -> ErrorMap | None:
    """The map of a sample of frames that includes the worst ones; None for a molecule without a flexible torsion.

    Args:
        predictions: of the test frames, by the name of the model.
        test: frames with forces.
        units: of the errors.
    """
    axes = map_axes(test)
    if axes is None:
        return None
    force_errors = {name: _force_errors(p, test, units) for name, p in predictions.items()}
    by_frame = {name: np.sqrt((errors**2).mean((1, 2))) for name, errors in force_errors.items()}
    chosen = _sample(np.max(list(by_frame.values()), axis=0))
    models = []
    for name, p in predictions.items():
        energy = (p.energies - test.energies)[chosen] / units.energy_in_ev
        atoms = np.linalg.norm(force_errors[name][chosen], axis=2)
        models.append(MapErrors(name, plot_values(by_frame[name][chosen]), plot_values(energy), _two_digits(atoms)))
    centred = test.positions[chosen] - test.positions[chosen].mean(axis=1, keepdims=True)
    return ErrorMap(
        labels=[axis.label for axis in axes],
        x=plot_values(axes[0].values[chosen]),
        y=plot_values(axes[1].values[chosen]),
        frames=test.frames[chosen].tolist(),
        models=models,
        symbols=[chemical_symbols[z] for z in test.numbers],
        radii=[round(float(covalent_radii[z]), 2) for z in test.numbers],
        bonds=np.argwhere(np.triu(frequent_bonds(test.numbers, test.positions))).tolist(),
        positions=[[round(float(v), 2) for v in frame.ravel()] for frame in centred],
    )


def _force_errors(predictions: Predictions, test: Dataset, units: Units) -> Float[np.ndarray, "M N 3"]:
    return (predictions.forces - test.forces) / units.forces_in_ev_per_angstrom


def _sample(errors: Float[np.ndarray, "M"]) -> np.ndarray:
    """Indices of the worst 1 % of the frames, filled up with random ones, in ascending order."""
    worst = np.argsort(-errors, kind="stable")[: max(len(errors) // 100, 1)]
    others = np.random.default_rng(0).permutation(len(errors))
    return np.sort(list(dict.fromkeys([*worst.tolist(), *others.tolist()]))[:_FRAMES])


def _two_digits(values: Float[np.ndarray, "M N"]) -> list[list[float]]:
    return [[float(f"{v:.2g}") for v in row] for row in values]
