"""`supple relax`: geometries relaxed with a force field."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import GeometryFile, GeometryUnits, JsonOption, ModelFile

if TYPE_CHECKING:
    from supple.simulation.relaxation import Minimum


def relax(
    model: ModelFile,
    file: GeometryFile,
    out: Annotated[Path | None, typer.Option(help="Extended xyz to write; FILE-relaxed.xyz if left out.")] = None,
    fmax: Annotated[float, typer.Option(min=1e-8, help="eV/Å; no force is larger at the end.")] = 0.001,
    steps: Annotated[int, typer.Option(min=1, help="Of each relaxation at most.")] = 1000,
    most: Annotated[
        int | None, typer.Option(min=1, help="At most so many frames of the file, evenly over it; all if left out.")
    ] = None,
    frequencies: Annotated[bool, typer.Option("--frequencies", help="Harmonic frequencies of each conformer.")] = False,
    units: GeometryUnits = None,
    json: JsonOption = False,
) -> None:
    """Relax geometries to minima and group these into conformers.

    Exit code 1 when one did not come to rest.
    """
    import numpy as np

    from supple.data.reading import read
    from supple.models.loading import load
    from supple.simulation.relaxation import relax as to_minima
    from supple.simulation.relaxation.output_frames import output_for, write_frames

    potential = load(model)
    geometries = read(file, units=units, labels=False)
    out = output_for(file, "relaxed", out)
    if most is not None and most < len(geometries):
        geometries = geometries.select(np.unique(np.linspace(0, len(geometries) - 1, most).astype(int)))
    with progress_display() as progress:
        found = to_minima(potential, geometries, fmax, steps, frequencies=frequencies, progress=progress)
    whole = [one for one in found if np.isfinite(one.energy)]
    if whole:
        write_frames(
            out, potential,
            np.array([one.positions for one in whole]), np.array([one.energy for one in whole]),
            np.array([one.forces for one in whole]),
            {"conformer": np.array([one.conformer for one in whole]), "frame": np.array([one.frame for one in whole])},
        )  # fmt: skip
    if json:
        print_json({"out": str(out), "fmax": fmax, "minima": [_as_dict(one) for one in found]})
    else:
        _show(found, potential.numbers, out)
        print_next(f"supple scan {model} {out}", f"supple path {model} {out}")
    if not all(one.settled and one.remark is None for one in found):
        raise typer.Exit(1)


def _as_dict(one: Minimum) -> dict[str, object]:
    import math

    return {
        "frame": one.frame, "conformer": one.conformer, "energy_eV": one.energy if math.isfinite(one.energy) else None,
        "settled": one.settled, "remark": one.remark,
        "wavenumbers_per_cm": None if one.wavenumbers is None else one.wavenumbers.tolist(),
    }  # fmt: skip


def _show(found: list[Minimum], numbers: object, out: Path) -> None:
    import numpy as np
    from rich.console import Console
    from rich.table import Table

    from supple.data.units import ENERGY
    from supple.simulation.relaxation.formatting import frequencies_in_words, torsions_in_words

    assert isinstance(numbers, np.ndarray)
    labels = [one.conformer for one in found]
    n = len(set(labels))
    typer.echo(f"{len(found)} geometries relax to {n} conformer{'s' if n > 1 else ''}.")
    table = Table()
    for heading, side in (
        ("conformer", "right"),
        ("energy / kcal/mol", "right"),
        ("frames", "right"),
        ("torsions", "left"),
    ):
        table.add_column(heading, justify="right" if side == "right" else "left")
    for label in sorted(set(labels)):
        one = found[labels.index(label)]
        above = (one.energy - found[0].energy) / ENERGY["kcal/mol"]
        words = torsions_in_words(numbers, one.positions)
        table.add_row(str(label), f"{above:.2f}", str(labels.count(label)), words)
    Console().print(table)
    for one in found:
        if one.wavenumbers is not None:
            typer.echo(f"Conformer {one.conformer}: {frequencies_in_words(one.wavenumbers)}")
        if one.remark:
            typer.echo(f"frame {one.frame}: {one.remark}.", err=True)
    typer.echo(f"\nWritten:\n  {out}  the relaxed geometries, the lowest first")
