"""`supple check`: what data are, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import JsonOption, KeysOption, MoleculeOption, UnitsOption

if TYPE_CHECKING:
    from supple.checks.examine_files import Examination, FileReport
    from supple.checks.findings import Finding

_COLOURS = {"serious": "bold red", "warning": "yellow", "note": "cyan"}


def check(
    files: Annotated[list[Path], typer.Argument(help="Files of geometries; those of one molecule are compared.")],
    units: UnitsOption = None,
    keys: KeysOption = None,
    molecule: MoleculeOption = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page, too.")] = None,
    json: JsonOption = False,
) -> None:
    """Say what data are, and what is wrong with them; exit code 1 when something serious is."""
    from supple.checks.examine_files import examine_files
    from supple.models.kernel.direct_fit import small_kernel_model

    with progress_display() as progress:
        examination = examine_files(files, small_kernel_model, units, keys, molecule, progress)
    if html is not None:
        from supple.checks.html_page import check_page
        from supple.runtime.files import replacing

        with replacing(html) as temporary:
            temporary.write_text(check_page(examination), encoding="utf-8")
    if json:
        print_json(examination.as_dict())
    else:
        _show(examination, html)
        print_next(_next(examination, files[0], units, keys))
    if examination.serious:
        raise typer.Exit(1)


def _show(examination: Examination, html: Path | None) -> None:
    for report in examination.reports:
        _show_report(report)
    if examination.together:
        _show_findings("The files together", examination.together)
    counts = examination.as_dict()["counts"]
    said = ", ".join(f"{counts[s]} {word}" for s, word in (("serious", "serious"), ("warning", "to be looked at")))
    typer.echo(f"\n{said}." if examination.findings else "\nNothing was found to be wrong.")
    if html is not None:
        typer.echo(f"The same as a page: {html}")


def _show_report(report: FileReport) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(f"\n{report.path}", style="bold"), soft_wrap=True)
    if report.card:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        for heading, text in report.card.rows():
            table.add_row(Text(heading), Text(text))
        console.print(table)
    if report.findings:
        _show_findings("", report.findings)


def _show_findings(title: str, findings: tuple[Finding, ...]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console()
    console.print(Text(title, style="bold") if title else "")
    for finding in findings:
        head = Text.assemble((finding.severity, _COLOURS[finding.severity]), f"  {finding.name}: {finding.sentence}.")
        console.print(head)
        if finding.remedy:
            console.print(Padding(Text(f"→ {finding.remedy}", style="dim"), (0, 0, 0, 3)))


def _next(examination: Examination, file: Path, units: str | None, keys: str | None) -> str:
    """What to type next: the training, when all is well; the right units, when these are what is missing."""
    import shlex

    names = {finding.name for finding in examination.reports[0].findings}
    card = examination.reports[0].card
    serious = {finding.name for finding in examination.serious}
    if card and units is None and names & {"units-unstated", "units", "units-unknown"}:
        from supple.data.units import Units

        units = Units.parse(card.units).shorthand
    options = [*(["--units", units] if units else []), *(["--keys", keys] if keys else [])]
    command = "check" if serious else "train"
    return shlex.join(["supple", command, str(file), *options])
