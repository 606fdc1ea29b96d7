"""Sentences and tables that report.md and report.html share."""

from __future__ import annotations

from supple.evaluation.published import Source
from supple.study.conclusions import comparisons, published_for
from supple.study.formatting import number
from supple.study.learned_metric import LearnedMetric
from supple.study.model_style import display_name
from supple.study.results import Results
from supple.study.results_table import Table, column_name
from supple.study.study_file import DatasetRecord

ERRORS = (
    "Errors are on test frames that a training has not used: energies per molecule, forces per Cartesian component, medians "
    "over the seeds. A seed determines the frames as well as the model's random numbers."
)
COMPARISON = (
    "Comparison with published errors of the same kind of model at the largest size that both have (a ratio below 1: ours is "
    "smaller)"
)
TAILS = "Largest errors, medians over the seeds (95 %: the 95th percentile of the absolute errors; max: the largest of them)"
PUBLISHED_DIFFERENCES = (
    "Published errors are for other training, validation and test frames, and mostly for one seed or a mean over several; ours "
    "are medians over the seeds, and validation frames are not counted in N. RMSE and MAE are never compared with each other; "
    "where only the unit differs, it has been converted."
)
RETRY = "Run the command again to retry them."
FILES = (
    "All numbers are in results.csv. The folder of each training, in cells, contains its settings, its frames (split.json), its "
    "versions and its force field (model.safetensors)."
)
ERROR_BARS = (
    "Each force field states how large its errors are expected to be. Points on the line: errors are as large as expected, in frames with "
    "similar error bars; below it they are smaller."
)
METRIC_TITLE = "What sGDML finds important"
METRIC_SHARES = "Shares by kind of entry"
METRIC_LARGEST = "The largest shares; those of entries that symmetry makes equivalent are added up"


def metric(learned: LearnedMetric) -> str:
    """What the shares of a learned metric are, and what they are not."""
    return (
        f"{learned.shown}, has learned how much each entry of its descriptor (a distance, an angle or a dihedral) counts where its "
        f"kernel compares two geometries. The families of terms in this kernel are: {', '.join(learned.shares)}. A share is the part "
        "of the mean squared distance between two geometries of the data, as a family sees them, that comes from some entries; all "
        "shares in a family add up to 100 %. It is large where entries have large weights, vary much in the data, or both. Shares "
        "are not energies, and do not say what causes the forces."
    )


def incomplete(results: Results) -> str | None:
    """A sentence on trainings without a result; None where there are none."""
    waiting = sum(row.status == "not done" for row in results.rows)
    if not results.failures and not waiting:
        return None
    return f"Failed trainings: {len(results.failures)}; not yet run: {waiting}. They are not included in the numbers."


def frames(data: DatasetRecord) -> str:
    """The numbers of frames of a dataset."""
    test = f"the {data.n_test} frames of {data.test_file}" if data.test_file else f"{data.n_test} test frames"
    return f"{data.n_frames} frames; {data.n_valid} validation frames and {test}"


def duplicates(data: DatasetRecord) -> str | None:
    """A sentence where frames equal each other."""
    if not data.n_duplicates:
        return None
    return f"{data.n_duplicates} frames equal an earlier one and are neither trained nor tested on."


def comparison_table(results: Results, dataset: str) -> Table | None:
    """Errors of this study and published ones; None where there are none to compare."""
    rows = [
        [
            *(display_name(one.model), one.series.label, column_name(one.series.quantity, one.series.metric)),
            *(one.unit, str(one.n_train), number(one.ours), number(one.published), f"{one.ratio:.2f}"),
        ]
        for one in comparisons(results, dataset)
    ]
    headings = ["model", "published as", "error", "unit", "N", "ours", "published", "ratio"]
    return Table(headings, rows) if rows else None


def published_sources(results: Results, *datasets: str) -> list[Source]:
    """The sources of the published errors that belong to datasets."""
    series = [one for name in datasets for many in published_for(results, name).values() for one in many]
    return list({one.source.label: one.source for one in series}.values())
