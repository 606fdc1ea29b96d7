"""`supple train`: one force field from one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_errors, print_json, print_next, print_written, progress_display
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
from supple.cli.resumable import resumable
from supple.errors import SettingsError


def train(
    file: DataFile,
    model: ModelOption = "sgdml",
    train: Annotated[int, typer.Option("--train", help="Number of training frames.")] = 200,
    valid: Annotated[int, typer.Option("--valid", help="Number of validation frames.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split and of the training.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Model file. [default: FILE-MODEL-nTRAIN.safetensors]")] = None,
    select: SelectOption = None,
    blocks: BlocksOption = None,
    split: Annotated[
        Path | None, typer.Option(help="A split.json file with the indices of the frames, instead of a random draw.")
    ] = None,
    units: UnitsOption = None,
    keys: KeysOption = None,
    max_time: Annotated[
        float | None,
        typer.Option("--max-time", help="Maximum training time in minutes, for models that are trained in steps."),
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="YAML file with settings of the model.")] = None,
    set_: SetOption = None,
    accept: AcceptOption = None,
    json: JsonOption = False,
) -> None:
    """Train a force field on energies and forces.

    Run the command again to resume an interrupted training; a complete one is not repeated.
    """
    from supple.data.reading import read
    from supple.data.selection import require_selection, split_dataset
    from supple.data.splits import Split
    from supple.models.registry import MODELS
    from supple.runtime.settings_file import read_settings

    if split and (select is not None or blocks is not None):
        raise SettingsError(f"{split} already determines the frames: leave out --select and --blocks, or --split.")
    require_selection(select or "random")
    MODELS.require(model)
    given = (read_settings(settings) if settings else {}) | parse_assignments(set_)
    given |= {} if max_time is None else {"max_time": max_time}
    dataset = read(file, units=units, keys=keys, accept=accept or ())
    if split:
        chosen = Split.load(split, len(dataset))
    else:
        chosen = split_dataset(dataset, train, valid, seed=seed, select=select or "random", blocks=blocks)

    from supple.models.registry import make_settings  # these import torch; a wrong file is refused before
    from supple.runtime.files import stem
    from supple.training import train as train_model

    model_settings = make_settings(model, given)
    out = out or Path(f"{stem(file)}-{model}-n{len(chosen.train)}.safetensors")
    if out.suffix != ".safetensors":
        out = out.with_name(out.name + ".safetensors")
    directory = out.with_suffix(".run")
    with progress_display() as progress, resumable(progress, directory / "model.safetensors"):
        progress.note(
            f"{dataset.source.name}: {dataset.formula}, {len(dataset)} frames; {len(chosen.train)} for training, "
            f"{len(chosen.valid)} for validation."
        )
        for note in dataset.source.notes:
            progress.note(note)
        trained = train_model(
            model_settings, dataset, chosen, directory, out=out, progress=progress, accept=accept or ()
        )
    if json:
        print_json(trained.to_json())
        return
    result = trained.result
    for note in result.notes:
        if not any(note in printed for printed in progress.notes):
            typer.echo(note)
    if chosen.select != "random" and not split:
        typer.echo(f"The frames that --select {chosen.select} did not choose are not a random sample of the data: judge the force "
                   "field by its validation frames, which were drawn first.")  # fmt: skip
    print_errors(
        f"{model_settings.display_name} trained on {result.n_train} frames: errors on {result.n_valid} validation frames",
        result.validation.to_dict(),
    )
    if chosen.blocks and result.test:
        print_errors(f"Errors on {len(chosen.test)} test frames from separate time blocks", result.test.to_dict())
    typer.echo(f"Training took {result.seconds:.1f} s and {result.peak_rss_bytes / 2**30:.2f} GiB of memory.")
    print_written((out, "the force field"), (directory, "the record of its training"))
    units_option = f" --units {units}" if units else ""
    accept_option = " --accept unreadable" if dataset.source.notes else ""
    print_next(f"supple evaluate {out} {file}{units_option}{accept_option}")
