"""report.md: conclusions and tables of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from supple.evaluation.published import Series
from supple.runtime.files import write_text
from supple.study import report_sentences
from supple.study.conclusions import published_for, ranking, step_costs
from supple.study.formatting import finding_text, markdown
from supple.study.learned_metric import learned_metric
from supple.study.metric_tables import largest_entries
from supple.study.model_style import display_name
from supple.study.recommendation import recommendation
from supple.study.required_frames import required_calculations
from supple.study.results import QUANTITIES, Results
from supple.study.results_table import Table, column_name, results_table, tails_table

#: Captions of figures, by the end of their file names.
CAPTIONS = {
    "rmse": "learning curves, RMSE",
    "mae": "learning curves, MAE",
    "parity": "predicted against reference values",
    "map": "map of force errors",
    "metric": "what the learned metric finds important",
}


def write_report(results: Results, figures: Sequence[Path], path: Path, target: float | None = None) -> None:
    """Write the report; figures are linked relative to it, and `target` is a force error to reach."""
    parts = ["# Learning curves", *_answers(results, target)]
    for dataset in results.record.datasets:
        parts += _dataset(results, dataset, figures, path)
    parts += [*_sources(results), *_failures(results), *_reproduce(results)]
    write_text(path, "\n\n".join(parts) + "\n")


def sentences(results: Results, target: float | None = None) -> list[str]:
    """The conclusions of a study, a few sentences for each dataset; `target` is a force error to reach."""
    return [
        f"{dataset}: {sentence}"
        for dataset in results.record.datasets
        for sentence in _conclusions(results, dataset, target)
    ]


def _conclusions(results: Results, dataset: str, target: float | None) -> list[str]:
    first = recommendation(results, dataset, target)
    return ([first] if first else []) + _details(results, dataset, target)


def _details(results: Results, dataset: str, target: float | None) -> list[str]:
    return ranking(results, dataset) + required_calculations(results, dataset, target) + step_costs(results, dataset)


def _answers(results: Results, target: float | None) -> list[str]:
    lines = [(dataset, recommendation(results, dataset, target)) for dataset in results.record.datasets]
    parts = ["\n".join(f"- **{markdown(dataset)}.** {markdown(line)}" for dataset, line in lines if line)]
    for dataset in results.record.datasets:
        parts.append(f"**{markdown(dataset)} in detail.** " + markdown(" ".join(_details(results, dataset, target))))
        comparison = report_sentences.comparison_table(results, dataset)
        if comparison is not None:
            parts.append(f"{report_sentences.COMPARISON}:\n\n{_table(comparison)}")
    incomplete = report_sentences.incomplete(results)
    return [*filter(None, parts), *([incomplete] if incomplete else []), report_sentences.ERRORS]


def _dataset(results: Results, dataset: str, figures: Sequence[Path], path: Path) -> list[str]:
    data = results.record.datasets[dataset]
    units = ", ".join(f"{q} in {unit}" for q in QUANTITIES if (unit := results.unit(dataset, q)))
    parts = [
        f"## {markdown(dataset)}",
        f"{markdown(data.file)}: {markdown(data.formula)}, {markdown(report_sentences.frames(data))}. "
        f"Errors{f' ({units})' if units else ''} are medians, with ranges over the seeds in brackets.",
    ]
    duplicates = report_sentences.duplicates(data)
    parts += [duplicates] if duplicates else []
    if data.findings:
        findings = "\n".join(f"- {markdown(finding_text(finding))}" for finding in data.findings)
        parts.append(f"Findings of the data check:\n\n{findings}")
    table = results_table(results, dataset)
    parts.append(_table(table) if table.rows else "No training has a result yet.")
    tails = tails_table(results, dataset)
    parts += [f"{report_sentences.TAILS}:", _table(tails)] if tails else []
    for figure in figures:
        name, _, kind = figure.stem.rpartition("-")
        if figure.suffix == ".png" and name == dataset:
            parts.append(f"![{dataset}: {CAPTIONS[kind]}]({figure.relative_to(path.parent)})")
    parts += _metric(results, dataset)
    for title, series in published_for(results, dataset).items():
        parts += _published(title, series)
    return parts


def _metric(results: Results, dataset: str) -> list[str]:
    metric = learned_metric(results, dataset)
    if metric is None:
        return []
    sentence = markdown(report_sentences.metric(metric))
    tables = [f"{markdown(family)}:\n\n{_table(table)}" for family, table in largest_entries(metric).items()]
    return [sentence, f"{report_sentences.METRIC_LARGEST}.", *tables]


def _published(title: str, series: Sequence[Series]) -> list[str]:
    if not series:
        return [f"There are no published errors for {markdown(title)}."]
    sizes = sorted({size for one in series for size in one.sizes})
    headings = ["model, source", "error", "unit", *(f"N={size}" for size in sizes)]
    rows = []
    for one in series:
        values = dict(zip(one.sizes, one.values, strict=True))
        cells = [f"{values[size]:g}" if size in values else "" for size in sizes]
        rows.append([one.label, column_name(one.quantity, one.metric), one.unit, *cells])
    return [f"Published errors for {markdown(title)}:", _table(Table(headings, rows))]


def _sources(results: Results) -> list[str]:
    sources = report_sentences.published_sources(results, *results.record.datasets)
    if not sources:
        return []
    parts = [
        "## Sources of the published errors",
        "Data are recognised by formula, file name and, where the file states it, level of theory: please verify that they are "
        f"the same. {report_sentences.PUBLISHED_DIFFERENCES}",
    ]
    for source in sources:
        lines = [
            f"**{markdown(source.label)}.** {markdown(source.citation)}.",
            f"- Error: {markdown(source.definition)}",
            f"- Frames: {markdown(source.split)}",
            f"- Uncertainty: {markdown(source.uncertainty)}",
            *(f"- {markdown(remark)}" for remark in source.remarks),
        ]
        parts.append(lines[0] + "\n\n" + "\n".join(lines[1:]))
    return parts


def _failures(results: Results) -> list[str]:
    if not results.failures:
        return []
    lines = [f"- {markdown(cell.name)}: {markdown(message)}" for cell, message in results.failures.items()]
    return ["## Failed trainings", report_sentences.RETRY, "\n".join(lines)]


def _reproduce(results: Results) -> list[str]:
    commands = "\n".join(plan.command(results.out) for plan in results.record.plans)
    versions = ", ".join(f"{name} {version}" for name, version in results.record.versions.items())
    models = ", ".join(display_name(model) for model in results.record.models)
    return [
        "## Reproducing this study",
        f"```\n{commands}\n```",
        f"Versions: {markdown(versions)}. Models: {models}. {report_sentences.FILES}",
    ]


def _table(table: Table) -> str:
    rows = [table.headings, ["---", *["---:"] * (len(table.headings) - 1)]]
    rows += [[markdown(cell) for cell in row] for row in table.rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
