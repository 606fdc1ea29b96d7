"""`supple scan`: a relaxed scan of a torsion over a full turn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_json, print_next, print_written, progress_display
from supple.cli.model_argument import load_model
from supple.cli.options import GeometryFile, GeometryUnits, JsonOption, ModelFile
from supple.cli.output_options import OverwriteOption, output_option, require_outputs

if TYPE_CHECKING:
    from supple.simulation.relaxation import TorsionScan


def scan(
    model: ModelFile,
    file: GeometryFile,
    torsion: Annotated[
        str | None,
        typer.Option(
            help="Torsion to scan: four atoms, as 1-2-3-4 or, as in 'supple check', N1-C2-C3-O4 (default: the torsion "
            "that rotates most atoms)."
        ),
    ] = None,
    points: Annotated[int, typer.Option(min=4, help="Number of angles, evenly spaced over 360°.")] = 36,
    frame: Annotated[int, typer.Option(min=0, help="Frame of the file to start from, counted from 0.")] = 0,
    out: Annotated[Path | None, output_option("Extended xyz file to write. [default: FILE-scan.xyz]")] = None,
    overwrite: OverwriteOption = False,
    units: GeometryUnits = None,
    json: JsonOption = False,
) -> None:
    """Scan a torsion through a full turn, relaxing everything else.

    The torsion is scanned in both directions; then each angle is relaxed again from its neighbours until no energy falls
    further. Exit code 1 when the relaxation at an angle does not converge.
    """
    from supple.data.reading import read
    from supple.models.arrangement import require_order
    from supple.simulation.relaxation import scan_torsion
    from supple.simulation.relaxation.output_files import (
        one_frame,
        output_for,
        profile_files,
        write_frames,
        write_profile,
    )

    out = output_for(file, "scan", out)
    require_outputs(out, *profile_files(out), reads=[model, file], overwrite=overwrite)
    potential = load_model(model, file, "supple scan {} {}")
    start = one_frame(read(file, units=units, labels=False), frame)
    require_order(potential, start)
    with progress_display() as progress:
        result = scan_torsion(potential, start, torsion, points, progress)
    write_frames(out, potential, result.positions, result.energies, result.forces, {"torsion_degrees": result.angles})
    figures = write_profile(out, result.profile)
    if json:
        print_json(
            {
                "out": str(out), "figures": [str(f) for f in figures], "torsion": result.label,
                "degrees": result.angles.tolist(), "energies_eV": result.energies.tolist(),
                "profile": result.profile.sentences(), "remarks": list(result.remarks),
            }
        )  # fmt: skip
    else:
        _print(result)
        print_written((out, "the geometry at each angle"), (figures[0], "the energy profile, also as PDF"))
        print_next(f"supple relax {model} {out}")
    if result.remarks:
        raise typer.Exit(1)


def _print(result: TorsionScan) -> None:
    from rich.console import Console
    from rich.table import Table

    from supple.data.units import ENERGY

    typer.echo(f"{result.label}: {'; '.join(result.profile.sentences())}.")
    table = Table()
    for heading in (f"{result.label} / °", "energy / kcal/mol"):
        table.add_column(heading, justify="right")
    for angle, energy in zip(result.angles, result.energies - result.energies.min(), strict=True):
        table.add_row(f"{angle:.0f}", f"{energy / ENERGY['kcal/mol']:.2f}")
    Console().print(table)
    for remark in result.remarks:
        typer.echo(f"{remark}.", err=True)
