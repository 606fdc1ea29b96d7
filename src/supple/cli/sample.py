"""`supple sample`: reference data from a molecule."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import JsonOption

if TYPE_CHECKING:
    from supple.sampling.engine import Sampled
    from supple.sampling.recipe import Recipe

#: More failures than this part of the frames, and the command fails.
_FAILED = 0.1


def sample(
    molecule: Annotated[
        str | None, typer.Argument(help="azobenzene, glycine; SMILES; or a file of geometries.")
    ] = None,
    draw: Annotated[
        list[str] | None,
        typer.Option(
            "--draw",
            help="How: md:temperature=300+500,frames=200 or scan:torsion=1-7-8-9,points=37 or modes:frames=100 or "
            "path:to=FILE; may be repeated. Dynamics at 500 K if left out.",
        ),
    ] = None,
    label: Annotated[
        Path | None, typer.Option(help="Label the geometries of this file, and draw none: those that 'supple md' kept.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="GFN2-xTB (if left out), GFN1-xTB, pyscf:PBE/def2-SVP, or module:factory.")
    ] = None,
    drive: Annotated[
        str | None, typer.Option(help="Another method, for dynamics and relaxations; labels are of --method.")
    ] = None,
    charge: Annotated[int | None, typer.Option(help="Of the molecule.")] = None,
    multiplicity: Annotated[int | None, typer.Option(min=1, help="Of the molecule: 1 for a singlet.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of everything that is drawn at random.")] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="A YAML file with all of this, or the name of a bundled one: azobenzene.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Extended xyz to write; MOLECULE-sampled.xyz, FILE-labelled.xyz if left out.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; as many as cores if left out.")] = None,
    json: JsonOption = False,
) -> None:
    """Generate geometries of a molecule and compute reference labels.

    The same command again goes on where it was stopped.
    """
    from supple.errors import SettingsError
    from supple.sampling.engine import sample as follow

    given = {"method": method, "drive": drive, "charge": charge, "multiplicity": multiplicity, "seed": seed}
    given = {key: value for key, value in given.items() if value is not None}
    asked = _recipe(molecule, draw, given, recipe) if label is None else _labels(molecule, draw, given, recipe, label)
    out = out or Path(f"{_stem(asked.molecule)}-{'sampled' if label is None else 'labelled'}.xyz")
    if not out.name.removesuffix(".gz").endswith((".xyz", ".extxyz")):
        raise SettingsError(f"The frames are written as extended xyz: let {out} end in .xyz or .xyz.gz.")
    with progress_display() as progress:
        segments = asked.segments()
        for segment in segments:
            frames = f"{segment.expected} frames" if segment.expected else "a frame wherever it falls"
            progress.note(f"{segment.name}: {frames}, about {segment.calculations} calculations")
        total = sum(segment.calculations for segment in segments)
        progress.note(f"About {total} calculations of {asked.method} for {asked.molecule}, into {out}.")
        try:
            made = follow(asked, out, jobs, progress)
        except KeyboardInterrupt:
            progress.note("Stopped; the same command goes on where it was.")
            raise typer.Exit(130) from None
    _report(made, out, json)
    lost = len(made.failures) + made.missing
    if lost > _FAILED * (len(made.dataset) + lost):
        raise typer.Exit(1)


def _recipe(molecule: str | None, draw: list[str] | None, given: dict[str, Any], recipe: Path | None) -> Recipe:
    """What the options ask for."""
    from supple.errors import SettingsError
    from supple.sampling.recipe import Recipe, parse_draw

    if recipe is not None:
        if molecule is not None or draw or given:
            raise SettingsError("A recipe says everything: leave out the molecule and the other options, or --recipe.")
        return Recipe.load(recipe)
    if molecule is None:
        raise SettingsError("Which molecule? Name one (azobenzene), give SMILES or a file, or a --recipe.")
    draws = {"draws": [parse_draw(text) for text in draw]} if draw else {}
    return Recipe.of(molecule=molecule, **given, **draws)


def _labels(
    molecule: str | None, draw: list[str] | None, given: dict[str, Any], recipe: Path | None, file: Path
) -> Recipe:
    """Labels for a file."""
    from supple.errors import DataError, SettingsError
    from supple.sampling.recipe import Recipe

    if molecule is not None or draw or recipe is not None:
        raise SettingsError("--label takes the geometries as they are: leave out the molecule, --draw and --recipe.")
    if not file.is_file():
        raise DataError(f"There is no file {file}.")
    return Recipe.of(molecule=str(file), **given, draws=[{"kind": "frames", "file": str(file)}])


def _stem(molecule: str) -> str:
    name = Path(molecule).name.removesuffix(".gz").removesuffix(".xyz")
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)


def _report(made: Sampled, out: Path, json: bool) -> None:
    """Print what there is, and draw the profiles."""
    from supple.geometry.profile import profiles

    found = profiles(made.dataset)
    figures = []
    for k, profile in enumerate(found):
        number = f"-{k + 1}" if len(found) > 1 else ""
        figures.append(out.with_name(out.name.removesuffix(".gz").rsplit(".", 1)[0] + f"-profile{number}.png"))
        profile.save_figure(figures[-1])
    if json:
        print_json(
            {
                "out": str(out), "n_frames": len(made.dataset), "failed": len(made.failures), "missing": made.missing,
                "remarks": _counted(made.remarks),
                "profiles": [profile.sentences() for profile in found], "figures": [str(f) for f in figures],
            }
        )  # fmt: skip
        return
    for profile, figure in zip(found, figures, strict=True):
        typer.echo(f"{profile.name}: {'; '.join(profile.sentences())} ({figure})")
    typer.echo(f"{len(made.dataset)} frames in {out}, at {made.dataset.source.theory}.")
    for remark in _counted(made.remarks):
        typer.echo(remark, err=True)
    for failure in _counted(made.failures):
        typer.echo(f"failed: {failure}", err=True)
    if made.failures or made.missing:
        typer.echo(f"{len(made.failures)} calculations failed, {made.missing} frames were not come to.", err=True)
    print_next(f"supple check {out}", f"supple train {out}")


def _counted(sayings: tuple[tuple[str, str], ...]) -> list[str]:
    """What was said, once for each origin, and of how many frames."""
    counts = Counter(sayings)
    return [f"{origin}: {said}" + (f" ({n} frames)" if n > 1 else "") for (origin, said), n in counts.items()]
