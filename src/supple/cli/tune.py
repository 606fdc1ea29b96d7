"""`supple tune`: a search for the settings of a model."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from supple.cli.baseline_options import (
    BaselineChargeOption,
    BaselineMultiplicityOption,
    BaselineOption,
    LearnBaselineOption,
    with_baseline,
)
from supple.cli.console import print_json, print_next, print_written, progress_display
from supple.cli.model_options import ModelOption
from supple.cli.options import (
    AcceptOption,
    BlocksOption,
    DataFile,
    JobsOption,
    JsonOption,
    KeysOption,
    OnOption,
    SelectOption,
    SetOption,
    UnitsOption,
    parse_assignments,
)
from supple.cli.resumable import resumable


def tune(
    file: DataFile,
    model: ModelOption = "schnet",
    trials: Annotated[int, typer.Option(min=1, help="Number of trials, each a training.")] = 30,
    train: Annotated[int, typer.Option("--train", help="Number of training frames.")] = 200,
    valid: Annotated[
        int, typer.Option("--valid", help="Number of validation frames, on which settings are compared.")
    ] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split, the trainings and the search.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder of the search. [default: FILE-MODEL-tuning]")] = None,
    select: SelectOption = None,
    blocks: BlocksOption = None,
    baseline: BaselineOption = None,
    charge: BaselineChargeOption = None,
    multiplicity: BaselineMultiplicityOption = None,
    learn_baseline: LearnBaselineOption = None,
    units: UnitsOption = None,
    keys: KeysOption = None,
    set_: SetOption = None,
    accept: AcceptOption = None,
    jobs: JobsOption = None,
    on: OnOption = None,
    json: JsonOption = False,
) -> None:
    """Optimise the settings of a model on validation frames.

    Settings given by --set are fixed. Run the command again to resume an interrupted search, or with a larger --trials to extend it.
    """
    from supple.data.reading import read
    from supple.data.selection import duplicate_note, require_selection, split_dataset
    from supple.runtime.files import stem
    from supple.runtime.workers.backends import backend_from
    from supple.tuning import tune as search
    from supple.tuning import write_report
    from supple.tuning.report import importances

    backend = backend_from(on, jobs)
    require_selection(select or "random")
    given = with_baseline(parse_assignments(set_), baseline, charge, multiplicity, learn_baseline)
    dataset = read(file, units=units, keys=keys, accept=accept or ())
    chosen = split_dataset(dataset, train, valid, seed=seed, select=select or "random", blocks=blocks)
    out = out or Path(f"{stem(file)}-{model}-tuning")
    with progress_display() as progress, resumable(progress):
        for note in filter(None, (*dataset.source.notes, duplicate_note(dataset))):
            progress.note(note)
        tuned = search(model, dataset, chosen, out, trials, given, accept or (), progress, backend)
    page = write_report(tuned)
    best = tuned.completed()[:1]
    if json:
        print_json(
            {
                "out": str(out),
                "settings_file": str(tuned.settings_file),
                "page": str(page),
                "defaults": tuned.defaults,
                "best": tuned.best_error(),
                "settings": best[0].params if best else {},
                "unit": tuned.unit,
                "importances": importances(tuned),
                "sentence": tuned.sentence(),
            }
        )
        return
    typer.echo(tuned.sentence())
    print_written((tuned.settings_file, "the best settings"), (page, "the report, with slices.png and slices.pdf"))
    units_option = ["--units", units] if units else []
    print_next(
        shlex.join(
            [
                "supple",
                "train",
                str(file),
                *units_option,
                "--model",
                model,
                "--train",
                str(train),
                "--settings",
                str(tuned.settings_file),
            ]
        )
    )
