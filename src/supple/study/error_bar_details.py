"""Error bars in a report: whether they hold as many errors as they should, expected beside actual errors, and where a model knows least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.evaluation.error_bars import ErrorBarQuality
from supple.evaluation.expected_errors import ExpectedErrors
from supple.evaluation.predictions import PredictedErrors, Predictions
from supple.study.formatting import number, percent
from supple.study.model_style import display_name
from supple.study.plan import Cell
from supple.study.plot_values import plot_values
from supple.study.results_table import Table

#: Frames of each model where it knows least.
_LEAST_KNOWN = 5


@dataclass(frozen=True)
class Expected:
    """Expected and actual errors of frames with similar error bars."""

    expected: list[float | None]
    actual: list[float | None]


@dataclass(frozen=True)
class ModelErrorBars:
    """Error bars of one model; `energy` is None where the energies are unknown."""

    label: str
    kind: str
    forces: Expected
    energy: Expected | None


@dataclass(frozen=True)
class ErrorBarDetails:
    """Error bars of the models of a dataset.

    Attributes:
        models: expected and actual errors of each.
        coverage: which part of the errors the intervals hold, and rank correlations.
        least_known: frames with the largest expected force errors.
        has_energy: whether a model has error bars of energies.
    """

    models: list[ModelErrorBars]
    coverage: Table
    least_known: Table
    has_energy: bool


@dataclass(frozen=True, eq=False)
class _Quantity:
    """Errors and error bars of M frames, and what follows."""

    quality: ErrorBarQuality
    found: ExpectedErrors

    @classmethod
    def of(
        cls, errors: Float[np.ndarray, "M C"], stds: Float[np.ndarray, "M C"], quantiles: Float[np.ndarray, "2"]
    ) -> _Quantity:
        low, high = quantiles.tolist()
        return cls(ErrorBarQuality.of(errors, stds, (low, high), None), ExpectedErrors.of(errors, stds))

    @property
    def plotted(self) -> Expected:
        bins = self.found.bins
        expected, actual = (np.array([getattr(one, name) for one in bins]) for name in ("expected", "actual"))
        return Expected(plot_values(expected), plot_values(actual))

    @property
    def cells(self) -> list[str]:
        rank = self.quality.spearman
        parts = [percent(self.quality.coverage68), percent(self.quality.coverage95)]
        return [*parts, "–" if rank is None else f"{rank:.2f}"]


def error_bar_details(found: Sequence[tuple[Cell, Predictions]], test: Dataset, units: Units) -> ErrorBarDetails | None:
    """Of the trainings whose force fields have error bars; None where there are none.

    Args:
        found: predictions of the test frames.
        test: frames with forces.
        units: of the errors.
    """
    models, coverage, least = [], [], []
    for cell, predictions in found:
        if (bars := predictions.errors) is None:
            continue
        name = display_name(cell.model)
        forces, energy = _forces(predictions, bars, test, units), _energy(predictions, bars, test, units)
        models.append(ModelErrorBars(name, cell.model, forces.plotted, None if energy is None else energy.plotted))
        coverage.append([name, *forces.cells, *(["–"] * 3 if energy is None else energy.cells)])
        of = forces.found
        least += [
            [name, str(test.frames[k]), number(float(of.expected[k])), number(float(of.actual[k]))]
            for k in of.frames[:_LEAST_KNOWN]
        ]
    if not models:
        return None
    headings = [f"{symbol} in {part} interval" for symbol in "FE" for part in ("68 %", "95 %")]
    headings.insert(2, "F rank correlation")
    return ErrorBarDetails(
        models,
        Table(["model", *headings, "E rank correlation"], coverage),
        Table(["model", "frame", "expected", "actual"], least),
        any(model.energy is not None for model in models),
    )


def _forces(predictions: Predictions, bars: PredictedErrors, test: Dataset, units: Units) -> _Quantity:
    assert test.forces is not None
    unit = units.forces_in_ev_per_angstrom
    errors = (predictions.forces - test.forces).reshape(len(test), -1) / unit
    return _Quantity.of(errors, np.repeat(bars.forces, 3, axis=1) / unit, bars.force_quantiles)


def _energy(predictions: Predictions, bars: PredictedErrors, test: Dataset, units: Units) -> _Quantity | None:
    errors = (predictions.energies - test.energies) / units.energy_in_ev
    known = np.isfinite(errors) & np.isfinite(bars.energies)
    if not known.any():
        return None
    return _Quantity.of(errors[known, None], bars.energies[known, None] / units.energy_in_ev, bars.energy_quantiles)
