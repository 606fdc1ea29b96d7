"""`supple train`: one force field from one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_errors, print_json, print_next, progress_display
from supple.cli.options import (
    AcceptOption,
    DataFile,
    JsonOption,
    KeysOption,
    SetOption,
    UnitsOption,
    parse_assignments,
)


def train(
    file: DataFile,
    model: Annotated[str, typer.Option(help="sgdml or schnet.")] = "sgdml",
    train: Annotated[int, typer.Option("--train", help="Training frames.")] = 200,
    valid: Annotated[int, typer.Option("--valid", help="Validation frames.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split and of the training.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The model file; FILE-MODEL-nTRAIN.safetensors if left out.")] = None,
    split: Annotated[Path | None, typer.Option(help="A split.json that names the frames, instead of drawing.")] = None,
    units: UnitsOption = None,
    keys: KeysOption = None,
    settings: Annotated[Path | None, typer.Option(help="A YAML file with settings of the model.")] = None,
    set_: SetOption = None,
    accept: AcceptOption = None,
    json: JsonOption = False,
) -> None:
    """Train a force field on a file of geometries.

    The same command again goes on where it was stopped, and does nothing when all is done.
    """
    from supple.reading import read
    from supple.settings import read_settings
    from supple.splits import Split, draw_split

    given = (read_settings(settings) if settings else {}) | parse_assignments(set_)
    dataset = read(file, units=units, keys=keys)
    chosen = Split.load(split, len(dataset)) if split else draw_split(len(dataset), train, valid, seed=seed)

    from supple.models import make_settings  # torch comes with these; a wrong file is refused without it
    from supple.training import train_run

    model_settings = make_settings(model, given)
    stem = file.name.removesuffix(".gz").rsplit(".", 1)[0]
    out = out or Path(f"{stem}-{model}-n{len(chosen.train)}.safetensors")
    if out.suffix != ".safetensors":
        out = out.with_name(out.name + ".safetensors")
    directory = out.with_suffix(".run")
    with progress_display() as progress:
        progress.note(f"{dataset!r}; {len(chosen.train)} for training, {len(chosen.valid)} for validation.")
        try:
            result = train_run(
                model_settings, dataset, chosen, directory, out=out, progress=progress, accept=accept or ()
            )
        except KeyboardInterrupt:
            kept = f" The best model so far is {directory / 'model.safetensors'}." if directory.exists() else ""
            progress.note(f"Stopped.{kept} The same command goes on where it was.")
            raise typer.Exit(130) from None
    if json:
        print_json(result)
        return
    for note in result["notes"]:
        typer.echo(note)
    print_errors(f"{model} on {result['n_train']} frames, errors on {result['n_valid']} validation frames",
                 result["validation"])  # fmt: skip
    typer.echo(f"{result['seconds']:.1f} s, {result['peak_rss_bytes'] / 2**30:.2f} GiB; force field in {out}, "
               f"its record in {directory}")  # fmt: skip
    asked = f" --units {units}" if units else ""
    print_next(f"supple evaluate {out} {file}{asked}")
