"""StudyPlan: which models, on which data, at which sizes, with which seeds; and the trainings that result from it."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from supple.data.selection import require_selection
from supple.errors import SettingsError
from supple.runtime.files import stem
from supple.study import defaults
from supple.study.model_name import baseline_of, kind_of

#: A name that is part of the name of a folder.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,200}$")]
Model = Annotated[str, StringConstraints(pattern=r"^[\w.+-]{1,100}(@[A-Za-z0-9_.+:/-]{1,200})?$")]


class DatasetEntry(BaseModel):
    """One file of a study.

    Attributes:
        path: a file that `supple.read` reads.
        units, keys: arguments of `supple.read` for it.
        test_file: a separate file of test frames, in the same units and keys.
        name: short name in folders and tables; derived from the file's name when empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    units: str | None = None
    keys: str | None = None
    test_file: Path | None = None
    name: str = ""


@dataclass(frozen=True, order=True)
class Cell:
    """One training of a study: data, model, number of training frames, seed."""

    dataset: Name
    model: Model
    n_train: PositiveInt
    seed: NonNegativeInt

    @property
    def name(self) -> str:
        """Its folder, as `glycine-sgdml-n200-s0`."""
        model = re.sub(r"[:/]", "_", self.model)
        return f"{self.dataset}-{model}-n{self.n_train}-s{self.seed}"


