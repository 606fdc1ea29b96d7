"""Learning curves: several models on the same data, with the same splits, units and errors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supple.data.units import Units
from supple.runtime.optional_dependencies import require_extra
from supple.runtime.progress import SILENCE, Progress
from supple.runtime.workers.backends import Place
from supple.study.engine import run
from supple.study.error_detail_figures import write_closeup_figures
from supple.study.error_details import closeup
from supple.study.html_report import write_page
from supple.study.learning_curve_figures import write_figures
from supple.study.markdown_report import sentences, write_report
from supple.study.plan import Cell, DatasetEntry, StudyPlan
from supple.study.results import Results, collect, write_csv

__all__ = ["Cell", "DatasetEntry", "StudyPlan", "StudyResult", "run_study", "write_study"]


@dataclass(frozen=True)
class StudyResult:
    """What a study made.

    Attributes:
        results: all numbers, and the trainings that failed.
        csv, report, page: results.csv, report.md and report.html.
        figures: learning curves, parity, maps of errors; each as PNG and PDF.
        answers: sentences that say which model is better.
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
    progress: Progress = SILENCE,
    place: Place | None = None,
    report_units: Units | str | None = None,
    target: float | None = None,
) -> StudyResult:
    """Train what is not yet trained, then write the table, the figures and the report.

    The trainings are kept in run directories, so that a study that was stopped goes on where it was, and a larger
    plan adds to a smaller one. In a script, call this under `if __name__ == "__main__":`, or with `Here(jobs=1)`: other
    processes start by importing the script.

    Args:
        plan: models, data, sizes, seeds.
        out: folder of the study.
        progress: listens.
        place: where to train, as from `supple.runtime.workers.backends`; on this machine when None.
        report_units: units of the errors; those of each file when None.
        target: a force error (RMSE) to be reached, in the units of the errors: how many calculations does it take?

    Raises:
        SuppleError: the plan cannot work; nothing has been trained then. A training that fails later is recorded in
            `results.failures` instead.
    """
    require_extra("study", {"distributed": "Dask", "plotly": "Plotly"}, "A study")
    units = None if report_units is None else Units.parse(report_units)  # a typo shall not wait for the trainings
    run(plan, Path(out), progress, place)
    return write_study(Path(out), units, target)


def write_study(out: str | Path, report_units: Units | str | None = None, target: float | None = None) -> StudyResult:
    """Write table, figures and report of a study from what has been trained so far; arguments as for `run_study`.

    Raises:
        SettingsError: `out` is not the folder of a study.
    """
    out = Path(out)
    results = collect(out, report_units)
    csv, report, page = out / "results.csv", out / "report.md", out / "report.html"
    write_csv(results, csv)
    closeups = {name: closeup(results, name) for name in results.record.datasets}
    figures = write_figures(results, out / "figures")
    for name, near in closeups.items():
        figures += [] if near is None else write_closeup_figures(name, near, out / "figures")
    write_report(results, figures, report, target)
    write_page(results, closeups, page, target)
    return StudyResult(results, csv, report, page, tuple(figures), tuple(sentences(results, target)))
