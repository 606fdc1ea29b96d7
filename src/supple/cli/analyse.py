"""`supple analyse`: what trajectories show, and how close they are to a reference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_json, print_next, print_written, progress_display
from supple.cli.options import JsonOption, KeysOption, MoleculeOption, UnitsOption
from supple.cli.output_options import OverwriteOption
from supple.cli.settings_options import with_settings_options
from supple.simulation.analysis import AnalysisSettings

if TYPE_CHECKING:
    from supple.simulation.analysis import Analysis


@with_settings_options(AnalysisSettings)
def analyse(
    trajectories: Annotated[
        list[Path], typer.Argument(help="Trajectories of one molecule: .xyz, .extxyz, .traj or .h5 (H5MD).")
    ],
    settings: AnalysisSettings,
    reference: Annotated[
        Path | None, typer.Option(help="File of geometries of the same molecule to compare with.")
    ] = None,
    units: UnitsOption = None,
    keys: KeysOption = None,
    molecule: MoleculeOption = None,
    out: Annotated[Path | None, typer.Option(help="Output folder. [default: TRAJECTORY-analysis]")] = None,
    overwrite: OverwriteOption = False,
    report_units: Annotated[str, typer.Option(help="Unit of free energies in table, figures and page.")] = "kcal/mol",
    json: JsonOption = False,
) -> None:
    """Analyse trajectories: stability, free energies, spectra, drift.

    Also free energies along torsions, temperatures and energy drift. --units, --keys and --molecule apply to the reference.
    Exit code 1 when a trajectory is unstable.
    """
    from supple.data.reading import read
    from supple.data.units import Units
    from supple.runtime.output_files import require_writable_folder
    from supple.simulation.analysis import analyse as run_analysis
    from supple.simulation.analysis import is_report, read_trajectory, write_report
    from supple.simulation.analysis.analysis_json import analysis_json

    unit = Units.parse(report_units).energy
    loaded = [read_trajectory(path) for path in trajectories]
    geometries = None if reference is None else read(reference, units, keys, labels=False, molecule=molecule)
    out = out or Path(trajectories[0].name.removesuffix(".gz").rsplit(".", 1)[0] + "-analysis")
    require_writable_folder(out, overwrite=overwrite, own=is_report)
    with progress_display() as progress:
        result = run_analysis(loaded, geometries, settings, progress=progress)
        page = write_report(result, out, unit)
    if json:
        print_json({**analysis_json(result), "out": str(out), "page": str(page)})
    else:
        _show(result, unit)
        print_written((page, "everything on one page"), (out, "figures (PNG, PDF) and curves (CSV)"))
        print_next(
            f"supple analyse {trajectories[0]} --reference DATA.xyz" if reference is None else f"xdg-open {page}"
        )
    if not result.stable:
        raise typer.Exit(1)


def _show(result: Analysis, unit: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from supple.simulation.analysis.table_rows import table_rows

    for sentence in result.sentences():
        typer.echo(sentence)
    table = Table(title=f"{result.formula}, {result.n_frames} frames", title_justify="left")
    for heading in ("quantity", "value", "reference", "unit"):
        table.add_column(heading, no_wrap=heading == "unit")
    for row in table_rows(result, unit):
        table.add_row(*map(Text, row))
    Console().print(table)
