"""The models of a dataset seen from near: parity, distributions of errors, regions, and a map of errors with the geometries."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.evaluation.map_axes import landscape
from supple.evaluation.predictions import Predictions
from supple.evaluation.regions import Partition, regions_of
from supple.molecule.bonds import frequent_bonds
from supple.runtime.run_directory import RunDirectory
from supple.study.formatting import display_name, number
from supple.study.plan import Cell
from supple.study.results import Results
from supple.study.test_frames import load_reference, reference_file

#: Points of a parity plot, and frames of the map with their geometries.
_POINTS, _FRAMES = 1500, 600
#: Classes of a histogram.
_CLASSES = 60


def closeup(results: Results, name: str) -> dict[str, Any] | None:
    """Of each model at its largest size with the first seed; None where no predictions were kept."""
    seen = _largest(results, name)
    if not seen:
        return None
    cell, _ = seen[0]
    test = load_reference(reference_file(results.out, name, cell.seed))
    if test is None or test.forces is None:
        return None
    units = _units(results, name, test)
    kept = [(c, p) for c, p in seen if c.seed == cell.seed and np.array_equal(p.frames, test.frames)]
    models = [_model(c, p, test, units) for c, p in kept]
    by_frame = [_force_rmse(p, test, units) for _, p in kept]
    shown = ", ".join(f"{display_name(c.model)} with N={c.n_train}" for c, _ in kept)
    return {
        "models": models,
        "units": {"energy": units.energy, "forces": units.forces},
        "regions": _regions(kept, test, units),
        "map": _map(kept, by_frame, test, units),
        "shown": f"{shown}, seed {cell.seed}; {len(test)} test frames",
    }


def _largest(results: Results, name: str) -> list[tuple[Cell, Predictions]]:
    found = []
    for model in results.record.models:
        cells = [cell for cell in results.record.cells_of(name) if cell.model == model]
        for cell in sorted(cells, key=lambda cell: (-cell.n_train, cell.seed)):
            run = RunDirectory(results.out / "cells" / cell.name)
            predictions = Predictions.load(run.predictions_file) if run.result is not None else None
            if predictions is not None:
                found.append((cell, predictions))
                break
    return found


def _units(results: Results, name: str, test: Dataset) -> Units:
    """Those of the results; of the file where there are none."""
    energy, forces = results.unit(name, "energy"), results.unit(name, "forces")
    if forces is None:
        return test.source.units
    return Units.of(energy or test.source.units.energy, test.source.units.length, forces)


def _model(cell: Cell, predictions: Predictions, test: Dataset, units: Units) -> dict[str, Any]:
    assert test.forces is not None
    rng = np.random.default_rng(0)
    per_force, per_energy = units.forces_in_ev_per_angstrom, units.energy_in_ev
    reference, predicted = test.forces.ravel() / per_force, predictions.forces.ravel() / per_force
    some = np.sort(rng.permutation(len(reference))[:_POINTS])
    errors = predicted - reference
    model: dict[str, Any] = {
        "label": display_name(cell.model),
        "kind": cell.model,
        "forces": {"x": _list(reference[some]), "y": _list(predicted[some]), "histogram": _histogram(errors)},
    }
    known = np.flatnonzero(np.isfinite(test.energies) & np.isfinite(predictions.energies))
    if len(known):
        e, p = test.energies[known] / per_energy, predictions.energies[known] / per_energy
        few = np.sort(rng.permutation(len(known))[:_POINTS])
        low = e.min()
        model["energy"] = {"x": _list((e - low)[few]), "y": _list((p - low)[few]), "histogram": _histogram(p - e)}
    return model


def _histogram(errors: Float[np.ndarray, "K"]) -> dict[str, Any]:
    """Of all errors; those beyond the middle 99.8 % are counted in the outermost classes."""
    edge = float(np.quantile(np.abs(errors), 0.998)) or 1e-12
    counts, edges = np.histogram(np.clip(errors, -edge, edge), bins=_CLASSES, range=(-edge, edge))
    return {"x": _list((edges[1:] + edges[:-1]) / 2), "y": _list(counts / (len(errors) * (edges[1] - edges[0])))}


def _force_rmse(predictions: Predictions, test: Dataset, units: Units) -> Float[np.ndarray, "M"]:
    errors = predictions.forces - test.forces
    return np.sqrt((errors**2).mean((1, 2))) / units.forces_in_ev_per_angstrom


def _regions(kept: list[tuple[Cell, Predictions]], test: Dataset, units: Units) -> list[dict[str, Any]]:
    """A table for each way to divide the frames or the atoms, a column for each model."""
    found = [regions_of(test, predictions, units) for _, predictions in kept]
    names = [display_name(cell.model) for cell, _ in kept]
    return [_table(parts, names, units) for parts in zip(*found, strict=True)]


def _table(parts: tuple[Partition, ...], names: list[str], units: Units) -> dict[str, Any]:
    with_energy = any(r.metrics is not None and r.metrics.energy is not None for part in parts for r in part.regions)
    headings = [f"F RMSE, {name} ({units.forces})" for name in names]
    headings += [f"E RMSE, {name} ({units.energy})" for name in names] if with_energy else []
    lines = []
    for regions in zip(*(part.regions for part in parts), strict=True):
        forces = [r.metrics.forces.rmse if r.metrics and r.metrics.forces else None for r in regions]
        energies = [r.metrics.energy.rmse if r.metrics and r.metrics.energy else None for r in regions]
        lines.append(
            {
                "label": regions[0].label,
                "n_frames": regions[0].n_frames,
                "values": [None if v is None else number(v) for v in (*forces, *(energies if with_energy else []))],
                "bars": forces,
            }
        )
    top = max((v for line in lines for v in line["bars"] if v is not None), default=0.0) or 1.0
    for line in lines:
        line["bars"] = [0 if v is None else round(100 * v / top) for v in line["bars"]]
    return {"name": parts[0].name, "headings": headings, "lines": lines, "names": names}


def _map(
    kept: list[tuple[Cell, Predictions]], by_frame: list[Float[np.ndarray, "M"]], test: Dataset, units: Units
) -> dict[str, Any] | None:
    """Frames on two coordinates, with the force error of each model and the geometry; the worst frames are among them."""
    axes = landscape(test)
    if axes is None:
        return None
    worst = np.argsort(-np.max(by_frame, axis=0), kind="stable")[: max(len(test) // 100, 1)]
    others = np.random.default_rng(0).permutation(len(test))
    order = list(dict.fromkeys([*worst.tolist(), *others.tolist()]))[:_FRAMES]
    chosen = np.sort(order)
    centred = test.positions[chosen] - test.positions[chosen].mean(axis=1, keepdims=True)
    joined = np.argwhere(np.triu(frequent_bonds(test.numbers, test.positions)))
    energy = [(p.energies - test.energies)[chosen] / units.energy_in_ev for _, p in kept]
    atoms = [
        np.linalg.norm((p.forces - test.forces)[chosen], axis=2) / units.forces_in_ev_per_angstrom for _, p in kept
    ]
    return {
        "labels": [axis.label for axis in axes],
        "x": _list(axes[0].values[chosen]),
        "y": _list(axes[1].values[chosen]),
        "frames": test.frames[chosen].tolist(),
        "models": [
            {"label": display_name(cell.model), "forces": _list(errors[chosen]), "energy": _list(e), "atoms": _rows(a)}
            for (cell, _), errors, e, a in zip(kept, by_frame, energy, atoms, strict=True)
        ],
        "symbols": [chemical_symbols[z] for z in test.numbers],
        "radii": [round(float(covalent_radii[z]), 2) for z in test.numbers],
        "bonds": joined.tolist(),
        "positions": [[round(float(v), 2) for v in frame.ravel()] for frame in centred],
    }


def _rows(values: Float[np.ndarray, "M N"]) -> list[list[float]]:
    return [[float(f"{v:.2g}") for v in row] for row in values]


def _list(values: Float[np.ndarray, "K"]) -> list[float | None]:
    """Four digits of each, None for what is not a number: JSON knows no NaN."""
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in values]
