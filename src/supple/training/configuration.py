"""TrainingConfiguration: what identifies a training, as run.json has it; two runs with the same one are the same run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from supple.data.dataset import Dataset
from supple.data.splits import Split
from supple.models.settings import ModelSettings


@dataclass(frozen=True)
class DataIdentity:
    """Which file of geometries: its name, its SHA-256, and its units."""

    name: str
    sha256: str
    units: str


@dataclass(frozen=True)
class TrainingConfiguration:
    """What a training computes.

    Attributes:
        model: the kind of model.
        settings: its settings, as JSON.
        data: the file.
        split: seed, the numbers of frames (train, valid, test), and how they were drawn where not at random.
        indices: of the training and validation frames in the file.
    """

    model: str
    settings: dict[str, Any]
    data: DataIdentity
    split: dict[str, Any]
    indices: dict[str, list[int]]

    @classmethod
    def of(
        cls, settings: ModelSettings, dataset: Dataset, split: Split, test: Dataset | None = None
    ) -> TrainingConfiguration:
        """The configuration of a training on frames of a dataset, with test frames of the split, or from another file."""
        n_test = len(split.test) if test is None else len(test)
        counts = {"seed": split.seed, "train": len(split.train), "valid": len(split.valid), "test": n_test}
        return cls(
            settings.kind,
            settings.identity(),
            DataIdentity(dataset.source.name, dataset.fingerprint, str(dataset.source.units)),
            counts | split.manner,
            {"train": list(split.train), "valid": list(split.valid)},
        )

    def to_json(self) -> dict[str, Any]:
        """As run.json has it."""
        return asdict(self)
