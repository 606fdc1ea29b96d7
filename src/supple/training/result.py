"""TrainingResult: what a training writes when it is complete (result.json), and everything else reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from supple.errors import SettingsError
from supple.evaluation.bootstrap import ErrorIntervals
from supple.models.metrics import Metrics
from supple.models.provenance import PlainText, Provenance
from supple.runtime.run_directory import RunDirectory
from supple.runtime.validation import Count, NonNegative, first_problem


@dataclass(frozen=True)
class TrainingResult:
    """The result of one training.

    Attributes:
        kind: of model.
        n_train, n_valid: numbers of training and validation frames.
        seed: of the split and of the training.
        seconds: duration of the training.
        peak_rss_bytes: peak memory of its process.
        settings: all settings of the model, including those that were chosen during the training.
        validation: errors on the validation frames, in the units of the data's file.
        test: errors on the test frames, in the same units; None without test frames.
        intervals: bootstrap intervals of the test errors; None where there are none.
        step_seconds: time of one prediction for a single geometry; None where it was not measured.
        notes: sentences about the training, for the user.
    """

    kind: PlainText
    n_train: Count
    n_valid: Count
    seed: int
    seconds: NonNegative
    peak_rss_bytes: Count
    settings: dict[str, Any]
    validation: Metrics
    test: Metrics | None = None
    intervals: ErrorIntervals | None = None
    step_seconds: NonNegative | None = None
    notes: tuple[PlainText, ...] = ()

    @classmethod
    def of(cls, kind: str, seed: int, provenance: Provenance) -> TrainingResult:
        """The result of a training before it is tested, from the provenance of its force field."""
        assert provenance.validation is not None
        return cls(
            kind,
            provenance.n_train,
            provenance.n_valid,
            seed,
            provenance.seconds,
            provenance.peak_rss_bytes,
            dict(provenance.settings),
            provenance.validation,
            notes=provenance.notes,
        )

    def tested(self, test: Metrics, intervals: ErrorIntervals, step_seconds: float | None) -> TrainingResult:
        """The result with errors on test frames, and the time of a step of dynamics."""
        return replace(self, test=test, intervals=intervals, step_seconds=step_seconds)

    def to_json(self) -> dict[str, Any]:
        """As result.json has it."""
        intervals = None if self.intervals is None else self.intervals.to_dict() or None
        return asdict(self) | {"intervals": intervals, "notes": list(self.notes)}

    @classmethod
    def read(cls, directory: Path) -> TrainingResult | None:
        """The result in a run directory; None while the training is not complete.

        Raises:
            SettingsError: result.json is damaged.
        """
        content = RunDirectory(directory).result
        if content is None:
            return None
        try:
            return _RESULT.validate_python(content)
        except ValidationError as error:
            raise SettingsError(
                f"{directory / 'result.json'} is not the result of a training ({first_problem(error)}): "
                "delete its folder to start again."
            ) from error


_RESULT = TypeAdapter(TrainingResult)
