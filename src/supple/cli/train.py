"""`supple train`: one force field from one file."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supple.cli.baseline_options import (
    BaselineChargeOption,
    BaselineMultiplicityOption,
    BaselineOption,
    LearnBaselineOption,
    with_baseline,
)
from supple.cli.console import print_errors, print_json, print_next, print_written, progress_display
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
from supple.cli.output_options import OverwriteOption, output_option, require_outputs
from supple.cli.resumable import resumable
from supple.data import default_sizes
from supple.errors import SettingsError
from supple.models.registry import MODELS

if TYPE_CHECKING:
    from supple.data.dataset import Dataset
    from supple.data.splits import Split
    from supple.training import TrainingResult


def train(
    file: DataFile,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help=f"Kind of model: {', '.join(MODELS.names)}. [default: by the number of atoms and of training frames]",
        ),
    ] = None,
    train: Annotated[
        int | None, typer.Option("--train", help=f"Number of training frames. [default: {default_sizes.TRAIN}]")
    ] = None,
    valid: Annotated[
        int | None, typer.Option("--valid", help=f"Number of validation frames. [default: {default_sizes.VALID}]")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split and of the training.")] = 0,
    out: Annotated[Path | None, output_option("Model file. [default: FILE-MODEL-nTRAIN.safetensors]")] = None,
    overwrite: OverwriteOption = False,
    select: SelectOption = None,
    blocks: BlocksOption = None,
    split: Annotated[
        Path | None, typer.Option(help="A split.json file with the indices of the frames, instead of a random draw.")
    ] = None,
    extend: Annotated[
        Path | None,
        typer.Option(
            help="Train this force field again, with its settings, on its training frames and new ones of FILE; its validation "
            "and test frames stay what they are."
        ),
    ] = None,
    baseline: BaselineOption = None,
    charge: BaselineChargeOption = None,
    multiplicity: BaselineMultiplicityOption = None,
    learn_baseline: LearnBaselineOption = None,
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
    from supple.data.selection import duplicate_note, split_dataset
    from supple.data.splits import Split
    from supple.runtime.settings_file import read_settings

    started = time.perf_counter()
    if split and (select is not None or blocks is not None):
        raise SettingsError(f"{split} already determines the frames: leave out --select and --blocks, or --split.")
    _require_known(model, select)
    given = (read_settings(settings) if settings else {}) | parse_assignments(set_) | _timed(max_time)
    if extend:
        _require_alone(extend, model=model, valid=valid, split=split, blocks=blocks)
    dataset = _read(
        file, units, keys, accept or (), with_baseline(given, baseline, charge, multiplicity, learn_baseline)
    )
    added = ""
    if extend:
        from supple.training.extension import extend as plan_extension

        extension = plan_extension(extend, dataset, train, select=select or "random", seed=seed)
        model, chosen, added = extension.kind, extension.split, f" {extension.sentence}"
        given = extension.settings | given
    elif split:
        chosen = Split.load(split, len(dataset))
    else:
        n_train, n_valid = _sizes(dataset, train, valid)
        chosen = split_dataset(dataset, n_train, n_valid, seed=seed, select=select or "random", blocks=blocks)

    given = with_baseline(given, baseline, charge, multiplicity, learn_baseline)

    from supple.models.registry import make_settings  # these import torch; a wrong file is refused before
    from supple.runtime.files import stem
    from supple.runtime.output_files import copy_of, require_file
    from supple.training import train as train_model
    from supple.training.model_choice import choose_model

    choice = choose_model(dataset, len(chosen.train), given) if model is None else None
    model_settings = make_settings(choice.kind if choice else str(model), given)
    require_file(out := out or Path(f"{stem(file)}-{model_settings.kind}-n{len(chosen.train)}.safetensors"))
    out = out if out.suffix == ".safetensors" else out.with_name(out.name + ".safetensors")
    directory = out.with_suffix(".run")
    finished = copy_of(directory / "model.safetensors")
    require_outputs(out, reads=[file, split, settings, extend], overwrite=overwrite, own=finished)
    with progress_display() as progress, resumable(progress, directory / "model.safetensors"):
        frames = f"{len(chosen.train)} for training, {len(chosen.valid)} for validation."
        headline = f"{dataset.source.name}: {dataset.formula}, {len(dataset)} frames; {frames}{added}"
        of_choice = [choice.sentence] if choice else []
        for note in filter(
            None, (headline, *dataset.source.notes, None if split else duplicate_note(dataset), *of_choice)
        ):
            progress.note(note)
        trained = train_model(
            model_settings,
            dataset,
            chosen,
            directory,
            out=out,
            progress=progress,
            accept=accept or (),
            notes=of_choice,
        )
    if json:
        print_json(trained.to_json() | ({"chosen_because": choice.reason} if choice else {}))
        return
    _show_notes(trained.result, progress.notes)
    _show_result(model_settings.label, trained.result, chosen, is_drawn=not split)
    _show_cost(trained.result, time.perf_counter() - started)
    print_written((out, "the force field"), (directory, "the record of its training"))
    options = (f" --units {units}" if units else "") + (" --accept unreadable" if dataset.source.notes else "")
    print_next(f"supple evaluate {out} {file}{options}")


def _read(
    file: Path, units: str | None, keys: str | None, accept: Sequence[str], settings: Mapping[str, Any]
) -> Dataset:
    """The frames; with a baseline, energies alone will do."""
    from supple.data.reading import read
    from supple.data.reading.forces_or_energies import read_forces_or_energies

    reader = read if settings.get("baseline") is None else read_forces_or_energies
    return reader(file, units=units, keys=keys, accept=accept)


def _sizes(dataset: Dataset, train: int | None, valid: int | None) -> tuple[int, int]:
    """Numbers of training and validation frames."""
    if dataset.forces is None:  # each energy is left out in turn, so that no frames are needed for validation
        n_valid = valid or 0
        return len(dataset) - len(dataset.duplicates) - n_valid if train is None else train, n_valid
    return default_sizes.TRAIN if train is None else train, default_sizes.VALID if valid is None else valid


def _require_known(model: str | None, select: str | None) -> None:
    from supple.data.selection import require_selection

    require_selection(select or "random")
    if model is not None:
        MODELS.require(model)


def _timed(max_time: float | None) -> dict[str, float]:
    return {} if max_time is None else {"max_time": max_time}


def _show_result(name: str, result: TrainingResult, split: Split, *, is_drawn: bool) -> None:
    """Print the errors, and what they are not."""
    if is_drawn and split.select != "random":
        typer.echo(f"The frames that --select {split.select} did not choose are not a random sample of the data: judge the force "
                   "field by its validation frames, which were drawn first.")  # fmt: skip
    _show_errors(name, result, split)


def _show_notes(result: TrainingResult, printed: list[str]) -> None:
    """Print the notes that were not printed during the training."""
    for note in result.notes:
        if not any(note in sentence for sentence in printed):
            typer.echo(note)


def _show_errors(name: str, result: TrainingResult, split: Split) -> None:
    of_which = f"on {result.n_valid} validation frames" if result.n_valid else "of each, predicted from the others"
    print_errors(f"{name} trained on {result.n_train} frames: errors {of_which}", result.validation.to_dict())
    if split.blocks and result.test:
        print_errors(f"Errors on {len(split.test)} test frames from separate time blocks", result.test.to_dict())


def _show_cost(result: TrainingResult, elapsed: float) -> None:
    """Print time and memory; that of the whole command only if it has trained, and not found a complete training."""
    in_all = f"; {elapsed:.0f} s in all" if elapsed > result.seconds else ""
    memory = result.peak_rss_bytes / 2**30
    typer.echo(f"Training took {result.seconds:.1f} s and {memory:.2f} GiB of memory{in_all}.")


def _require_alone(extend: Path, **options: object) -> None:
    """Refuse options that an extended training takes from the force field."""
    for name, value in options.items():
        if value is not None:
            raise SettingsError(
                f"--{name} cannot be changed when {extend} is extended: leave out --{name}, or train anew without --extend."
            )
