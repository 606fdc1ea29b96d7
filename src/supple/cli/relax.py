"""`supple relax`: geometries relaxed with a force field."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_json, print_next, print_written, progress_display
from supple.cli.model_argument import arranged, load_model
from supple.cli.options import GeometryFile, GeometryUnits, JsonOption, ModelFile
from supple.cli.output_options import OverwriteOption, output_option, require_outputs
from supple.cli.print_comparison import print_comparison
from supple.cli.reference_options import ChargeOption, MultiplicityOption, ReferenceOption, chosen_reference

if TYPE_CHECKING:
    import numpy as np

    from supple.simulation.relaxation import Minimum


def relax(
    model: ModelFile,
    file: GeometryFile,
    out: Annotated[Path | None, output_option("Extended xyz file to write. [default: FILE-relaxed.xyz]")] = None,
    overwrite: OverwriteOption = False,
    fmax: Annotated[float, typer.Option(min=1e-8, help="Convergence criterion: largest force (eV/Å).")] = 0.001,
    steps: Annotated[int, typer.Option(min=1, help="Maximum number of steps of each relaxation.")] = 1000,
    most: Annotated[
        int | None,
        typer.Option(min=1, help="Relax at most this many frames, evenly spaced over the file (default: all)."),
    ] = None,
    frequencies: Annotated[
        bool, typer.Option("--frequencies", help="Calculate harmonic frequencies of each conformer.")
    ] = False,
    reference: ReferenceOption = None,
    charge: ChargeOption = None,
    multiplicity: MultiplicityOption = None,
    units: GeometryUnits = None,
    json: JsonOption = False,
) -> None:
    """Relax geometries to minima and group these into conformers.

    Atoms that the file fixes stay in place. With --reference each conformer is relaxed further with a reference method. Exit
    code 1 when a relaxation does not converge, or a bond breaks or forms.
    """
    import numpy as np

    from supple.data.reading import read
    from supple.simulation.relaxation import relax as to_minima
    from supple.simulation.relaxation.fixed_atoms import fixed_atoms, require_free
    from supple.simulation.relaxation.minima_comparison import compare_minima
    from supple.simulation.relaxation.output_files import output_for, write_frames
    from supple.simulation.relaxation.reference_files import reference_files, write_frequencies, write_reference_frames

    out = output_for(file, "relaxed", out)
    others = reference_files(out, frequencies=frequencies) if reference else []
    require_outputs(out, *others, reads=[model, file], overwrite=overwrite)
    potential = load_model(model, file, "supple relax {} {}")
    geometries = read(file, units=units, labels=False)
    if most is not None and most < len(geometries):
        geometries = geometries.select(np.unique(np.linspace(0, len(geometries) - 1, most).astype(int)))
    geometries = arranged(potential, geometries)
    method = chosen_reference(reference, potential.numbers, charge, multiplicity)
    if method is not None:
        require_free(file, "A comparison with a reference")
    fixed = fixed_atoms(file)
    compared = None
    with progress_display() as progress:
        minima = to_minima(potential, geometries, fmax, steps, frequencies=frequencies, fixed=fixed, progress=progress)
        if method is not None:
            progress.note(f"The conformers with {method.theory}.")
            compared = compare_minima(
                minima, potential.numbers, method.calculator, fmax, steps, frequencies=frequencies, progress=progress
            )
    relaxed = [minimum for minimum in minima if np.isfinite(minimum.energy)]
    written = [(out, "the relaxed geometries, lowest energy first")]
    if relaxed:
        write_frames(
            out, potential,
            np.array([m.positions for m in relaxed]), np.array([m.energy for m in relaxed]),
            np.array([m.forces for m in relaxed]),
            {"conformer": np.array([m.conformer for m in relaxed]), "frame": np.array([m.frame for m in relaxed])},
        )  # fmt: skip
    figures: list[Path] = []
    found = [one.reference for one in compared or [] if np.isfinite(one.reference.energy)]
    if method is not None and found:
        file_of_reference = write_reference_frames(
            out, potential.numbers,
            np.array([m.positions for m in found]), np.array([m.energy for m in found]),
            np.array([m.forces for m in found]), method.theory, {"conformer": np.array([m.frame for m in found])},
        )  # fmt: skip
        written.append((file_of_reference, f"the conformers relaxed with {method.theory}"))
        figures = write_frequencies(out, compared or [], method.theory)
        if figures:
            written.append((figures[0], "the frequencies of both, also as PDF"))
    if json:
        one_by_one = None if compared is None else [one.to_dict() for one in compared]
        print_json(
            {
                "out": str(out), "fmax": fmax, "minima": [_as_json(minimum) for minimum in minima],
                "figures": [str(figure) for figure in figures],
                "reference": None if method is None else {"method": method.theory, "conformers": one_by_one},
            }
        )  # fmt: skip
    else:
        _print(
            minima, potential.numbers, sum(bool(fixed.get(minimum.frame)) for minimum in minima),
            list_frequencies=compared is None,
        )  # fmt: skip
        if method is not None and compared:
            print_comparison(compared, method.theory)
        print_written(*written)
        print_next(f"supple scan {model} {out}", f"supple path {model} {out}")
    sound = all(minimum.converged and minimum.remark is None for minimum in minima)
    if not (sound and all(one.reference.converged for one in compared or [])):
        raise typer.Exit(1)


def _as_json(minimum: Minimum) -> dict[str, object]:
    import math

    return {
        "frame": minimum.frame, "conformer": minimum.conformer,
        "energy_eV": minimum.energy if math.isfinite(minimum.energy) else None,
        "settled": minimum.converged, "remark": minimum.remark,
        "wavenumbers_per_cm": None if minimum.wavenumbers is None else minimum.wavenumbers.tolist(),
    }  # fmt: skip


def _print(minima: list[Minimum], numbers: np.ndarray, n_fixed: int, *, list_frequencies: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from supple.data.units import ENERGY
    from supple.simulation.relaxation.formatting import format_frequencies, format_torsions

    labels = [minimum.conformer for minimum in minima]
    n = len(set(labels))
    typer.echo(
        f"{len(minima)} geometr{'ies relax' if len(minima) > 1 else 'y relaxes'} to {n} conformer{'s' if n > 1 else ''}."
    )
    if n_fixed:
        typer.echo(f"Atoms that the file fixes stayed in place in {n_fixed} of them.")
    table = Table()
    for heading in ("conformer", "energy / kcal/mol", "frames", "torsions"):
        table.add_column(heading, justify="left" if heading == "torsions" else "right")
    for label in sorted(set(labels)):
        lowest = minima[labels.index(label)]
        relative = (lowest.energy - minima[0].energy) / ENERGY["kcal/mol"]
        torsions = format_torsions(numbers, lowest.positions)
        table.add_row(str(label), f"{relative:.2f}", str(labels.count(label)), torsions)
    Console().print(table)
    for minimum in minima:
        if minimum.wavenumbers is not None and list_frequencies:
            typer.echo(f"Conformer {minimum.conformer}: {format_frequencies(minimum.wavenumbers)}")
        if minimum.remark:
            typer.echo(f"Frame {minimum.frame}: {minimum.remark}.", err=True)
