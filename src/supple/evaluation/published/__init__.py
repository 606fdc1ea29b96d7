"""Published errors of force fields: read from supple/published, recognised for a file, converted to its units."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from supple.data.units import Quantity, in_internal

Metric = Literal["rmse", "mae"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Record):
    """Where numbers were published, and what they mean there."""

    #: Short name for legends, as `NequIP 2022`.
    label: str
    title: str
    authors: str
    #: None for what was not published in a journal.
    venue: str | None
    year: int | None
    #: None for what has no DOI.
    doi: str | None
    #: Which error, of which quantity, over what.
    definition: str
    units: dict[Quantity, str]
    split: str
    uncertainty: str
    remarks: tuple[str, ...] = ()

    @property
    def citation(self) -> str:
        """Authors, title, venue, year and DOI in one sentence; honest where there is no DOI."""
        venue = f", {self.venue} ({self.year})" if self.venue else ""
        doi = f"doi {self.doi}" if self.doi else "no DOI; unpublished report"
        return f"{self.authors}: {self.title}{venue}, {doi}"


class Series(_Record):
    """One published learning curve: errors of a model at training sizes.

    Attributes:
        source: where from.
        dataset: which data, as in datasets.yaml.
        model: the model's name as published.
        kind: the kind of model in Supple, None where Supple has none.
        quantity, metric: error of what, and which error.
        sizes, values: training frames, and errors in `unit`; of equal length.
    """

    source: Source
    dataset: str
    model: str
    kind: str | None = None
    quantity: Quantity
    metric: Metric
    sizes: tuple[int, ...]
    values: tuple[float, ...]

    @model_validator(mode="after")
    def _as_long(self) -> Series:
        if len(self.sizes) != len(self.values):
            raise ValueError(f"{self.dataset}, {self.model}: {len(self.sizes)} sizes, {len(self.values)} values")
        return self

    @property
    def unit(self) -> str:
        """What `values` are in."""
        return self.source.units[self.quantity]

    @property
    def label(self) -> str:
        """For a legend, as `SchNet, Vassilev-Galindo 2021`."""
        return f"{self.model}, {self.source.label}"

    def values_in(self, unit: str) -> tuple[float, ...]:
        """The values in another unit.

        Raises:
            UnitsError: the unit is not known.
        """
        factor = in_internal(self.quantity, self.unit) / in_internal(self.quantity, unit)
        return tuple(value * factor for value in self.values)

    def at(self, size: int, unit: str) -> float | None:
        """The value at one training size, None where none was published."""
        return dict(zip(self.sizes, self.values_in(unit), strict=True)).get(size)


class _Known(_Record):
    """How data are recognised: patterns for the name of the file, of the level of theory and, where it matters, of the test file."""

    title: str
    formula: str
    name: str
    theory: str
    test: str | None = None


@cache
def load_published() -> tuple[Series, ...]:
    """All published series, in the order of their files' names; those without a DOI last."""
    found: list[Series] = []
    for name, content in sorted(_yaml_files().items()):
        if name == "datasets.yaml":
            continue
        series = content.pop("series")
        source = Source.model_validate(content)
        found += [Series.model_validate({**one, "source": source}) for one in series]
    return tuple(sorted(found, key=lambda series: series.source.doi is None))


def recognise(name: str, formula: str, test_name: str = "", theory: str = "") -> list[str]:
    """The published data that a file holds, judged by its name, formula and theory: ids for `series_for`, often none.

    Args:
        name: the file's name, in any spelling (`Azobenzene_inversion.xyz`).
        formula: Hill formula of its molecule.
        test_name: name of a separate test file; some published numbers belong to one.
        theory: the level of theory, where the file states it.
    """
    spoken, tested, stated = _spoken(name), _spoken(test_name), _spoken(theory)
    return [
        key
        for key, known in _datasets().items()
        if known.formula == formula
        and re.search(known.name, spoken)
        and (known.test is None or re.search(known.test, tested))
        and (not stated or re.search(known.theory, stated))
    ]


def dataset_ids() -> list[str]:
    """The ids of all data that numbers are known for."""
    with_numbers = {series.dataset for series in load_published()}
    return [key for key in _datasets() if key in with_numbers]


def title_of(dataset: str) -> str:
    """The words for a dataset id, as `azobenzene rotation`."""
    return _datasets()[dataset].title


def series_for(dataset: str, quantity: Quantity | None = None, metric: Metric | None = None) -> list[Series]:
    """Published series of one dataset id, of one quantity and metric if they are given."""
    return [
        series
        for series in load_published()
        if series.dataset == dataset and quantity in (None, series.quantity) and metric in (None, series.metric)
    ]


@cache
def _datasets() -> dict[str, _Known]:
    return {key: _Known.model_validate(value) for key, value in _yaml_files()["datasets.yaml"].items()}


def _yaml_files() -> dict[str, dict[str, Any]]:
    folder = files("supple.evaluation.published")
    return {
        file.name: yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    }


def _spoken(name: str) -> str:
    """Lower case, words apart: `AzobenzeneRotation_1.npz` becomes `azobenzene rotation 1 npz`."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name)
    return " ".join(re.findall(r"[a-z0-9]+", apart.lower()))
