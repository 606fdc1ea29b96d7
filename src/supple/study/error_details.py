"""Error details of a dataset's models: parity plots, distributions of errors, errors by region, and a map of errors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.evaluation.predictions import Predictions
from supple.runtime.run_directory import RunDirectory
from supple.study.error_bar_details import ErrorBarDetails, error_bar_details
from supple.study.error_map import ErrorMap, error_map
from supple.study.model_style import display_name
from supple.study.plan import Cell
from supple.study.plot_values import plot_values
from supple.study.reference_frames import load_reference, reference_file
from supple.study.region_tables import RegionTable, region_tables
from supple.study.results import Results
from supple.training import TrainingResult

#: Points of a parity plot.
_POINTS = 1500
#: Bins of a histogram.
_BINS = 60


@dataclass(frozen=True)
class Histogram:
    """The density `y` of errors at the centres `x` of bins."""

    x: list[float | None]
    y: list[float | None]


@dataclass(frozen=True)
class Parity:
    """Reference values `x` and predicted values `y` of a sample, and the histogram of all errors."""

    x: list[float | None]
    y: list[float | None]
    histogram: Histogram


@dataclass(frozen=True)
class ModelErrors:
    """Errors of one model; `energy` is None where the energies are unknown."""

    label: str
    kind: str
    forces: Parity
    energy: Parity | None


@dataclass(frozen=True)
class ErrorDetails:
    """The error details of a dataset in a report.

    Attributes:
        models: errors of each.
        units: of `energy` and `forces`.
        regions: errors by region, a table for each criterion.
        map: frames on two coordinates; None for a rigid molecule.
        bars: of the models that have error bars; None where none has.
        shown: which trainings and test frames these are.
    """

    models: list[ModelErrors]
    units: dict[str, str]
    regions: list[RegionTable]
    map: ErrorMap | None
    bars: ErrorBarDetails | None
    shown: str

    def to_json(self) -> dict[str, Any]:
        """For the page's script."""
        return asdict(self)


def error_details(results: Results, name: str) -> ErrorDetails | None:
    """Of each model of a dataset at its largest size with the first seed; None where no predictions were saved."""
    found = _largest(results, name)
    if not found:
        return None
    seed = found[0][0].seed
    test = load_reference(reference_file(results.out, name, seed))
    if test is None or test.forces is None:
        return None
    units = _units(results, name, test)
    same_frames = [
        (c, p)
        for c, p in found
        if c.seed == seed and np.array_equal(p.frames, test.frames) and p.forces.shape == test.forces.shape
    ]
    predictions = {display_name(c.model): p for c, p in same_frames}
    shown = ", ".join(f"{display_name(c.model)} with N={c.n_train}" for c, _ in same_frames)
    return ErrorDetails(
        models=[_model(c, p, test, units) for c, p in same_frames],
        units={"energy": units.energy, "forces": units.forces},
        regions=region_tables(predictions, test, units),
        map=error_map(predictions, test, units),
        bars=error_bar_details([(c, p) for c, p in same_frames], test, units),
        shown=f"{shown}, seed {seed}; {len(test)} test frames",
    )


def _largest(results: Results, name: str) -> list[tuple[Cell, Predictions]]:
    """For each model, the largest training with saved predictions."""
    found = []
    for model in results.record.models:
        cells = [cell for cell in results.record.cells_of(name) if cell.model == model]
        for cell in sorted(cells, key=lambda cell: (-cell.n_train, cell.seed)):
            directory = results.out / "cells" / cell.name
            complete = TrainingResult.read(directory) is not None
            predictions = Predictions.load(RunDirectory(directory).predictions_file) if complete else None
            if predictions is not None:
                found.append((cell, predictions))
                break
    return found


def _units(results: Results, name: str, test: Dataset) -> Units:
    """The units of the results; those of the file where there are no results."""
    energy, forces = results.unit(name, "energy"), results.unit(name, "forces")
    if forces is None:
        return test.source.units
    return Units.of(energy or test.source.units.energy, test.source.units.length, forces)


def _model(cell: Cell, predictions: Predictions, test: Dataset, units: Units) -> ModelErrors:
    assert test.forces is not None
    rng = np.random.default_rng(0)
    per_force, per_energy = units.forces_in_ev_per_angstrom, units.energy_in_ev
    reference, predicted = test.forces.ravel() / per_force, predictions.forces.ravel() / per_force
    forces = _parity(reference, predicted, rng)
    energy = None
    known = np.flatnonzero(np.isfinite(test.energies) & np.isfinite(predictions.energies))
    if len(known):
        e, p = test.energies[known] / per_energy, predictions.energies[known] / per_energy
        energy = _parity(e, p, rng, zero=float(e.min()))
    return ModelErrors(display_name(cell.model), cell.model, forces, energy)


def _parity(
    reference: Float[np.ndarray, "K"], predicted: Float[np.ndarray, "K"], rng: np.random.Generator, zero: float = 0.0
) -> Parity:
    """A random sample of the values, relative to `zero`, and the histogram of all errors."""
    sample = np.sort(rng.permutation(len(reference))[:_POINTS])
    return Parity(
        plot_values((reference - zero)[sample]),
        plot_values((predicted - zero)[sample]),
        _histogram(predicted - reference),
    )


def _histogram(errors: Float[np.ndarray, "K"]) -> Histogram:
    """Of all errors; those beyond the middle 99.8 % are counted in the outermost bins."""
    edge = float(np.quantile(np.abs(errors), 0.998)) or 1e-12
    counts, edges = np.histogram(np.clip(errors, -edge, edge), bins=_BINS, range=(-edge, edge))
    density = counts / (len(errors) * (edges[1] - edges[0]))
    return Histogram(plot_values((edges[1:] + edges[:-1]) / 2), plot_values(density))
