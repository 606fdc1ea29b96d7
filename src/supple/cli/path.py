"""`supple path`: the reaction path from one conformer to another, and its barrier."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, print_written, progress_display
from supple.cli.model_argument import load_model
from supple.cli.options import GeometryFile, GeometryUnits, JsonOption, ModelFile
from supple.cli.output_options import OverwriteOption, output_option, require_outputs
from supple.runtime.rounding import rounded


def path(
    model: ModelFile,
    file: GeometryFile,
    first: Annotated[
        int | None,
        typer.Option("--from", min=0, help="Frame of one end, counted from 0 (default: the first frame)."),
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", min=0, help="Frame of the other end (default: the last frame).")
    ] = None,
    images: Annotated[int, typer.Option(help="Geometries along the path, both ends included.")] = 15,
    fmax: Annotated[
        float, typer.Option(min=1e-6, help="Convergence criterion: largest force on the band (eV/Å).")
    ] = 0.05,
    steps: Annotated[
        int, typer.Option(min=2, help="Maximum number of steps for relaxing the band, and each end.")
    ] = 600,
    out: Annotated[Path | None, output_option("Extended xyz file to write. [default: FILE-path.xyz]")] = None,
    overwrite: OverwriteOption = False,
    units: GeometryUnits = None,
    json: JsonOption = False,
) -> None:
    """Find the reaction path between two conformers.

    Both ends are relaxed first, then a climbing-image nudged elastic band between them. Exit code 1 when the band or an end does not converge.
    """
    from supple.data.reading import read
    from supple.models.arrangement import require_order
    from supple.simulation.relaxation import reaction_path
    from supple.simulation.relaxation.fixed_atoms import require_free
    from supple.simulation.relaxation.output_files import (
        one_frame,
        output_for,
        profile_files,
        write_frames,
        write_profile,
    )

    out = output_for(file, "path", out)
    require_outputs(out, *profile_files(out), reads=[model, file], overwrite=overwrite)
    potential = load_model(model, file, "supple path {} {}")
    geometries = read(file, units=units, labels=False)
    require_free(file, "The band")
    ends = one_frame(geometries, first or 0), one_frame(geometries, len(geometries) - 1 if last is None else last)
    require_order(potential, ends[0])
    with progress_display() as progress:
        result = reaction_path(potential, *ends, images, fmax, steps, progress)
    write_frames(
        out, potential, result.positions, result.energies, result.forces, {"part_of_the_way": result.coordinate}
    )
    figures = write_profile(out, result.profile)
    remark = None
    if result.max_force > fmax:
        remark = f"A force of {rounded(result.max_force, 2)} eV/Å remains on the band after {steps} steps: use more --images or --steps."
    elif not result.converged:
        remark = f"An end of the path was not relaxed within {steps} steps: use more --steps, or relax it first."
    if json:
        print_json(
            {
                "out": str(out), "figures": [str(f) for f in figures], "barriers_eV": list(result.barriers),
                "has_barrier": result.imaginary_wavenumbers is not None, "imaginary_per_cm": result.imaginary_wavenumbers,
                "energies_eV": result.energies.tolist(), "part_of_the_way": result.coordinate.tolist(),
                "settled": result.converged, "left_eV_per_angstrom": result.max_force, "sentences": result.sentences(),
            }
        )  # fmt: skip
    else:
        for sentence in result.sentences():
            typer.echo(sentence)
        typer.echo(f"Along the path: {'; '.join(result.profile.sentences())}.")
        if remark:
            typer.echo(remark, err=True)
        print_written((out, f"{len(result.energies)} images"), (figures[0], "the energy profile, also as PDF"))
        print_next(f"ase gui {out}")
    if not result.converged:
        raise typer.Exit(1)
