"""A study from its plan to its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supple.data.units import Units
from supple.runtime.optional_dependencies import require_extra
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.workers.backends import Backend
from supple.study.error_detail_figures import write_error_detail_figures
from supple.study.error_details import error_details
from supple.study.html_report import write_page
from supple.study.learned_metric import learned_metric
from supple.study.learning_curve_figures import write_figures
from supple.study.markdown_report import sentences, write_report
from supple.study.metric_figures import write_metric_figure
from supple.study.plan import StudyPlan
from supple.study.results import Results, collect, write_csv
from supple.study.scheduling import run_trainings


@dataclass(frozen=True)
class StudyResult:
    """The outcome of a study.

    Attributes:
        results: all numbers, and the trainings that failed.
        csv, report, page: results.csv, report.md and report.html.
        figures: learning curves, parity plots, maps of errors, learned metrics; each as PNG and PDF.
        answers: sentences on which model is more accurate.
    """

    results: Results
    csv: Path
    report: Path
    page: Path
    figures: tuple[Path, ...]
    answers: tuple[str, ...]


def run_study(
    plan: StudyPlan,
    out: str | Path,
    progress: Progress = NO_PROGRESS,
    backend: Backend | None = None,
    report_units: Units | str | None = None,
    target: float | None = None,
) -> StudyResult:
    """Train what has not been trained yet, then write the table, the figures and the report.

    The trainings are kept in run directories, so that an interrupted study can be resumed, and a larger plan extends a
    smaller one. In a script, call this under `if __name__ == "__main__":`, or with `LocalBackend(jobs=1)`: other processes
    start by importing the script.

    Args:
        plan: models, data, sizes, seeds.
        out: folder of the study.
        progress: receives notes and steps.
        backend: where to train, from `supple.runtime.workers.backends`; this machine when None.
        report_units: units of the errors; those of each file when None.
        target: a force error (RMSE) to reach, in the units of the errors; the report states how many reference
            calculations it requires.

    Raises:
        SuppleError: the plan cannot be carried out; nothing has been trained then. A training that fails later is recorded
            in `results.failures` instead.
    """
    require_extra("study", {"plotly": "Plotly"}, "A study")
    units = None if report_units is None else Units.parse(report_units)  # a typo must be reported before the trainings
    run_trainings(plan, Path(out), progress, backend)
    return write_study(Path(out), units, target)


def write_study(out: str | Path, report_units: Units | str | None = None, target: float | None = None) -> StudyResult:
    """Write table, figures and report of a study from what has been trained so far; arguments as for `run_study`.

    Raises:
        SettingsError: `out` is not the folder of a study, or a result in it is damaged.
    """
    out = Path(out)
    results = collect(out, report_units)
    metrics = {name: learned_metric(results, name) for name in results.record.datasets}
    csv, report, page = out / "results.csv", out / "report.md", out / "report.html"
    write_csv(results, csv)
    details = {name: error_details(results, name) for name in results.record.datasets}
    figures = write_figures(results, out / "figures")
    for name, one in details.items():
        figures += [] if one is None else write_error_detail_figures(name, one, out / "figures")
    for name, metric in metrics.items():
        figures += [] if metric is None else write_metric_figure(name, metric, out / "figures")
    write_report(results, figures, report, target)
    write_page(results, details, page, target)
    return StudyResult(results, csv, report, page, tuple(figures), tuple(sentences(results, target)))
