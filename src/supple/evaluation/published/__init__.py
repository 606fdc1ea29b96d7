"""Published errors of force fields: the numbers are in `numbers` (YAML), their meaning in `series`, what they belong to in `recognition`."""

from __future__ import annotations

from supple.evaluation.published.recognition import dataset_ids, recognise, title_of
from supple.evaluation.published.series import Metric, Series, Source, load_published, series_for

__all__ = ["Metric", "Series", "Source", "dataset_ids", "load_published", "recognise", "series_for", "title_of"]
