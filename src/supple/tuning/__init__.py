"""Hyperparameters: a search on the validation frames, whose best settings are written to a file, and a report on what mattered."""

from __future__ import annotations

from supple.tuning.report import write_report
from supple.tuning.result import TuningResult
from supple.tuning.search import tune

__all__ = ["TuningResult", "tune", "write_report"]
