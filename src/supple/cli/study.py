"""`supple study`: learning curves of several models on the same data."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supple.cli.baseline_options import BaselineChargeOption, BaselineMultiplicityOption
from supple.cli.console import print_json, print_next, print_written, progress_display
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
from supple.cli.output_options import OverwriteOption
from supple.cli.resumable import resumable
from supple.errors import SettingsError
from supple.models.registry import MODELS
from supple.runtime.output_files import require_writable_folder
from supple.study import defaults

if TYPE_CHECKING:
    from supple.runtime.workers.backends import Backend
    from supple.study import StudyPlan, StudyResult

DataFiles = Annotated[
    list[Path], typer.Argument(help="Files of geometries with energies and forces, one for each molecule or data set.")
]


def study(
    files: DataFiles,
    *,
    units: UnitsOption = None,
    keys: KeysOption = None,
    models: ModelsOption = ",".join(defaults.MODELS),
    sizes: Annotated[str, typer.Option(help="Numbers of training frames, separated by commas.")] = ",".join(
        map(str, defaults.SIZES)
    ),
    seeds: Annotated[str, typer.Option(help="Number of seeds, or a list of them, such as 0,1,2 or 5,")] = str(
        len(defaults.SEEDS)
    ),
    valid: Annotated[
        int | None,
        typer.Option(
            help=f"Number of validation frames. [default: {defaults.VALID}, at most 1/{defaults.VALID_DIVISOR} of the data]"
        ),
    ] = None,
    test: Annotated[
        int | None,
        typer.Option(
            help=f"Number of test frames. [default: {defaults.TEST}, at most 1/{defaults.TEST_DIVISOR} of the data]"
        ),
    ] = None,
    test_file: Annotated[
        list[Path] | None,
        typer.Option(help="File of test frames, instead of frames of FILE; once for each FILE, in the same order."),
    ] = None,
    select: SelectOption = None,
    blocks: BlocksOption = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of a model, such as schnet.steps=5000; may be repeated."),
    ] = None,
    charge: BaselineChargeOption = None,
    multiplicity: BaselineMultiplicityOption = None,
    accept: AcceptOption = None,
    out: Annotated[Path, typer.Option(help="Folder of the study.")] = Path("supple-study"),
    overwrite: OverwriteOption = False,
    jobs: JobsOption = None,
    on: OnOption = None,
    only_plan: Annotated[bool, typer.Option("--plan", help="Only estimate time and memory; train nothing.")] = False,
    report_units: ReportUnits = None,
    target: Annotated[
        float | None,
        typer.Option(
            help="Target force error (RMSE, in the units of the report): estimate the number of frames that it requires."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare models by their learning curves.

    Run the command again to resume an interrupted study; sizes, seeds and files can be added to a study.
    """
    from supple.runtime.workers.backends import backend_from
    from supple.study import DatasetEntry, StudyPlan, run_study
    from supple.study.study_file import is_study

    _require_files(files)
    if target is not None and target <= 0:
        raise SettingsError(f"--target {target:g} cannot be reached: give an error above zero.")
    if test_file and len(test_file) != len(files):
        raise SettingsError(f"There are {len(files)} files and {len(test_file)} test files: give one for each file.")
    tests: list[Path | None] = [*test_file] if test_file else [None] * len(files)
    backend = backend_from(on, jobs)
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
        charge=charge,
        multiplicity=multiplicity,
    )
    if only_plan:
        _show_estimate(plan, out, backend, json)
        return
    require_writable_folder(out, overwrite=overwrite, own=is_study)
    with progress_display() as progress, resumable(progress):
        result = run_study(plan, out, progress, backend, report_units, target)
    finish_study(result, plan, out, json)


def _require_files(files: list[Path]) -> None:
    """Refuse numbers and models among the files, which come from a blank in place of a comma: `--sizes 200 400`."""
    for file in files:
        if file.name.replace(",", "") in MODELS.names and not file.exists():
            raise SettingsError(
                f"'{file}' is not a file: separate models by commas, without blanks: --models sgdml,schnet."
            )
        if file.name.replace(",", "").isdigit() and not file.exists():
            raise SettingsError(f"'{file}' is not a file: separate numbers by commas, without blanks: --sizes 200,400.")


