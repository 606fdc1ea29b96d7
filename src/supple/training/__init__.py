"""One training: `training_run` trains in a run directory, `configuration` identifies the run, `result` is its result."""

from __future__ import annotations

from supple.training.configuration import TrainingConfiguration
from supple.training.result import TrainingResult
from supple.training.training_run import TrainedModel, TrainingRun, train

__all__ = ["TrainedModel", "TrainingConfiguration", "TrainingResult", "TrainingRun", "train"]
