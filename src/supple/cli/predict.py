"""`supple predict`: energies and forces of geometries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supple.cli.console import print_json, print_next, print_written, progress_display
from supple.cli.model_argument import load_model
from supple.cli.options import GeometryFile, GeometryUnits, JsonOption, ModelFile
from supple.cli.output_options import OverwriteOption, output_option, require_outputs
from supple.cli.resumable import resumable


def predict(
    model: ModelFile,
    file: GeometryFile,
    out: Annotated[Path | None, output_option("Extended xyz file to write. [default: FILE-predicted.xyz]")] = None,
    overwrite: OverwriteOption = False,
    units: GeometryUnits = None,
    out_units: Annotated[str, typer.Option(help="Units of the output: eV, kcal/mol, or hartree,bohr.")] = "eV",
    json: JsonOption = False,
) -> None:
    """Predict energies and forces of geometries.

    Where the force field has error bars, they are written too, one standard deviation each: energy_uncertainty of each frame, and
    forces_uncertainty of the force components of each atom.
    """
    import numpy as np

    from supple.data.dataset import Dataset
    from supple.data.reading import read
    from supple.data.units import Units
    from supple.data.writing import write_extxyz
    from supple.models.arrangement import arrange
    from supple.runtime.files import stem

    target = Units.parse(out_units)
    potential = load_model(model, file, "supple predict {} {}")
    geometries = read(file, units=units, labels=False)
    arrangement = arrange(potential, geometries.numbers, geometries.positions, file.name)
    out = out or Path(f"{stem(file)}-predicted.xyz")
    require_outputs(out, reads=[model, file], overwrite=overwrite)
    with progress_display() as progress, resumable(progress):
        for note in arrangement.notes(file.name, "the file"):
            progress.note(note)
        arranged = arrangement.of_dataset(geometries, potential)
        potential.prepare(arranged, progress)
        bars: dict[str, np.ndarray] = {}
        if potential.error_bars is None:
            energies, forces = potential.predict(arranged.positions)
            progress.note(f"The force field has no error bars: 'supple calibrate {model} FILE' adds them.")
        else:
            prediction = potential.predict(arranged.positions, uncertainty=True)
            energies, forces = prediction.energies, prediction.forces
            of_atoms = arrangement.returned(prediction.forces_std)
            bars = {"forces_uncertainty": of_atoms / target.forces_in_ev_per_angstrom}
            if potential.error_bars.calibrations.energy is not None:
                bars = {"energy_uncertainty": prediction.energies_std / target.energy_in_ev} | bars
        progress.note(f"{len(geometries)} geometries of {geometries.formula}.")
    predicted = Dataset.of(
        geometries.numbers, geometries.positions, energies if potential.provenance.has_energies else None,
        arrangement.returned(forces), name=file.name, extras=bars,
    )  # fmt: skip
    write_extxyz(out, predicted, target)
    if json:
        print_json({"out": str(out), "n_frames": len(geometries), "units": str(target), "error_bars": bool(bars)})
        return
    what = "energies and forces" if potential.provenance.has_energies else "forces"
    what += ", with error bars," if bars else ""
    if not potential.provenance.has_energies:
        typer.echo("The force field was trained without energies, so it predicts forces only.")
    units_text = f"energy {target.energy}, length {target.length}, forces {target.forces}"
    print_written((out, f"{what} of {len(geometries)} frames ({units_text})"))
    print_next(f"supple evaluate {model} REFERENCE.xyz")
