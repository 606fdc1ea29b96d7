"""Hyperparameters: searched for on the validation frames, kept as a settings file, and a page that shows what mattered."""

from __future__ import annotations

from supple.tuning.report import write_page
from supple.tuning.search import Tuned, tune

__all__ = ["Tuned", "tune", "write_page"]
