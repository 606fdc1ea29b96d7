"""`supple path`: the way from one conformer to another, and the barrier on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import GeometryFile, GeometryUnits, JsonOption, ModelFile


def path(
    model: ModelFile,
    file: GeometryFile,
    first: Annotated[int | None, typer.Option("--from", min=0, help="Frame where it begins; the first.")] = None,
    last: Annotated[int | None, typer.Option("--to", min=0, help="Frame where it ends; the last.")] = None,
    images: Annotated[int, typer.Option(help="Geometries along the path, both ends included.")] = 15,
    fmax: Annotated[float, typer.Option(min=1e-6, help="eV/Å; no force on the band is larger at the end.")] = 0.05,
    steps: Annotated[int, typer.Option(min=2, help="Of its relaxation at most.")] = 600,
    out: Annotated[Path | None, typer.Option(help="Extended xyz to write; FILE-path.xyz if left out.")] = None,
    units: GeometryUnits = None,
    json: JsonOption = False,
) -> None:
    """Find the reaction path between two conformers.

    Both ends are relaxed before. Exit code 1 when the band did not come to rest.
    """
    from supple.data.reading import read
    from supple.models.loading import load
    from supple.simulation.relaxation import reaction_path
    from supple.simulation.relaxation.output_frames import one_frame, output_for, write_frames, write_profile

    potential = load(model)
    geometries = read(file, units=units, labels=False)
    out = output_for(file, "path", out)
    ends = one_frame(geometries, first or 0), one_frame(geometries, len(geometries) - 1 if last is None else last)
    with progress_display() as progress:
        found = reaction_path(potential, *ends, images, fmax, steps, progress)
    write_frames(out, potential, found.positions, found.energies, found.forces, {"part_of_the_way": found.coordinate})
    figures = write_profile(out, found.profile)
    remark = (
        None
        if found.settled
        else f"{found.left:.2g} eV/Å are left on the band after {steps} steps: take more --images or --steps."
    )
    if json:
        print_json(
            {
                "out": str(out), "figures": [str(f) for f in figures], "barriers_eV": list(found.barriers),
                "has_barrier": found.imaginary is not None, "imaginary_per_cm": found.imaginary,
                "energies_eV": found.energies.tolist(), "part_of_the_way": found.coordinate.tolist(),
                "settled": found.settled, "left_eV_per_angstrom": found.left, "sentences": found.sentences(),
            }
        )  # fmt: skip
    else:
        for sentence in found.sentences():
            typer.echo(sentence)
        typer.echo(f"Along it: {'; '.join(found.profile.sentences())}.")
        if remark:
            typer.echo(remark, err=True)
        typer.echo(f"\nWritten:\n  {out}  {len(found.energies)} images\n  {figures[0]}  the profile, also as PDF")
        print_next(f"ase gui {out}")
    if not found.settled:
        raise typer.Exit(1)
