"""Hyperparameter search on the validation frames: the best settings as a file, and a report on their importance."""

from __future__ import annotations

from supple.tuning.report import write_report
from supple.tuning.result import TuningResult
from supple.tuning.search import tune

__all__ = ["TuningResult", "tune", "write_report"]
