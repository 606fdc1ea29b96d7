"""`supple select`: which geometries to calculate next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, print_written, progress_display
from supple.cli.model_argument import arranged, load_model
from supple.cli.options import GeometryFile, GeometryUnits, JsonOption
from supple.cli.output_options import OverwriteOption, output_option, require_outputs

#: Rows of the table that is printed.
_ROWS = 10


def select(
    file: GeometryFile,
    model: Annotated[Path, typer.Option(help="A force field with error bars.")],
    count: Annotated[int, typer.Option(min=1, help="How many geometries to choose.")] = 50,
    out: Annotated[Path | None, output_option("Extended xyz file to write. [default: FILE-selected.xyz]")] = None,
    overwrite: OverwriteOption = False,
    units: GeometryUnits = None,
    json: JsonOption = False,
) -> None:
    """Choose the geometries that are most worth calculating.

    They are those where the force field expects large errors of its forces, none like another. The file has them in the order of their use,
    so that its first ten are the best ten, each with the expected error: label it with 'supple sample --label', or by another program.
    """
    import numpy as np

    from supple.data.dataset import Dataset
    from supple.data.reading import read
    from supple.data.units import Units
    from supple.data.writing import write_extxyz
    from supple.evaluation.next_frames import next_frames
    from supple.runtime.files import stem

    potential = load_model(model, file, "supple select {1} --model {0}")
    geometries = read(file, units=units, labels=False)
    out = out or Path(f"{stem(file)}-selected.xyz")
    require_outputs(out, reads=[model, file], overwrite=overwrite)
    with progress_display() as progress:
        frames = arranged(potential, geometries)
        found = next_frames(potential, frames, count)
        if len(found.frames) < count:
            progress.note(f"{file.name} has only {len(found.frames)} geometries that are new to the force field.")
    target = Units.parse(potential.provenance.data_units)
    errors = found.expected_errors / target.forces_in_ev_per_angstrom
    chosen = frames.select(found.frames)
    extras = {"expected_force_error": errors, "source_frame": frames.frames[found.frames]}
    write_extxyz(out, Dataset.of(chosen.numbers, chosen.positions, name=file.name, extras=extras))
    usual = float(np.median(found.of_all)) / target.forces_in_ev_per_angstrom
    if json:
        print_json(
            {
                "out": str(out),
                "n_frames": len(found.frames),
                "frames": frames.frames[found.frames].tolist(),
                "expected_force_errors": errors.tolist(),
                "median_expected_force_error": usual,
                "unit": target.forces,
            }
        )
        return
    typer.echo(
        f"Expected errors of the force components, median over {len(frames)} geometries: {usual:.3g} {target.forces}."
    )
    for k, (frame, error, apart) in enumerate(zip(found.frames, errors, found.distances, strict=True)):
        if k < _ROWS:
            like = "" if np.isinf(apart) else f", {apart:.2f} median distances from the nearest one before it"
            typer.echo(f"  frame {frames.frames[frame]}: {error:.3g} {target.forces}{like}")
    if len(found.frames) > _ROWS:
        typer.echo(f"  ... and {len(found.frames) - _ROWS} more, down to {errors.min():.3g} {target.forces}")
    print_written((out, f"{len(found.frames)} geometries to calculate, the most useful first"))
    print_next(f"supple sample --label {out}")
