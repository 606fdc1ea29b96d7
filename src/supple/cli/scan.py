"""`supple scan`: a relaxed scan of a torsion over a full turn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_json, print_next, print_written, progress_display
from supple.cli.model_argument import load_model
from supple.cli.options import GeometryFile, GeometryUnits, JsonOption, ModelFile
from supple.cli.output_options import OverwriteOption, output_option, require_outputs
from supple.cli.reference_options import ChargeOption, MultiplicityOption, ReferenceOption, chosen_reference

if TYPE_CHECKING:
    from supple.simulation.relaxation import TorsionScan
    from supple.simulation.relaxation.scan_comparison import ScanComparison


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
    reference: ReferenceOption = None,
    charge: ChargeOption = None,
    multiplicity: MultiplicityOption = None,
    units: GeometryUnits = None,
    json: JsonOption = False,
) -> None:
    """Scan a torsion through a full turn, relaxing everything else.

    The torsion is scanned in both directions; then each angle is relaxed again from its neighbours, from its mirror image
    where the molecule has one, and from other rotamers, until no energy falls further. With --reference the same is done with
    a reference method. Exit code 1 when the relaxation at an angle does not converge.
    """
    from ase import Atoms

    from supple.data.reading import read
    from supple.models.arrangement import require_order
    from supple.simulation.relaxation import scan_torsion
    from supple.simulation.relaxation.fixed_atoms import require_free
    from supple.simulation.relaxation.output_files import (
        one_frame,
        output_for,
        profile_files,
        write_frames,
        write_profile,
    )
    from supple.simulation.relaxation.reference_files import reference_files, write_reference_frames
    from supple.simulation.relaxation.scan_comparison import compare_scan

    out = output_for(file, "scan", out)
    others = reference_files(out) if reference else []
    require_outputs(out, *profile_files(out), *others, reads=[model, file], overwrite=overwrite)
    potential = load_model(model, file, "supple scan {} {}")
    start = one_frame(read(file, units=units, labels=False), frame)
    require_order(potential, start)
    require_free(file, "The scan")
    method = chosen_reference(reference, potential.numbers, charge, multiplicity)
    compared = None
    with progress_display() as progress:
        result = scan_torsion(potential, start, torsion, points, progress)
        if method is not None:
            progress.note(f"The same scan with {method.theory}.")
            molecule = Atoms(potential.numbers, start.positions[0])
            compared = compare_scan(result, molecule, torsion, method.theory, method.calculator, progress)
    write_frames(out, potential, result.positions, result.energies, result.forces, {"torsion_degrees": result.angles})
    written = [(out, "the geometry at each angle")]
    if compared is None:
        figures = write_profile(out, result.profile)
    else:
        other = compared.reference
        figures = write_profile(out, result.profile, compared.theory, other.profile)
        file_of_reference = write_reference_frames(
            out, potential.numbers, other.positions, other.energies, other.forces, compared.theory,
            {"torsion_degrees": other.angles},
        )  # fmt: skip
        written.append((file_of_reference, f"those of {compared.theory}"))
    if json:
        print_json(
            {
                "out": str(out), "figures": [str(f) for f in figures], "torsion": result.label,
                "degrees": result.angles.tolist(), "energies_eV": result.energies.tolist(),
                "profile": result.profile.sentences(), "remarks": list(result.remarks), "notes": list(result.notes),
                "reference": None if compared is None else compared.to_dict(),
            }
        )  # fmt: skip
    else:
        _print(result, compared)
        both = "both energy profiles" if compared else "the energy profile"
        print_written(*written, (figures[0], f"{both}, also as PDF"))
        print_next(f"supple relax {model} {out}")
    if result.remarks:
        raise typer.Exit(1)


def _print(result: TorsionScan, compared: ScanComparison | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from supple.data.units import ENERGY
    from supple.geometry.profile_comparison import signed

    typer.echo(f"{result.label}: {'; '.join(result.profile.sentences())}.")
    table = Table()
    columns = [result.energies] if compared is None else [result.energies, compared.reference.energies]
    headings = ["energy / kcal/mol"] if compared is None else ["force field / kcal/mol", compared.theory, "difference"]
    for heading in (f"{result.label} / °", *headings):
        table.add_column(heading, justify="right")
    relative = [(energies - energies.min()) / ENERGY["kcal/mol"] for energies in columns]
    for k, angle in enumerate(result.angles):
        row = [f"{energies[k]:.2f}" for energies in relative]
        difference = [] if compared is None else [signed(relative[0][k] - relative[1][k])]
        table.add_row(f"{angle:.0f}", *row, *difference)
    Console().print(table)
    if compared is not None:
        _print_stationary_points(compared)
    for sentence in (*(f"{remark}." for remark in result.remarks), *result.notes):
        typer.echo(sentence, err=True)
    if compared is not None:
        for remark in compared.reference.remarks:
            typer.echo(f"{compared.theory}, {remark}.", err=True)


def _print_stationary_points(compared: ScanComparison) -> None:
    """Minima and barriers of both, side by side."""
    from rich.console import Console
    from rich.table import Table

    from supple.geometry.profile_comparison import signed

    table = Table()
    for heading in ("", "force field / kcal/mol", f"{compared.theory} / kcal/mol", "difference"):
        table.add_column(heading, justify="right" if heading else "left")
    for point in compared.profiles.stationary_points:
        own = "none" if point.energy is None else f"{point.energy:.2f} at {point.at:.0f}°"
        other = (
            "none" if point.reference_energy is None else f"{point.reference_energy:.2f} at {point.reference_at:.0f}°"
        )
        table.add_row(point.kind, own, other, "" if point.difference is None else signed(point.difference))
    Console().print(table)
    for sentence in compared.sentences():
        typer.echo(sentence)
