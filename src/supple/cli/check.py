"""`supple check`: what the data are, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supple.cli.console import print_json, print_next, progress_display
from supple.cli.options import JsonOption, KeysOption, MoleculeOption, UnitsOption
from supple.cli.output_options import OverwriteOption, output_option, require_outputs
from supple.errors import printable

if TYPE_CHECKING:
    from supple.checks.examine_files import Examination, FileReport
    from supple.checks.findings import Finding

_COLOURS = {"serious": "bold red", "warning": "yellow", "note": "cyan"}


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Files of geometries; files of one molecule are also compared. Exit code 1 if there are errors."
        ),
    ],
    units: UnitsOption = None,
    keys: KeysOption = None,
    molecule: MoleculeOption = None,
    html: Annotated[Path | None, output_option("Also write the report as an HTML page.")] = None,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Examine data and report errors and warnings before training."""
    from supple.checks.examine_files import examine_files
    from supple.models.kernel.direct_fit import small_kernel_model

    if html is not None:
        _require_page(html, files, overwrite)
    with progress_display() as progress:
        examination = examine_files(files, small_kernel_model, units, keys, molecule, progress)
    if html is not None:
        from supple.checks.html_page import check_page
        from supple.runtime.files import write_text

        write_text(html, check_page(examination))
    if json:
        print_json(examination.as_dict())
    else:
        _show(examination, html)
        print_next(_next(examination, files[0], units, keys))
    if examination.errors:
        raise typer.Exit(1)


def _require_page(html: Path, files: list[Path], overwrite: bool) -> None:
    """Refuse a page in place of another file, above all the data file that follows a --html without a name."""
    from supple.errors import OutputError
    from supple.runtime.files import is_stream
    from supple.runtime.html import is_own_page

    if html.suffix.lower() not in (".html", ".htm") and not is_stream(html):
        raise OutputError(f"--html is followed by the name of the page, which must end in .html: {html} does not.")
    require_outputs(html, reads=files, overwrite=overwrite, own=is_own_page)


def _show(examination: Examination, html: Path | None) -> None:
    for report in examination.reports:
        _show_report(report)
    if examination.together:
        _show_findings("All files together", examination.together)
    typer.echo(f"\n{_summary(examination)}")
    if html is not None:
        typer.echo(f"HTML page: {html}")


def _summary(examination: Examination) -> str:
    """`1 error, 2 warnings.`, and notes where there are any."""
    from supple.checks.findings import counted, severity_label

    if not examination.findings:
        return "No problems found."
    counts = examination.counts
    counts_text = [counted(n, severity_label(s)) for s, n in counts.items() if n > 0 or s != "note"]
    return f"{', '.join(counts_text)}."


def _show_report(report: FileReport) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(f"\n{printable(str(report.path))}", style="bold"), soft_wrap=True)
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
        head = Text.assemble((finding.label, _COLOURS[finding.severity]), f"  {finding.name}: {finding.sentence}.")
        console.print(head)
        if finding.remedy:
            console.print(Padding(Text(f"→ {finding.remedy}", style="dim"), (0, 0, 0, 3)))


def _next(examination: Examination, file: Path, units: str | None, keys: str | None) -> str:
    """The next command: the training, or the check once more after errors; with the likely units where they are missing."""
    import shlex

    from supple.checks.trainable import training_options

    names = {finding.name for finding in examination.reports[0].findings}
    card = examination.reports[0].card
    if card and units is None and names & {"units-unstated", "units", "units-unknown"}:
        from supple.data.units import Units

        units = Units.parse(card.units).shorthand
    options = [*(["--units", units] if units else []), *(["--keys", keys] if keys else [])]
    training = training_options(examination, file, units, keys)
    command = "check" if training is None else "train"
    afterwards = "   # after the corrections" if training is None else ""
    return shlex.join(["supple", command, str(file), *options, *(training or [])]) + afterwards
