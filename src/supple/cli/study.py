"""`supple study`: learning curves of several models on the same data."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.model_options import ModelsOption
from supple.cli.options import (
    AcceptOption,
    BlocksOption,
    JobsOption,
    JsonOption,
    KeysOption,
    OnOption,
    ReportUnits,
    SelectOption,
    UnitsOption,
    parse_assignments,
)
from supple.errors import SettingsError

if TYPE_CHECKING:
    from supple.runtime.workers.backends import Place
    from supple.study import StudyPlan, StudyResult

DataFiles = Annotated[
    list[Path], typer.Argument(help="One file of geometries for each molecule or data set, with energies and forces.")
]


def study(
    files: DataFiles,
    *,
    units: UnitsOption = None,
    keys: KeysOption = None,
    models: ModelsOption = "sgdml,schnet",
    sizes: Annotated[str, typer.Option(help="Numbers of training frames.")] = "200,400,600,800,1000",
    seeds: Annotated[str, typer.Option(help="How many seeds; or a list of them, as 0,1,2 or 5,")] = "3",
    valid: Annotated[
        int | None, typer.Option(help="Validation frames; if left out 200, or a tenth of the data if that is fewer.")
    ] = None,
    test: Annotated[
        int | None, typer.Option(help="Test frames; if left out 2000, or a fifth of the data if that is fewer.")
    ] = None,
    test_file: Annotated[
        list[Path] | None,
        typer.Option(help="A file of test frames, instead of frames of FILE; once for each FILE, in the same order."),
    ] = None,
    select: SelectOption = None,
    blocks: BlocksOption = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of a model, as in --set schnet.steps=5000; may be repeated."),
    ] = None,
    accept: AcceptOption = None,
    out: Annotated[Path, typer.Option(help="Folder of the study.")] = Path("supple-study"),
    jobs: JobsOption = None,
    on: OnOption = None,
    only_plan: Annotated[
        bool, typer.Option("--plan", help="Say what it will take, in time and memory, and train nothing.")
    ] = False,
    report_units: ReportUnits = None,
    target: Annotated[
        float | None,
        typer.Option(help="A force error (RMSE) to be reached, in the units of the report: how many calculations?"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare models by their learning curves.

    The same command again goes on where it was stopped; more sizes, seeds or files may be added to it.
    """
    from supple.runtime.workers.backends import place_of
    from supple.study import DatasetEntry, StudyPlan, run_study

    if target is not None and target <= 0:
        raise SettingsError(f"--target {target:g} is no error that can be reached: give a number above zero.")
    if test_file and len(test_file) != len(files):
        raise SettingsError(f"There are {len(files)} files and {len(test_file)} test files: give one for each file.")
    tests: list[Path | None] = [*test_file] if test_file else [None] * len(files)
    place = place_of(on, jobs)
    plan = StudyPlan(
        datasets=tuple(
            DatasetEntry(path=file, units=units, keys=keys, test_file=test)
            for file, test in zip(files, tests, strict=True)
        ),
        models=tuple(word.strip() for word in models.split(",") if word.strip()),
        sizes=_numbers(sizes, "--sizes"),
        seeds=_seeds(seeds),
        valid=valid,
        test=test,
        select=select or "random",
        blocks=blocks,
        settings=_settings(set_),
        accept=tuple(accept or ()),
    )
    if only_plan:
        _show_outlook(plan, out, place, json)
        return
    with progress_display() as progress:
        try:
            made = run_study(plan, out, progress, place, report_units, target)
        except KeyboardInterrupt:
            progress.note("Stopped; the same command goes on where it was.")
            raise typer.Exit(130) from None
    finish_study(made, plan, out, json)


def _show_outlook(plan: StudyPlan, out: Path, place: Place, json: bool) -> None:
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from supple.study.cost_estimate import HEADINGS
    from supple.study.engine import foresee

    with progress_display() as progress:
        outlook = foresee(plan, out, progress, place).outlook
    if json:
        print_json({"trainings": [asdict(line) for line in outlook.lines], "seconds": outlook.seconds})
        return
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in HEADINGS[:2] else "right")
    for row in outlook.rows():
        table.add_row(*row)
    Console().print(table)
    typer.echo(outlook.sentence())


def finish_study(made: StudyResult, plan: StudyPlan, out: Path, json: bool) -> None:
    """Print what a study found; exit code 1 when a training failed."""
    if json:
        print_json(
            {
                "out": str(out),
                "results_csv": str(made.csv),
                "report": str(made.page),
                "report_markdown": str(made.report),
                "figures": [str(figure) for figure in made.figures],
                "answers": list(made.answers),
                "rows": made.results.as_dicts(),
                "failures": {cell.name: message for cell, message in made.results.failures.items()},
            }
        )
    else:
        _show(made, plan, out)
    if made.results.failures:
        raise typer.Exit(1)


def _show(made: StudyResult, plan: StudyPlan, out: Path) -> None:
    from rich.console import Console

    from supple.study.results_table import study_table

    for entry in plan.datasets:
        Console().print(study_table(made.results, entry.name))
    for sentence in made.answers:
        typer.echo(sentence)
    typer.echo("\nWritten:")
    pages = [figure for figure in made.figures if figure.suffix == ".png"]
    for file, role in (
        (made.page, "the report: open it in a browser"),
        (made.report, "its answers and tables, as Markdown"),
        (made.csv, "every number, one a line"),
        *((figure, "also as PDF") for figure in pages),
        (out / "cells", "a folder for each training, with its force field"),
    ):
        typer.echo(f"  {file}  {role}")
    for cell, message in made.results.failures.items():
        typer.echo(f"{cell.name} failed: {message}", err=True)
    best = _best(made)
    if made.results.failures:
        print_next(plan.command(out) + "   # tries again what failed")
    elif best is not None:
        first = plan.datasets[0]
        asked = ["--units", first.units] if first.units else []
        print_next(shlex.join(["supple", "evaluate", str(best), str(first.path), *asked]))


def _best(made: StudyResult) -> Path | None:
    """The force field of the first dataset with the smallest error of the forces."""
    from supple.study import Cell

    first = next(iter(made.results.record.datasets))
    rows = [
        (row.value, Cell(row.dataset, row.model, row.n_train, row.seed).name)
        for row in made.results.rows
        if (row.dataset, row.quantity, row.metric) == (first, "forces", "rmse") and row.value is not None
    ]
    return made.results.out / "cells" / min(rows)[1] / "model.safetensors" if rows else None


def _numbers(text: str, option: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SettingsError(f"{option} {text} is not a list of whole numbers: write for instance 200,400.") from error


def _seeds(text: str) -> tuple[int, ...]:
    """`3` is how many; `0,1,2` and `5,` are the seeds themselves."""
    numbers = _numbers(text, "--seeds")
    return numbers if "," in text else tuple(range(numbers[0])) if numbers else ()


def _settings(texts: list[str] | None) -> dict[str, dict[str, Any]]:
    settings: dict[str, dict[str, Any]] = {}
    for name, value in parse_assignments(texts).items():
        kind, dot, key = name.partition(".")
        if not dot or not key:
            raise SettingsError(f"'{name}' names no model: write model.setting=value, for instance schnet.steps=5000.")
        settings.setdefault(kind, {})[key] = value
    return settings
