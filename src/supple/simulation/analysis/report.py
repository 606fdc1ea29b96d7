"""The report of an analysis: tables, figures and a page in a folder."""

from __future__ import annotations

from pathlib import Path

from supple.runtime.files import write_figure, write_json, write_text
from supple.simulation.analysis.figures import figures
from supple.simulation.analysis.html_page import page
from supple.simulation.analysis.result import Analysis
from supple.simulation.analysis.tables import write_tables


def write_report(analysis: Analysis, folder: Path, unit: str = "kcal/mol") -> Path:
    """Write tables, figures (PNG and PDF), `analysis.json` and the page into a folder.

    Args:
        analysis: what was found.
        folder: made where it is not there; files in it are replaced.
        unit: of free energies in figures and page.

    Returns:
        The page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(analysis, folder)
    drawn = figures(analysis, unit)
    for drawing in drawn:
        write_figure(folder / drawing.name, drawing.figure)
    write_json(folder / "analysis.json", analysis.as_dict())
    write_text(folder / "analysis.html", page(analysis, drawn, unit))
    return folder / "analysis.html"
