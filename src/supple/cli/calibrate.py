"""`supple calibrate`: error bars for a force field that has none, or has those of other frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, print_written
from supple.cli.model_argument import arranged, load_model
from supple.cli.options import DataFile, JsonOption, KeysOption, LeaveOutOption, ModelFile, UnitsOption
from supple.cli.output_options import OverwriteOption, output_option, require_outputs


def calibrate(
    model: ModelFile,
    file: DataFile,
    out: Annotated[Path | None, output_option("Model file to write. [default: MODEL-calibrated.safetensors]")] = None,
    overwrite: OverwriteOption = False,
    units: UnitsOption = None,
    keys: KeysOption = None,
    accept: LeaveOutOption = None,
    json: JsonOption = False,
) -> None:
    """Add error bars to a force field.

    They are found by its errors on labelled frames that it was not trained on. 'supple train' does so with the validation frames. This command is for force fields of older versions, and for error bars by more
    frames: a few hundred are better than the usual hundred. The new file differs from the old one in nothing but the error bars.
    """
    from supple.evaluation.labelled_frames import labelled_frames
    from supple.models.calibrate import recalibrate

    potential = load_model(model, file, "supple calibrate {} {}")
    out = out or Path(f"{model.stem}-calibrated.safetensors")
    require_outputs(out, reads=[model, file], overwrite=overwrite)
    dataset, note = labelled_frames(file, potential, units, keys, accept or ())
    if note:
        typer.echo(note, err=True)
    found = recalibrate(potential, arranged(potential, dataset))
    potential.error_bars = found.error_bars
    potential.save(out)
    of = found.error_bars.calibrations
    if json:
        print_json(
            {
                "out": str(out),
                "n_frames": found.n_frames,
                "n_excluded": found.n_training,
                "n_reference": found.n_reference,
                "energies": of.energy is not None,
            }
        )
        return
    if found.n_training:
        typer.echo(f"Excluded: {found.n_training} frames of the file that the force field was trained on.")
    if found.n_reference:
        typer.echo(
            f"Novelty is measured from {found.n_reference} frames of the file, since the model file holds no training frames."
        )
    if of.energy is None:
        typer.echo(
            "Energies have no error bars: the force field was trained without energies, or too few of the frames have one."
        )
    what = "forces" if of.energy is None else "energies and forces"
    print_written((out, f"the force field with error bars of its {what}, by {found.n_frames} frames"))
    print_next(f"supple evaluate {out} OTHER.xyz", f"supple predict {out} GEOMETRIES.xyz")
