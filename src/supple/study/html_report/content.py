"""The content of the page: sentences and tables as text, figures as numbers for the script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supple.evaluation.published import Source
from supple.models.citations import Citation
from supple.study import report_sentences
from supple.study.conclusions import ranking, step_costs
from supple.study.error_bar_details import ErrorBarDetails
from supple.study.error_details import ErrorDetails
from supple.study.formatting import finding_text
from supple.study.html_report.curves import learning_curves, training_times
from supple.study.html_report.methods import citations, methods_paragraph
from supple.study.learned_metric import LearnedMetric, learned_metric
from supple.study.metric_tables import ShareTable, largest_entries, shares_by_kind
from supple.study.recommendation import recommendation
from supple.study.region_tables import RegionTable
from supple.study.required_frames import required_calculations
from supple.study.results import QUANTITIES, Results
from supple.study.results_table import Table, results_table, tails_table


@dataclass(frozen=True)
class MetricSection:
    """The content of the page for a learned metric: what shares are, those by kind, and the largest of each family."""

    sentence: str
    shares: ShareTable
    largest: dict[str, Table]


@dataclass(frozen=True)
class DatasetSection:
    """The content of the page for one dataset.

    Attributes:
        name, file, formula, frames: of the data.
        recommendation: the result in one line.
        answers: which model is more accurate.
        required: how many reference calculations a target error requires.
        table, tails: errors by model and size, and the largest of them, in `units` (energy, forces).
        comparison: with published errors, from `sources`.
        regions: errors by region, and `shown`, the trainings that they are of.
        bars: error bars of the models; None where none has any.
        has_map, has_energy: whether there are a map and energy errors.
        metric: what sGDML has learned about which geometries differ; None where it has not.
        findings, duplicates: of the data check.
    """

    name: str
    file: str
    formula: str
    frames: str
    recommendation: str | None
    answers: list[str]
    required: list[str]
    table: Table
    tails: Table | None
    units: list[str]
    comparison: Table | None
    sources: list[Source]
    regions: list[RegionTable]
    shown: str | None
    bars: ErrorBarDetails | None
    has_map: bool
    has_energy: bool
    metric: MetricSection | None
    findings: list[str]
    duplicates: str | None


@dataclass(frozen=True)
class PageContent:
    """Everything that the template refers to.

    Attributes:
        datasets: a section for each.
        figures: for the script, by the index of the dataset.
        failures: names of trainings, and what went wrong.
        incomplete: a sentence on trainings without a result.
        methods, citations: for a paper.
        commands, versions: for reproducing the study.
        text: sentences that report.md has, too.
    """

    datasets: list[DatasetSection]
    figures: dict[str, dict[str, Any]]
    failures: list[tuple[str, str]]
    incomplete: str | None
    methods: list[str]
    citations: list[Citation]
    commands: list[str]
    versions: str
    text: dict[str, str]


def page_content(results: Results, details: Mapping[str, ErrorDetails | None], target: float | None) -> PageContent:
    """The content of the page; arguments as for `write_page`."""
    names = list(results.record.datasets)
    return PageContent(
        datasets=[_dataset(results, name, target, details[name]) for name in names],
        figures={str(k): _figures(results, name, details[name]) for k, name in enumerate(names)},
        failures=[(cell.name, message) for cell, message in results.failures.items()],
        incomplete=report_sentences.incomplete(results),
        methods=methods_paragraph(results),
        citations=citations(results),
        commands=[plan.command(results.out) for plan in results.record.plans],
        versions=", ".join(f"{name} {version}" for name, version in results.record.versions.items()),
        text={
            "errors": report_sentences.ERRORS,
            "bars": report_sentences.ERROR_BARS,
            "tails": report_sentences.TAILS,
            "comparison": report_sentences.COMPARISON,
            "differences": report_sentences.PUBLISHED_DIFFERENCES,
            "metric": report_sentences.METRIC_TITLE,
            "shares": report_sentences.METRIC_SHARES,
            "largest": report_sentences.METRIC_LARGEST,
            "retry": report_sentences.RETRY,
            "files": report_sentences.FILES,
        },
    )


def _figures(results: Results, name: str, details: ErrorDetails | None) -> dict[str, Any]:
    return {
        "curves": learning_curves(results, name),
        "times": training_times(results, name),
        "details": None if details is None else details.to_json(),
    }


def _dataset(results: Results, name: str, target: float | None, details: ErrorDetails | None) -> DatasetSection:
    data, metric = results.record.datasets[name], learned_metric(results, name)
    return DatasetSection(
        name=name,
        file=data.file,
        formula=data.formula,
        frames=report_sentences.frames(data),
        recommendation=recommendation(results, name, target),
        answers=ranking(results, name) + step_costs(results, name),
        required=required_calculations(results, name, target),
        table=results_table(results, name),
        tails=tails_table(results, name),
        units=[results.unit(name, quantity) or "–" for quantity in QUANTITIES],
        comparison=report_sentences.comparison_table(results, name),
        sources=report_sentences.published_sources(results, name),
        regions=[] if details is None else details.regions,
        shown=None if details is None else details.shown,
        bars=None if details is None else details.bars,
        has_map=details is not None and details.map is not None,
        has_energy=details is not None and any(model.energy is not None for model in details.models),
        metric=None if metric is None else _metric(metric),
        findings=[finding_text(finding) for finding in data.findings],
        duplicates=report_sentences.duplicates(data),
    )


def _metric(metric: LearnedMetric) -> MetricSection:
    return MetricSection(report_sentences.metric(metric), shares_by_kind(metric), largest_entries(metric))
