"""`supple train`: one force field from one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_errors, print_json, print_next, progress_display
from supple.cli.model_options import ModelOption
from supple.cli.options import (
    AcceptOption,
    BlocksOption,
    DataFile,
    JsonOption,
    KeysOption,
    SelectOption,
    SetOption,
    UnitsOption,
    parse_assignments,
)
from supple.errors import SettingsError


def train(
    file: DataFile,
    model: ModelOption = "sgdml",
    train: Annotated[int, typer.Option("--train", help="Training frames.")] = 200,
    valid: Annotated[int, typer.Option("--valid", help="Validation frames.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split and of the training.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The model file; FILE-MODEL-nTRAIN.safetensors if left out.")] = None,
    select: SelectOption = None,
    blocks: BlocksOption = None,
    split: Annotated[Path | None, typer.Option(help="A split.json that names the frames, instead of drawing.")] = None,
    units: UnitsOption = None,
    keys: KeysOption = None,
    max_time: Annotated[
        float | None, typer.Option("--max-time", help="Minutes of training at most, for models that train in steps.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="A YAML file with settings of the model.")] = None,
    set_: SetOption = None,
    accept: AcceptOption = None,
    json: JsonOption = False,
) -> None:
    """Train a force field on energies and forces.

    The same command again goes on where it was stopped, and does nothing when all is done.
    """
    from supple.data.reading import read
    from supple.data.selection import require_selection, split_dataset
    from supple.data.splits import Split
    from supple.runtime.settings_file import read_settings

    if split and (select is not None or blocks is not None):
        raise SettingsError(
            f"{split} names the frames, so there are none to choose: leave out --select and --blocks, or --split."
        )
    require_selection(select or "random")
    given = (read_settings(settings) if settings else {}) | parse_assignments(set_)
    given |= {} if max_time is None else {"max_time": max_time}
    dataset = read(file, units=units, keys=keys)
    if split:
        chosen = Split.load(split, len(dataset))
    else:
        chosen = split_dataset(dataset, train, valid, seed=seed, select=select or "random", blocks=blocks)

    from supple.models.registry import make_settings  # torch comes with these; a wrong file is refused without it
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
    if chosen.select != "random" and not split:
        typer.echo(f"The frames left over by --select {chosen.select} are no random sample of the data: judge the force "
                   "field by its validation frames, which were drawn before.")  # fmt: skip
    print_errors(f"{model} on {result['n_train']} frames, errors on {result['n_valid']} validation frames",
                 result["validation"])  # fmt: skip
    if chosen.blocks and result["test"]:
        print_errors(f"errors on {len(chosen.test)} test frames, from blocks of their own", result["test"])
    typer.echo(f"{result['seconds']:.1f} s, {result['peak_rss_bytes'] / 2**30:.2f} GiB; force field in {out}, "
               f"its record in {directory}")  # fmt: skip
    asked = f" --units {units}" if units else ""
    print_next(f"supple evaluate {out} {file}{asked}")
