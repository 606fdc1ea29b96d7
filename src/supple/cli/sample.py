"""`supple sample`: reference data from a molecule."""

from __future__ import annotations

import glob
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import JsonOption
from supple.cli.output_options import OverwriteOption, output_option, require_outputs
from supple.cli.resumable import resumable
from supple.sampling import descriptions

if TYPE_CHECKING:
    from supple.sampling.recipe import Recipe
    from supple.sampling.result import SamplingResult

#: The exit code is 1 when a larger part of the frames than this is lost.
_TOLERATED_LOSS = 0.1


def sample(
    molecule: Annotated[str | None, typer.Argument(help=descriptions.MOLECULE)] = None,
    draw: Annotated[
        list[str] | None,
        typer.Option(
            "--draw",
            help="How to draw geometries: md:temperature=300+500,frames=200 or scan:torsion=1-7-8-9,points=37 or "
            "modes:frames=100 or path:to=FILE; may be repeated (default: dynamics at 500 K).",
        ),
    ] = None,
    label: Annotated[
        Path | None,
        typer.Option(help="Only label the geometries of this file, such as those that 'supple md' kept."),
    ] = None,
    method: Annotated[str | None, typer.Option(help=descriptions.METHOD)] = None,
    drive: Annotated[str | None, typer.Option(help=descriptions.DRIVE)] = None,
    charge: Annotated[int | None, typer.Option(help=descriptions.CHARGE)] = None,
    multiplicity: Annotated[int | None, typer.Option(min=1, help=descriptions.MULTIPLICITY)] = None,
    seed: Annotated[int | None, typer.Option(min=0, help=descriptions.SEED)] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(help="A YAML file with all of these settings, or the name of a bundled recipe: azobenzene."),
    ] = None,
    out: Annotated[
        Path | None,
        output_option("Extended xyz file to write. [default: MOLECULE-sampled.xyz or FILE-labelled.xyz]"),
    ] = None,
    overwrite: OverwriteOption = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Number of worker processes (default: one per core).")] = None,
    on: Annotated[
        str | None,
        typer.Option(
            help="With --label: calculate on a cluster: slurm:FILE.yaml, or the address of a Dask scheduler, tcp://host:8786."
        ),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Repeat calculations that failed when the command was run before.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Generate geometries of a molecule and compute reference labels.

    With --label, the frames of a file are labelled instead. After an interruption, run the command again to resume;
    calculations that failed are not repeated then, unless --retry-failed is given. Exit
    code 1 when more than a tenth of the frames is lost.
    """
    from supple.errors import SettingsError
    from supple.runtime.workers.backends import backend_from
    from supple.sampling.engine import sample as follow
    from supple.sampling.molecules import name_for_files

    backend = None if on is None else backend_from(on, jobs)
    given = {"method": method, "drive": drive, "charge": charge, "multiplicity": multiplicity, "seed": seed}
    given = {key: value for key, value in given.items() if value is not None}
    plan = _recipe(molecule, draw, given, recipe) if label is None else _labels(molecule, draw, given, recipe, label)
    out = out or Path(f"{name_for_files(plan.molecule)}-{'sampled' if label is None else 'labelled'}.xyz")
    if not out.name.removesuffix(".gz").endswith((".xyz", ".extxyz")):
        raise SettingsError(f"Frames are written as extended xyz: {out} must end in .xyz or .xyz.gz.")
    _require_outputs(plan, out, recipe, overwrite)
    with progress_display() as progress, resumable(progress):
        plan.context().require_ready(here=backend is None)
        segments = plan.segments()
        for segment in segments:
            frames = f"{segment.expected} frames" if segment.expected else "a frame wherever a lower energy is found"
            progress.note(f"{segment.name}: {frames}, about {segment.calculations} calculations")
        total = sum(segment.calculations for segment in segments)
        methods = " and ".join(dict.fromkeys([plan.drive or plan.method, plan.method]))
        progress.note(
            f"About {total} {methods} calculations in total for {plan.molecule}; frames are written to {out}."
        )
        result = follow(plan, out, jobs, progress, backend, retry_failed=retry_failed)
    _report(result, out, json)
    lost = len(result.failures) + result.missing
    if lost > _TOLERATED_LOSS * (len(result.dataset) + lost):
        raise typer.Exit(1)


def _recipe(molecule: str | None, draw: list[str] | None, given: dict[str, Any], recipe: Path | None) -> Recipe:
    """The recipe that the options describe."""
    from supple.errors import SettingsError
    from supple.sampling.draw_syntax import parse_draw
    from supple.sampling.recipe import Recipe

    if recipe is not None:
        if molecule is not None or draw or given:
            raise SettingsError(
                "A recipe contains all settings: leave out the molecule and the other options, or leave out --recipe."
            )
        return Recipe.load(recipe)
    if molecule is None:
        raise SettingsError(
            "No molecule is given: give a bundled name (azobenzene, glycine), SMILES, a file of geometries, or a --recipe."
        )
    draws = {"draws": [parse_draw(text) for text in draw]} if draw else {}
    return Recipe.of(molecule=molecule, **given, **draws)


def _labels(
    molecule: str | None, draw: list[str] | None, given: dict[str, Any], recipe: Path | None, file: Path
) -> Recipe:
    """A recipe that labels the frames of a file."""
    from supple.data.bundled import or_bundled
    from supple.errors import DataError, SettingsError
    from supple.sampling.recipe import Recipe

    if molecule is not None or draw or recipe is not None:
        raise SettingsError(
            "--label uses the geometries of a file as they are: leave out the molecule, --draw and --recipe."
        )
    if not or_bundled(file).is_file():
        raise DataError(f"There is no file {file}.")
    return Recipe.of(molecule=str(file), **given, draws=[{"kind": "frames", "file": str(file)}])


def _require_outputs(plan: Recipe, out: Path, recipe: Path | None, overwrite: bool) -> None:
    """Refuse to replace files that the run, if it is resumed, has not written."""
    from supple.sampling.engine import working_folder
    from supple.sampling.result import is_output

    reads = [*map(Path, plan.geometries), recipe]
    require_outputs(out, reads=reads, overwrite=overwrite, own=lambda path: is_output(path, working_folder(out)))
    figures = [out.with_name(f"{_output_stem(out)}-profile-00.png")]  # a name longer than those that are drawn
    figures += out.parent.glob(f"{glob.escape(_output_stem(out))}-profile*.png")
    require_outputs(*figures, reads=reads, overwrite=overwrite, own=lambda _: working_folder(out).is_dir())


def _output_stem(out: Path) -> str:
    return out.name.removesuffix(".gz").rsplit(".", 1)[0]


def _report(result: SamplingResult, out: Path, json: bool) -> None:
    """Print the result, and draw the profiles."""
    from supple.geometry.profile_figure import save_profile_figure
    from supple.sampling.profiles import profiles

    found = profiles(result.dataset)
    figures = []
    for k, profile in enumerate(found):
        number = f"-{k + 1}" if len(found) > 1 else ""
        figures.append(out.with_name(f"{_output_stem(out)}-profile{number}.png"))
        save_profile_figure(profile, figures[-1])
    if json:
        print_json(
            {
                "out": str(out), "n_frames": len(result.dataset), "failed": len(result.failures), "missing": result.missing,
                "remarks": _counted(result.remarks),
                "profiles": [profile.sentences() for profile in found], "figures": [str(f) for f in figures],
            }
        )  # fmt: skip
        return
    for profile, figure in zip(found, figures, strict=True):
        typer.echo(f"{profile.name}: {'; '.join(profile.sentences())} ({figure})")
    typer.echo(f"{len(result.dataset)} frames in {out}; level of theory: {result.dataset.source.theory}.")
    for remark in _counted(result.remarks):
        typer.echo(f"Note: {remark}", err=True)
    for failure in _counted(result.failures):
        typer.echo(f"Failed: {failure}", err=True)
    if result.failures or result.missing:
        failed = f"{len(result.failures)} calculation{'' if len(result.failures) == 1 else 's'} failed"
        missing = f"{result.missing} frame{' was' if result.missing == 1 else 's were'} not reached"
        typer.echo(f"{failed}, and {missing}.", err=True)
    below = "" if result.dataset.forces is not None else " --baseline FORCE_FIELD.safetensors"
    print_next(f"supple check {out}", f"supple train {out}{below}")


def _counted(sentences: tuple[tuple[str, str], ...]) -> list[str]:
    """Each sentence once for each origin, with its number of frames."""
    counts = Counter(sentences)
    return [f"{origin}: {sentence}" + (f" ({n} frames)" if n > 1 else "") for (origin, sentence), n in counts.items()]
