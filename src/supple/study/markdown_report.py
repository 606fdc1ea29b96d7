"""report.md: what a study found, for a reader who was not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from supple.evaluation.published import Series, Source
from supple.runtime.files import write_text
from supple.study.conclusions import Comparison, comparisons, published_for, verdict
from supple.study.formatting import display_name, markdown, number
from supple.study.required_frames import calculations_needed
from supple.study.results import QUANTITIES, Results
from supple.study.results_table import table_lines


def write_report(results: Results, figures: Sequence[Path], path: Path, target: float | None = None) -> None:
    """Write the report; figures are shown by their place beside it, and `target` is a force error to be reached."""
    parts = ["# Learning curves", *_answers(results, target)]
    for dataset in results.record.datasets:
        parts += _dataset(results, dataset, figures, path)
    parts += [*_sources(results), *_failures(results), *_reproduce(results)]
    write_text(path, "\n\n".join(parts) + "\n")


def sentences(results: Results, target: float | None = None) -> list[str]:
    """The answers of a study, a few sentences for each dataset; `target` is a force error to be reached."""
    return [
        f"{dataset}: {sentence}" for dataset in results.record.datasets for sentence in _said(results, dataset, target)
    ]


def _said(results: Results, dataset: str, target: float | None) -> list[str]:
    return verdict(results, dataset) + calculations_needed(results, dataset, target)


def _answers(results: Results, target: float | None) -> list[str]:
    parts = []
    for dataset in results.record.datasets:
        said = _said(results, dataset, target)
        parts.append(f"**{markdown(dataset)}.** " + markdown(" ".join(said)))
        found = comparisons(results, dataset)
        if found:
            parts.append(
                "Beside published numbers of the same kind of model, in the same error and unit, at the largest size "
                "that both have (a ratio below 1: ours is smaller):\n\n" + _beside(found)
            )
    waiting = len([row for row in results.rows if row.status == "not done"])
    if results.failures or waiting:
        parts.append(
            f"Trainings that failed: {len(results.failures)}; not done: {waiting}. The numbers above are without them."
        )
    parts.append(
        "Errors are those on test frames that a training has not used: energies per molecule, forces per Cartesian "
        "component, the median over the seeds. A seed draws the frames as well as the model's random numbers."
    )
    return parts


def _dataset(results: Results, dataset: str, figures: Sequence[Path], path: Path) -> list[str]:
    data = results.record.datasets[dataset]
    tested = f"the {data.n_test} frames of {data.test_file}" if data.test_file else f"{data.n_test} test frames"
    named = [f"{q} in {unit}" for q in QUANTITIES if (unit := results.unit(dataset, q))]
    units = f"({', '.join(named)}) " if named else ""
    parts = [
        f"## {markdown(dataset)}",
        f"{markdown(data.file)}: {markdown(data.formula)}, {data.n_frames} frames; {data.n_valid} validation frames "
        f"and {markdown(tested)}. Errors "
        f"{units}are medians, ranges over the seeds in brackets.",
    ]
    if data.n_duplicates:
        parts.append(
            f"{data.n_duplicates} frames are the same as an earlier one: a test frame may have been a training frame, "
            "which makes errors look smaller than they are."
        )
    if data.findings:
        parts.append("What the data check says:\n\n" + "\n".join(f"- {markdown(said)}" for said in data.findings))
    headings, lines = table_lines(results, dataset)
    parts.append(_table(headings, lines) if lines else "No training has a result yet.")
    parts += [
        f"![{dataset}: learning curves, {figure.stem.rpartition('-')[2].upper()}]({figure.relative_to(path.parent)})"
        for figure in figures
        if figure.suffix == ".png" and figure.stem.rpartition("-")[0] == dataset
    ]
    for title, series in published_for(results, dataset).items():
        parts += _published(title, series)
    return parts


def _published(title: str, series: Sequence[Series]) -> list[str]:
    if not series:
        return [f"No published numbers are known for {markdown(title)}."]
    sizes = sorted({size for one in series for size in one.sizes})
    headings = ["model, source", "error", "unit", *(f"N={size}" for size in sizes)]
    lines = []
    for one in series:
        values = dict(zip(one.sizes, one.values, strict=True))
        cells = [f"{values[size]:g}" if size in values else "" for size in sizes]
        lines.append([markdown(one.label), error_name(one), one.unit, *cells])
    return [f"Published numbers for {markdown(title)}:", _table(headings, lines)]


def _beside(found: Iterable[Comparison]) -> str:
    headings = ["model", "published as", "error", "unit", "N", "ours", "published", "ratio"]
    lines = [
        [
            *(display_name(one.model), markdown(one.series.label), error_name(one.series), one.unit, str(one.n_train)),
            *(number(one.ours), number(one.published), f"{one.ratio:.2f}"),
        ]
        for one in found
    ]
    return _table(headings, lines)


def error_name(series: Series) -> str:
    """An error as tables head it, as `F RMSE`."""
    return f"{'E' if series.quantity == 'energy' else 'F'} {series.metric.upper()}"


def _sources(results: Results) -> list[str]:
    sources: dict[str, Source] = {}
    for dataset in results.record.datasets:
        for many in published_for(results, dataset).values():
            sources.update({series.source.label: series.source for series in many})
    if not sources:
        return []
    parts = ["## Where the published numbers come from", _differences(results)]
    for source in sources.values():
        lines = [
            f"**{markdown(source.label)}.** {markdown(source.citation)}.",
            f"- Error: {markdown(source.definition)}",
            f"- Frames: {markdown(source.split)}",
            f"- Uncertainty: {markdown(source.uncertainty)}",
            *(f"- {markdown(remark)}" for remark in source.remarks),
        ]
        parts.append(lines[0] + "\n\n" + "\n".join(lines[1:]))
    return parts


def _differences(results: Results) -> str:
    kept = "; ".join(
        f"{markdown(name)} {data.n_valid} and {data.n_test}" for name, data in results.record.datasets.items()
    )
    return (
        "Data are recognised by formula, name of the file and, where the file states it, level of theory: see that they are the same. "
        "How they differ from the numbers of this study: theirs come from other training, validation and test frames, "
        "and mostly from one seed or a mean over several; ours are the median over the seeds. The validation frames of "
        f"this study are not counted in N (validation and test frames: {kept}). RMSE and MAE are never compared with "
        "each other; where only the unit differs, it has been converted."
    )


def _failures(results: Results) -> list[str]:
    if not results.failures:
        return []
    lines = [f"- {markdown(cell.name)}: {markdown(message)}" for cell, message in results.failures.items()]
    return ["## Failed trainings", "The same command tries them again.", "\n".join(lines)]


def _reproduce(results: Results) -> list[str]:
    commands = "\n".join(plan.command(results.out) for plan in results.record.plans)
    versions = ", ".join(f"{name} {version}" for name, version in results.record.versions.items())
    models = ", ".join(display_name(model) for model in results.record.models)
    return [
        "## How to repeat it",
        f"```\n{commands}\n```",
        f"Versions: {markdown(versions)}. Models: {models}. All numbers stand in results.csv; the folder of each "
        "training, in cells, holds its settings, its frames (split.json), its versions and its force field "
        "(model.safetensors).",
    ]


def _table(headings: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    heads = list(headings)
    rows = [heads, ["---", *["---:"] * (len(heads) - 1)], *map(list, lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