class StudyPlan(BaseModel):
    """The plan of a study. Every model is trained on every dataset at every size with every seed.

    Attributes:
        datasets: the files.
        models: kinds of models, as in `supple.models.registry.MODELS`; `sgdml@GFN2-xTB` is one on a baseline.
        sizes: numbers of training frames.
        seeds: seeds of splits and models; the training frames of one seed are nested over the sizes.
        valid: validation frames; when None 200, or a tenth of the data if that is fewer.
        test: test frames drawn from the same file; when None 2000, or a fifth of the data if that is fewer. The
            defaults depend only on the data, so that sizes can be added to a study without changing its results.
            Ignored for a dataset with a test file, all of whose frames are used.
        select: how training frames are selected, a name of `supple.data.selection.NAMES`; validation and test frames are the
            same for all of them.
        blocks: for trajectories: the number of time blocks of a file, of which whole ones are used for validation and testing.
        settings: settings by kind of model, for instance `{"schnet": {"steps": 5000}}`.
        accept: names of findings about the data to accept.
        charge, multiplicity: of the molecule, for baselines; those that the data state when None.

    Raises:
        SettingsError: a list is empty, a number is out of range, a file is given twice, the selection does not exist,
            or settings are given for a model that is not in the study.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    datasets: tuple[DatasetEntry, ...]
    models: tuple[str, ...] = defaults.MODELS
    sizes: tuple[int, ...] = defaults.SIZES
    seeds: tuple[int, ...] = defaults.SEEDS
    valid: int | None = None
    test: int | None = None
    select: str = "random"
    blocks: int | None = None
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    accept: tuple[str, ...] = ()
    charge: int | None = None
    multiplicity: PositiveInt | None = None

    @field_validator("datasets")
    @classmethod
    def _with_names(cls, entries: tuple[DatasetEntry, ...]) -> tuple[DatasetEntry, ...]:
        """Give every dataset a unique name: `glycine`, `glycine_2`."""
        if not entries:
            raise SettingsError("The study has no data: give at least one file of geometries.")
        seen: dict[Path, DatasetEntry] = {}
        taken: set[str] = {entry.name for entry in entries if entry.name}
        named = []
        for entry in entries:
            where = entry.path.absolute()
            if where in seen:
                raise SettingsError(f"{entry.path} is given twice: give each file once.")
            seen[where] = entry
            if entry.name and entry.name != slug(entry.name):
                raise SettingsError(
                    f"'{entry.name}' is not a valid dataset name: use lower-case letters, digits and _, as in {slug(entry.name)}."
                )
            named.append(entry if entry.name else entry.model_copy(update={"name": _free_name(entry.path, taken)}))
            taken.add(named[-1].name)
        if len({entry.name for entry in named}) < len(named):
            raise SettingsError("Two datasets of the study have the same name: give them different names.")
        return tuple(named)

    @field_validator("models", "sizes", "seeds")
    @classmethod
    def _each_once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(values))

    @model_validator(mode="after")
    def _sensible(self) -> StudyPlan:
        for what, values in (("models", self.models), ("sizes", self.sizes), ("seeds", self.seeds)):
            if not values:
                raise SettingsError(f"The study has no {what}: give at least one.")
        if min(self.sizes) < 1:
            raise SettingsError(f"A training size of {min(self.sizes)} was requested: at least 1 frame is needed.")
        if min(self.seeds) < 0:
            raise SettingsError(f"The seed {min(self.seeds)} is negative: seeds are 0, 1, 2 and so on.")
        for what, count in (("validation", self.valid), ("test", self.test)):
            if count is not None and count < 1:
                raise SettingsError(f"{count} {what} frames were requested: a study needs at least 1.")
        require_selection(self.select)
        if (self.charge, self.multiplicity) != (None, None) and not any(map(baseline_of, self.models)):
            raise SettingsError(
                "--charge and --multiplicity are those of a baseline: compare models with one, as in --models sgdml,sgdml@GFN2-xTB."
            )
        for kind in self.settings:
            if kind not in map(kind_of, self.models):
                raise SettingsError(
                    f"There are settings for {kind}, but the models of the study are {', '.join(self.models)}."
                )
        return self

    def cells(self) -> list[Cell]:
        """Every training of the study, cheap ones first."""
        cells = [
            Cell(entry.name, model, size, seed)
            for entry in self.datasets
            for model in self.models
            for size in self.sizes
            for seed in self.seeds
        ]
        return sorted(cells, key=lambda cell: cell.n_train)

    def command(self, out: Path) -> str:
        """The command line of this study in `out`, with the units and keys of the first file."""
        first = self.datasets[0]
        words = ["supple", "study", *(str(entry.path) for entry in self.datasets)]
        words += ["--units", first.units] if first.units else []
        words += ["--keys", first.keys] if first.keys else []
        words += ["--models", ",".join(self.models), "--sizes", ",".join(map(str, self.sizes))]
        words += ["--seeds", _comma_list(self.seeds)]
        words += ["--valid", str(self.valid)] if self.valid is not None else []
        words += ["--test", str(self.test)] if self.test is not None else []
        words += ["--select", self.select] if self.select != "random" else []
        words += ["--blocks", str(self.blocks)] if self.blocks is not None else []
        for entry in self.datasets:
            words += ["--test-file", str(entry.test_file)] if entry.test_file else []
        for kind, values in self.settings.items():
            for key, value in values.items():
                words += ["--set", f"{kind}.{key}={_as_typed(value)}"]
        words += ["--charge", str(self.charge)] if self.charge is not None else []
        words += ["--multiplicity", str(self.multiplicity)] if self.multiplicity is not None else []
        for name in self.accept:
            words += ["--accept", name]
        return shlex.join([*words, "--out", str(out)])


def slug(text: str) -> str:
    """The text in lower-case letters, digits and _ only; safe as a folder, in Markdown and in a figure."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "_".join(re.findall(r"[a-z0-9]+", plain))


def _free_name(path: Path, taken: set[str]) -> str:
    name = slug(stem(path)) or "data"
    if name not in taken:
        return name
    return next(f"{name}_{i}" for i in range(2, 10**6) if f"{name}_{i}" not in taken)


def _as_typed(value: Any) -> str:
    """A setting as YAML that is read back as the same value; plain words are not quoted."""
    plain = isinstance(value, str) and value.isalpha() and yaml.safe_load(value) == value
    return str(value) if plain else json.dumps(value)


def _comma_list(values: Sequence[int]) -> str:
    """`0,1,2`; a single value ends in a comma, because a bare number is the number of seeds on the command line."""
    return ",".join(map(str, values)) + ("," if len(values) == 1 else "")
