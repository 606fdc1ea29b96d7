"""write_report: figures, CSV files, JSON and a page in a folder."""

from __future__ import annotations

from pathlib import Path

from supple.runtime.files import write_figure, write_json, write_text
from supple.simulation.analysis.analysis_json import analysis_json
from supple.simulation.analysis.analysis_result import Analysis
from supple.simulation.analysis.csv_tables import write_tables
from supple.simulation.analysis.figures import draw_figures
from supple.simulation.analysis.html_page import analysis_page


def is_report(folder: Path) -> bool:
    """Whether a folder is one that `write_report` wrote."""
    return (folder / "analysis.json").is_file()


def write_report(analysis: Analysis, folder: Path, unit: str = "kcal/mol") -> Path:
    """Write figures (PNG and PDF), CSV files, `analysis.json` and the page into a folder.

    Args:
        analysis: the results.
        folder: created if necessary; existing files are replaced.
        unit: of free energies in figures and on the page.

    Returns:
        Path of the page.
    """
    write_json(folder / "analysis.json", analysis_json(analysis))  # first, because it tells what wrote the folder
    write_tables(analysis, folder)
    figures = draw_figures(analysis, unit)
    for figure in figures:
        write_figure(folder / figure.name, figure.figure)
    write_text(folder / "analysis.html", analysis_page(analysis, figures, unit))
    return folder / "analysis.html"
