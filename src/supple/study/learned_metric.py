"""LearnedMetric: what the largest sGDML training of a dataset has learned about which geometries differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from supple.errors import SettingsError
from supple.models.sgdml.metric_contributions import KINDS, Contribution, by_kind, recorded_contributions
from supple.runtime.validation import first_problem
from supple.study.model_style import display_name
from supple.study.plan import Cell
from supple.study.results import Results
from supple.training import TrainingResult

#: The kind of model that learns a metric.
KIND = "sgdml"


@dataclass(frozen=True)
class LearnedMetric:
    """A metric that a training has learned.

    Attributes:
        cell: the training.
        contributions: of the entries of the descriptor, family by family, the largest first.
    """

    cell: Cell
    contributions: Sequence[Contribution]

    @property
    def shown(self) -> str:
        """Which training this is."""
        return f"{display_name(self.cell.model)} with N={self.cell.n_train}, seed {self.cell.seed}"

    @property
    def shares(self) -> dict[str, dict[str, float]]:
        """The shares of each kind of entry by family, between 0 and 1."""
        return by_kind(self.contributions)

    @property
    def kinds(self) -> list[str]:
        """The kinds of entries that occur, from bonds to dihedrals."""
        found = dict.fromkeys(one.kind for one in self.contributions)
        return [*(kind for kind in KINDS if kind in found), *(kind for kind in found if kind not in KINDS)]


def learned_metric(results: Results, name: str) -> LearnedMetric | None:
    """Of a dataset's largest sGDML training that has learned one, with the first seed; None where there is none.

    Raises:
        SettingsError: what the training recorded about its metric is damaged.
    """
    cells = [cell for cell in results.record.cells_of(name) if cell.model == KIND and cell not in results.failures]
    for cell in sorted(cells, key=lambda cell: (-cell.n_train, cell.seed)):
        directory = results.out / "cells" / cell.name
        result = TrainingResult.read(directory)
        found = [] if result is None else _contributions(result, directory)
        if found:
            return LearnedMetric(cell, found)
    return None


def _contributions(result: TrainingResult, directory: Path) -> list[Contribution]:
    try:
        return recorded_contributions(result.settings)
    except ValidationError as error:
        raise SettingsError(
            f"The settings in {directory / 'result.json'} are damaged ({first_problem(error)}): "
            "delete its folder to start again."
        ) from error
