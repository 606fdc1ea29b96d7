"""Studies: learning curves of several models on the same data, with the same splits, units and errors.

A `StudyPlan` (plan.py) is carried out by `pipeline.py`: `scheduling.py` decides what is trained next; `results.py` reads what was trained;
`conclusions.py`, `learning_curve.py`, `error_details.py` and `learned_metric.py` interpret it; `markdown_report.py`, `html_report` and the figures present it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supple.study.pipeline import StudyResult as StudyResult
    from supple.study.pipeline import run_study as run_study
    from supple.study.pipeline import write_study as write_study
    from supple.study.plan import Cell as Cell
    from supple.study.plan import DatasetEntry as DatasetEntry
    from supple.study.plan import StudyPlan as StudyPlan

#: The public names and where they are; imported when first used, because the command line needs only `defaults` for its help.
_PUBLIC = {
    "Cell": "plan",
    "DatasetEntry": "plan",
    "StudyPlan": "plan",
    "StudyResult": "pipeline",
    "run_study": "pipeline",
    "write_study": "pipeline",
}
__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"supple.study.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'supple.study' has no attribute '{name}'")
