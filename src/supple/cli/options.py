"""Options that several commands share, and how `--set` and the like are parsed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from supple.errors import SettingsError

DataFile = Annotated[
    Path,
    typer.Argument(
        help="Geometries with energies and forces: .xyz, .extxyz, .npz, outputs, ...; or glycine, azobenzene (bundled)."
    ),
]
ModelFile = Annotated[Path, typer.Argument(help="A force field written by 'supple train'.")]
GeometryFile = Annotated[
    Path,
    typer.Argument(
        help="Geometries, whose energies and forces are ignored: .xyz, .extxyz, .npz, ...; or glycine, azobenzene (bundled)."
    ),
]
GeometryUnits = Annotated[
    str | None, typer.Option("--units", help="Units of the geometries, if not Å: for instance hartree,bohr.")
]
UnitsOption = Annotated[
    str | None,
    typer.Option("--units", help="Units of the file: kcal/mol, or hartree,bohr, or energy=eV,length=Å,forces=eV/Å."),
]
KeysOption = Annotated[
    str | None,
    typer.Option(
        "--keys", help="Names of energies and forces in the file: energy=E,forces=F; gradients as forces=grad*-1."
    ),
]
MoleculeOption = Annotated[
    str | None, typer.Option("--molecule", help="Which molecule to read from a file that contains several.")
]
ReportUnits = Annotated[
    str | None, typer.Option("--report-units", help="Units of the errors (default: those of the file).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print only one JSON object to standard output.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of the model, for instance --set sigma=10; may be repeated."),
]
SelectOption = Annotated[
    str | None,
    typer.Option("--select", help="How to choose training frames: random (default), energy, farthest, balanced."),
]
BlocksOption = Annotated[
    int | None,
    typer.Option(
        "--blocks", help="For a trajectory: cut it into this many blocks, and validate and test on whole blocks."
    ),
]
AcceptOption = Annotated[
    list[str] | None, typer.Option("--accept", help="Train despite this finding of 'supple check'; may be repeated.")
]
LeaveOutOption = Annotated[
    list[str] | None,
    typer.Option("--accept", help="unreadable: leave out files of a folder or pattern that cannot be read."),
]
JobsOption = Annotated[
    int | None,
    typer.Option(min=1, help="Number of trainings to run at a time (default: as many as cores and memory allow)."),
]
OnOption = Annotated[
    str | None,
    typer.Option(help="Train on a cluster: slurm:FILE.yaml, or the address of a Dask scheduler, tcp://host:8786."),
]


def parse_assignments(texts: list[str] | None) -> dict[str, Any]:
    """Parse `["sigma=10", "lam=1e-8"]` into a dictionary; values are YAML, and 1e-8 is a number.

    Raises:
        SettingsError: a text has no '=', or its value is not YAML.
    """
    from supple.runtime.settings_file import parse_yaml

    values: dict[str, Any] = {}
    for text in texts or []:
        key, sep, value = text.partition("=")
        if not sep or not key:
            raise SettingsError(f"'{text}' is not a setting: write name=value, for instance sigma=10.")
        try:
            values[key.strip()] = float(value) if "e" in value.lower() and _is_number(value) else parse_yaml(value)
        except ValueError as error:
            raise SettingsError(f"The value of '{text}' cannot be read: {error}.") from error
    return values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
