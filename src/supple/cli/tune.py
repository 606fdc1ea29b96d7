"""`supple tune`: settings of a model, searched for."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
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


def tune(
    file: DataFile,
    model: ModelOption = "schnet",
    trials: Annotated[int, typer.Option(min=1, help="Trainings in all.")] = 30,
    train: Annotated[int, typer.Option("--train", help="Training frames.")] = 200,
    valid: Annotated[int, typer.Option("--valid", help="Validation frames, by which settings are judged.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split, the trainings and the search.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder; FILE-MODEL-tuning if left out.")] = None,
    select: SelectOption = None,
    blocks: BlocksOption = None,
    units: UnitsOption = None,
    keys: KeysOption = None,
    set_: SetOption = None,
    accept: AcceptOption = None,
    jobs: JobsOption = None,
    on: OnOption = None,
    json: JsonOption = False,
) -> None:
    """Optimise the settings of a model on validation frames.

    Settings given by --set are kept. The same command goes on where it was stopped; more --trials add to a search.
    """
    from supple.data.reading import read
    from supple.data.selection import require_selection, split_dataset
    from supple.runtime.workers.backends import place_of
    from supple.tuning import tune as search
    from supple.tuning import write_page
    from supple.tuning.report import importances

    place = place_of(on, jobs)
    require_selection(select or "random")
    given = parse_assignments(set_)
    dataset = read(file, units=units, keys=keys)
    chosen = split_dataset(dataset, train, valid, seed=seed, select=select or "random", blocks=blocks)
    stem = file.name.removesuffix(".gz").rsplit(".", 1)[0]
    out = out or Path(f"{stem}-{model}-tuning")
    with progress_display() as progress:
        try:
            tuned = search(model, dataset, chosen, out, trials, given, accept or (), progress, place)
        except KeyboardInterrupt:
            progress.note("Stopped; the same command goes on where it was.")
            raise typer.Exit(130) from None
    page = write_page(tuned)
    best = tuned.finished()[:1]
    if json:
        print_json(
            {
                "out": str(out),
                "settings_file": str(tuned.settings_file),
                "page": str(page),
                "defaults": tuned.defaults,
                "best": best[0].value if best else None,
                "settings": best[0].params if best else {},
                "unit": tuned.unit,
                "importances": importances(tuned),
                "sentence": tuned.sentence(),
            }
        )
        return
    typer.echo(tuned.sentence())
    typer.echo(
        f"\nWritten:\n  {tuned.settings_file}  the best settings\n  {page}  what mattered, with slices.png and slices.pdf"
    )
    asked = ["--units", units] if units else []
    print_next(
        shlex.join(
            [
                "supple",
                "train",
                str(file),
                *asked,
                "--model",
                model,
                "--train",
                str(train),
                "--settings",
                str(tuned.settings_file),
            ]
        )
    )