def _show_estimate(plan: StudyPlan, out: Path, backend: Backend, json: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from supple.study.cost_estimate import HEADINGS
    from supple.study.scheduling import make_schedule

    with progress_display() as progress:
        estimate = make_schedule(plan, out, progress, backend).total
    if json:
        print_json({"trainings": [group.to_json() for group in estimate.groups], "seconds": estimate.seconds})
        return
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in HEADINGS[:2] else "right")
    for row in estimate.rows():
        table.add_row(*row)
    Console().print(table)
    typer.echo(estimate.sentence())


def finish_study(result: StudyResult, plan: StudyPlan, out: Path, json: bool) -> None:
    """Print the results of a study; exit code 1 when a training failed."""
    if json:
        print_json(
            {
                "out": str(out),
                "results_csv": str(result.csv),
                "report": str(result.page),
                "report_markdown": str(result.report),
                "figures": [str(figure) for figure in result.figures],
                "answers": list(result.answers),
                "rows": result.results.as_dicts(),
                "failures": {cell.name: message for cell, message in result.results.failures.items()},
            }
        )
    else:
        _show(result, plan, out)
    if result.results.failures:
        raise typer.Exit(1)


def _show(result: StudyResult, plan: StudyPlan, out: Path) -> None:
    from rich.console import Console

    from supple.study.markdown_report import CAPTIONS
    from supple.study.results_table import terminal_table

    for entry in plan.datasets:
        Console().print(terminal_table(result.results, entry.name))
    for sentence in result.answers:
        typer.echo(sentence)
    images = [figure for figure in result.figures if figure.suffix == ".png"]
    print_written(
        (result.page, "the report: open it in a browser"),
        (result.report, "summary and tables as Markdown"),
        (result.csv, "all numbers"),
        *((figure, f"{CAPTIONS[figure.stem.rpartition('-')[2]]}, also as PDF") for figure in images),
        (out / "cells", "a folder for each training, with its force field"),
    )
    for cell, message in result.results.failures.items():
        typer.echo(f"{cell.name} failed: {message}", err=True)
    best = _best(result)
    if result.results.failures:
        print_next(plan.command(out) + "   # retries the failed trainings")
    elif best is not None:
        first = plan.datasets[0]
        units_option = ["--units", first.units] if first.units else []
        print_next(shlex.join(["supple", "evaluate", str(best), str(first.path), *units_option]))


def _best(result: StudyResult) -> Path | None:
    """The force field of the first dataset with the smallest force error."""
    from supple.study import Cell

    first = next(iter(result.results.record.datasets))
    rows = [
        (row.value, Cell(row.dataset, row.model, row.n_train, row.seed).name)
        for row in result.results.rows
        if (row.dataset, row.quantity, row.metric) == (first, "forces", "rmse") and row.value is not None
    ]
    return result.results.out / "cells" / min(rows)[1] / "model.safetensors" if rows else None


def _numbers(text: str, option: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SettingsError(f"{option} {text} is not a list of integers: write for instance 200,400.") from error


def _seeds(text: str) -> tuple[int, ...]:
    """`3` is the number of seeds; `0,1,2` and `5,` are the seeds themselves."""
    numbers = _numbers(text, "--seeds")
    return numbers if "," in text else tuple(range(numbers[0])) if numbers else ()


def _settings(texts: list[str] | None) -> dict[str, dict[str, Any]]:
    settings: dict[str, dict[str, Any]] = {}
    for name, value in parse_assignments(texts).items():
        kind, dot, key = name.partition(".")
        if not dot or not key:
            raise SettingsError(
                f"'{name}' does not name a model: write model.setting=value, for instance schnet.steps=5000."
            )
        settings.setdefault(kind, {})[key] = value
    return settings
