"""Figures of a run: the error against the number of calculations, and where dynamics of the force field go."""

from __future__ import annotations

from itertools import accumulate

from supple.errors import DataError
from supple.growth.labelled_frames import LabelledFrames
from supple.growth.next_round import REPRESENTATIVE
from supple.growth.result import GrowthResult
from supple.growth.round_folder import RoundFolder
from supple.simulation.analysis import AnalysisSettings, analyse, read_trajectory
from supple.simulation.analysis.figures import (
    GRID,
    INK,
    REFERENCE,
    TRAJECTORY,
    CaptionedFigure,
    canvas,
    draw_figures,
    style,
)

#: Of the figures of an analysis, those that say what dynamics have visited.
_SHOWN = ("torsions", "free-energies")


def error_figure(result: GrowthResult) -> CaptionedFigure:
    """The error that each force field had on frames it had not seen, against the calculations before."""
    unit = result.goal.units.forces_in_ev_per_angstrom
    before = [0, *accumulate(record.calculations for record in result.records)]
    figure = canvas(7.2, 3.8)
    axes = figure.add_subplot()
    style(axes, "calculations", f"force RMSE / {result.goal.units.forces}")
    grown = [
        (before[k], record.before[REPRESENTATIVE].rmse / unit)
        for k, record in enumerate(result.records)
        if record.kind == "growth" and REPRESENTATIVE in record.before
    ]
    if grown:
        axes.plot(*zip(*grown, strict=True), "o-", color=TRAJECTORY, label="new frames of each round")
    for k, record in enumerate(result.records):
        if record.kind == "test" and record.interval is not None:
            value, (low, high) = record.before[REPRESENTATIVE].rmse / unit, record.interval
            ends = [[max(value - low / unit, 0.0)], [max(high / unit - value, 0.0)]]
            axes.errorbar([before[k]], [value], ends, fmt="s", color=REFERENCE, capsize=4, label="independent test")
    axes.axhline(result.goal.target / unit, color=GRID, linestyle="--", label="target")
    axes.set_ylim(bottom=0)
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    axes.legend(unique.values(), unique.keys(), frameon=False, labelcolor=INK)
    caption = (
        "Errors of the force field of each round on frames of its own dynamics, which were calculated afterwards: it had not seen any of them. "
        "The interval of the test is 95 %."
    )
    return CaptionedFigure("errors", "Error against calculations", caption, figure)


def torsion_figures(result: GrowthResult, labelled: LabelledFrames, last: RoundFolder) -> list[CaptionedFigure]:
    """What the dynamics of the final force field visit, beside the frames that were calculated; none for a molecule without torsions."""
    numbers = {file: file.stem.removeprefix("warm-") for file in last.path.glob("warm-*.xyz")}
    files = sorted((file for file, number in numbers.items() if number.isdigit()), key=lambda file: int(numbers[file]))
    settings = AnalysisSettings.of(temperature=result.temperature)
    try:
        found = analyse([read_trajectory(file) for file in files], labelled.data, settings)
    except DataError:  # the replicas left the range at once
        return []
    return [figure for figure in draw_figures(found, result.goal.units.energy) if figure.name in _SHOWN]
