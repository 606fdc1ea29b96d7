"""Options that several commands share, each declared once; and how their texts become values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from supple.errors import SettingsError

DataFile = Annotated[Path, typer.Argument(help="Geometries with energies and forces: .xyz, .extxyz or .npz, also .gz.")]
ModelFile = Annotated[Path, typer.Argument(help="A force field that 'supple train' wrote.")]
GeometryFile = Annotated[Path, typer.Argument(help="Geometries: .xyz, .extxyz or .npz, also .gz; labels are ignored.")]
GeometryUnits = Annotated[
    str | None, typer.Option("--units", help="Units of the geometries, where not Å: hartree,bohr.")
]
UnitsOption = Annotated[
    str | None,
    typer.Option("--units", help="Units of the file: kcal/mol, or hartree,bohr, or energy=eV,length=Å,forces=eV/Å."),
]
KeysOption = Annotated[
    str | None,
    typer.Option("--keys", help="Names of the labels in the file: energy=E,forces=F; a factor as in forces=grad*-1."),
]
MoleculeOption = Annotated[str | None, typer.Option("--molecule", help="Which molecule, of a file that holds several.")]
ReportUnits = Annotated[
    str | None, typer.Option("--report-units", help="Units of the errors; those of the file when left out.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of the model, as in --set sigma=10; may be repeated."),
]
SelectOption = Annotated[
    str | None,
    typer.Option("--select", help="How training frames are chosen: random (if left out), energy, farthest, balanced."),
]
BlocksOption = Annotated[
    int | None,
    typer.Option("--blocks", help="For a trajectory: cut it into so many blocks, and test and validate on whole ones."),
]
AcceptOption = Annotated[
    list[str] | None, typer.Option("--accept", help="Train in spite of this finding about the data; may be repeated.")
]
JobsOption = Annotated[
    int | None, typer.Option(min=1, help="Trainings at a time; as many as there are cores and memory if left out.")
]
OnOption = Annotated[
    str | None,
    typer.Option(help="Elsewhere than here: slurm:FILE.yaml, or a Dask scheduler's address, as tcp://host:8786."),
]


def parse_assignments(texts: list[str] | None) -> dict[str, Any]:
    """`["sigma=10", "lam=1e-8"]` as a dictionary; the values are read as YAML, exponents with or without a point.

    Raises:
        SettingsError: a text has no '='.
    """
    import yaml

    values: dict[str, Any] = {}
    for text in texts or []:
        key, sep, value = text.partition("=")
        if not sep or not key:
            raise SettingsError(f"'{text}' is not a setting: write name=value, for instance sigma=10.")
        try:
            values[key.strip()] = float(value) if "e" in value.lower() and _is_number(value) else yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise SettingsError(f"The value of '{text}' cannot be read: {str(error).splitlines()[0]}.") from error
    return values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
