"""Published learning curves: read from the YAML files in `numbers`, converted to the units of a file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from supple.data.units import Quantity, in_internal

Metric = Literal["rmse", "mae"]

#: The file that describes the data sets; every other one is a source of numbers.
DATASETS = "datasets.yaml"


class Source(BaseModel):
    """Where numbers were published, and what they mean there.

    Attributes:
        label: short name for legends, such as `NequIP 2022`.
        title, authors: of the publication.
        venue, year: None for what was not published in a journal.
        doi: None for what has no DOI.
        definition: which error, of which quantity, averaged over what.
        units: of each quantity.
        split: which frames were trained on and tested.
        uncertainty: of the numbers.
        remarks: anything else that a comparison should take into account.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    title: str
    authors: str
    venue: str | None
    year: int | None
    doi: str | None
    definition: str
    units: dict[Quantity, str]
    split: str
    uncertainty: str
    remarks: tuple[str, ...] = ()

    @property
    def citation(self) -> str:
        """Authors, title, venue, year and DOI in one line, which also says if there is no DOI."""
        venue = f", {self.venue} ({self.year})" if self.venue else ""
        doi = f"doi {self.doi}" if self.doi else "no DOI; unpublished report"
        return f"{self.authors}: {self.title}{venue}, {doi}"


class Series(BaseModel):
    """One published learning curve: errors of a model at training sizes.

    Attributes:
        source: where it was published.
        dataset: which data, as in datasets.yaml.
        model: the model's name in the publication.
        kind: the kind of model in Supple, None where Supple has none.
        quantity, metric: the error of what, and which error.
        sizes, values: training frames, and errors in `unit`; of equal length.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Source
    dataset: str
    model: str
    kind: str | None = None
    quantity: Quantity
    metric: Metric
    sizes: tuple[int, ...]
    values: tuple[float, ...]

    @model_validator(mode="after")
    def _equally_long(self) -> Series:
        if len(self.sizes) != len(self.values):
            raise ValueError(f"{self.dataset}, {self.model}: {len(self.sizes)} sizes, {len(self.values)} values")
        return self

    @property
    def unit(self) -> str:
        """The unit of `values`."""
        return self.source.units[self.quantity]

    @property
    def label(self) -> str:
        """For a legend, such as `SchNet, Vassilev-Galindo 2021`."""
        return f"{self.model}, {self.source.label}"

    def values_in(self, unit: str) -> tuple[float, ...]:
        """The values in another unit.

        Raises:
            UnitsError: the unit does not exist.
        """
        factor = in_internal(self.quantity, self.unit) / in_internal(self.quantity, unit)
        return tuple(value * factor for value in self.values)

    def at(self, size: int, unit: str) -> float | None:
        """The value at one training size, None where none was published."""
        return dict(zip(self.sizes, self.values_in(unit), strict=True)).get(size)


@cache
def load_published() -> tuple[Series, ...]:
    """All published series, in the order of their files' names; those without a DOI last."""
    found: list[Series] = []
    for name, content in sorted(yaml_files().items()):
        if name == DATASETS:
            continue
        series = content.pop("series")
        source = Source.model_validate(content)
        found += [Series.model_validate({**one, "source": source}) for one in series]
    return tuple(sorted(found, key=lambda series: series.source.doi is None))


def series_for(dataset: str, quantity: Quantity | None = None, metric: Metric | None = None) -> list[Series]:
    """Published series of one dataset id, of one quantity and metric if they are given."""
    return [
        series
        for series in load_published()
        if series.dataset == dataset and quantity in (None, series.quantity) and metric in (None, series.metric)
    ]


def yaml_files() -> dict[str, dict[str, Any]]:
    """The content of every file in `numbers`, by file name."""
    folder = files("supple.evaluation.published") / "numbers"
    return {
        file.name: yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    }
