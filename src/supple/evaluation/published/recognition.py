"""Which published data a file holds, judged by its name, formula and level of theory."""

from __future__ import annotations

import re
from functools import cache

from pydantic import BaseModel, ConfigDict

from supple.evaluation.published.series import DATASETS, load_published, yaml_files


class _PublishedData(BaseModel):
    """Data that numbers were published for; patterns for the names of the file, the level of theory and the test file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    formula: str
    name: str
    theory: str
    test: str | None = None


def recognise(name: str, formula: str, test_name: str = "", theory: str = "") -> list[str]:
    """The published data that a file holds: ids for `series_for`, often none.

    Args:
        name: the file's name, in any spelling (`Azobenzene_inversion.xyz`).
        formula: Hill formula of its molecule.
        test_name: name of a separate test file; some published numbers belong to one.
        theory: the level of theory, where the file states it.
    """
    file_words, test_words, theory_words = _words(name), _words(test_name), _words(theory)
    return [
        key
        for key, data in _datasets().items()
        if data.formula == formula
        and re.search(data.name, file_words)
        and (data.test is None or re.search(data.test, test_words))
        and (not theory_words or re.search(data.theory, theory_words))
    ]


def dataset_ids() -> list[str]:
    """The ids of all data that numbers were published for."""
    with_numbers = {series.dataset for series in load_published()}
    return [key for key in _datasets() if key in with_numbers]


def title_of(dataset: str) -> str:
    """The name of a dataset id in words, such as `azobenzene rotation`."""
    return _datasets()[dataset].title


@cache
def _datasets() -> dict[str, _PublishedData]:
    return {key: _PublishedData.model_validate(value) for key, value in yaml_files()[DATASETS].items()}


def _words(name: str) -> str:
    """Lower case, separated by spaces: `AzobenzeneRotation_1.npz` becomes `azobenzene rotation 1 npz`."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name)
    return " ".join(re.findall(r"[a-z0-9]+", split.lower()))
