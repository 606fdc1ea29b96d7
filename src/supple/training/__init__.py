"""One training: `training_run` trains in a run directory, `configuration` is what identifies the run, `result` is what it writes."""

from __future__ import annotations

from supple.training.configuration import TrainingConfiguration
from supple.training.result import TrainingResult
from supple.training.training_run import TrainedModel, TrainingRun, train

__all__ = ["TrainedModel", "TrainingConfiguration", "TrainingResult", "TrainingRun", "train"]
