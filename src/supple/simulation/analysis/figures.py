"""The figures of an analysis: the trajectory in blue, the reference dashed in orange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from supple.data.units import ENERGY
from supple.simulation.analysis.analysis_result import Analysis
from supple.simulation.analysis.distribution import Distribution
from supple.simulation.analysis.stability import TOLERANCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, which colour-blind readers can tell apart; the page replaces INK by its text colour.
TRAJECTORY, REFERENCE, INK, GRID = "#0072B2", "#D55E00", "#1b1d22", "#9a9da3"
_SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
#: Panels in a row.
_COLUMNS = 3
#: Maximum number of points of a curve in time.
_POINTS = 2000


@dataclass(frozen=True, eq=False)
class CaptionedFigure:
    """A figure with the name of its file, a title and a caption."""

    name: str
    title: str
    caption: str
    figure: Figure


def draw_figures(analysis: Analysis, unit: str = "kcal/mol") -> list[CaptionedFigure]:
    """All figures of an analysis; free energies in `unit`."""
    figures = [_pairs(analysis)]
    for quantity, name in (("bond", "bonds"), ("angle", "angles"), ("torsion", "torsions")):
        if found := analysis.of(quantity):
            figures.append(_panels(name, found, analysis.reference))
    if analysis.free_energies:
        figures.append(_free_energies(analysis, unit))
    if analysis.spectrum is not None:
        figures.append(_spectrum(analysis))
    if analysis.equipartition is not None:
        figures.append(_temperatures(analysis))
    if analysis.drifts:
        figures.append(_drifts(analysis))
    return [*figures, _stability(analysis)]


def canvas(width: float, height: float) -> Figure:
    """An empty figure, its size in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def style(axes: Axes, x: str, y: str, title: str = "") -> None:
    """Axis labels, title and lines as all figures have them."""
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.tick_params(colors=INK)
    for edge in ("left", "bottom"):
        axes.spines[edge].set_color(INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, color=GRID, alpha=0.35, linewidth=0.5)
    axes.set_axisbelow(True)


def _single(x: str, y: str) -> tuple[Figure, Axes]:
    figure = canvas(7.2, 3.8)
    axes = figure.add_subplot()
    style(axes, x, y)
    return figure, axes


def _grid(n: int, draw: Callable[[Axes, int], None], height: float = 2.4) -> Figure:
    columns = min(_COLUMNS, n)
    rows = -(-n // columns)
    figure = canvas(3.0 * columns + (1.6 if columns == 1 else 0.4), height * rows + 0.4)
    for k in range(n):
        draw(figure.add_subplot(rows, columns, k + 1), k)
    return figure


def _curves(axes: Axes, d: Distribution, reference: str | None) -> None:
    axes.plot(d.centres, d.density, color=TRAJECTORY, linewidth=1.5, drawstyle="steps-mid", label="trajectory")
    if d.reference is not None:
        dashed = (0, (4, 1.5))
        axes.plot(
            d.centres,
            d.reference,
            color=REFERENCE,
            linewidth=1.3,
            linestyle=dashed,
            drawstyle="steps-mid",
            label=reference,
        )
    axes.set_ylim(bottom=0)


def _legend(target: Axes | Figure) -> None:
    from matplotlib.figure import Figure

    if isinstance(target, Figure):
        handles, labels = target.axes[0].get_legend_handles_labels()
        target.legend(handles, labels, loc="outside lower left", ncols=4, fontsize=9, frameon=False, labelcolor=INK)
    else:
        target.legend(fontsize=9, frameon=False, labelcolor=INK)


def _pairs(analysis: Analysis) -> CaptionedFigure:
    figure, axes = _single("distance / Å", "h(r) / Å⁻¹")
    found = analysis.distributions[0]
    _curves(axes, found, analysis.reference)
    filled = np.flatnonzero(found.density + (0 if found.reference is None else found.reference))
    axes.set_xlim(0.5, float(found.edges[filled[-1] + 1]) + 0.3)
    if analysis.reference is not None:
        _legend(axes)
    error = "" if analysis.pair_error is None else f" Its difference from the reference is {analysis.pair_error:.3f}."
    return CaptionedFigure(
        "pair-distances", "Pair distances", f"Distribution of the distances between all pairs of atoms.{error}", figure
    )


def _panels(name: str, found: list[Distribution], reference: str | None) -> CaptionedFigure:
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    def draw(axes: Axes, k: int) -> None:
        d = found[k]
        style(axes, f"{d.label} / {d.unit}", f"density / {d.unit}⁻¹")
        _curves(axes, d, reference)
        if d.mean is None:
            span = float(d.edges[-1] - d.edges[0])
            axes.set_xlim(float(d.edges[0]), float(d.edges[-1]))
            axes.xaxis.set_major_locator(MultipleLocator(90 if span > 200 else 30))
        else:
            axes.xaxis.set_major_locator(MaxNLocator(4))

    figure = _grid(len(found), draw)
    if reference is not None:
        _legend(figure)
    caption = {
        "bonds": "Distributions of bond lengths, by elements.",
        "angles": "Distributions of bond angles, by elements.",
        "torsions": "Distribution of each torsion.",
    }[name]
    return CaptionedFigure(name, name.capitalize(), caption, figure)


def _free_energies(analysis: Analysis, unit: str) -> CaptionedFigure:
    from matplotlib.ticker import MultipleLocator

    factor = ENERGY[unit]

    def draw(axes: Axes, k: int) -> None:
        f = analysis.free_energies[k]
        style(axes, f"{f.label} / °", f"F / {unit}")
        axes.plot(f.angles, f.values / factor, color=TRAJECTORY, linewidth=1.5)
        low, high = (f.values - f.errors) / factor, (f.values + f.errors) / factor
        axes.fill_between(f.angles, low, high, color=TRAJECTORY, alpha=0.25, linewidth=0)
        axes.set_xlim(-f.period / 2, f.period / 2)
        axes.xaxis.set_major_locator(MultipleLocator(90 if f.period > 200 else 30))
        axes.set_ylim(bottom=min(0.0, float(np.nanmin(low))) - 0.1)

    caption = (
        f"Free energies along the torsions at {analysis.temperature:.0f} K, with one standard error; angles in gaps were never "
        "visited."
    )
    return CaptionedFigure("free-energies", "Free energies", caption, _grid(len(analysis.free_energies), draw, 2.6))


def _spectrum(analysis: Analysis) -> CaptionedFigure:
    s = analysis.spectrum
    assert s is not None
    figure, axes = _single("wavenumber / cm⁻¹", "density of states / 10⁻³ cm")
    axes.plot(s.wavenumbers, 1e3 * s.density, color=INK, linewidth=1.4, label="all")
    if len(s.by_element) > 1:
        for k, (name, values) in enumerate(s.by_element.items()):
            axes.plot(s.wavenumbers, 1e3 * values, color=_SERIES[k % len(_SERIES)], linewidth=1.1, label=name)
        _legend(axes)
    top = np.flatnonzero(s.density > 0.005 * s.density.max())[-1]
    axes.set_xlim(0, min(float(s.wavenumbers[top]) * 1.08, float(s.wavenumbers[-1])))
    axes.set_ylim(bottom=0)
    caption = f"Vibrational density of states, from velocities; the resolution is {s.resolution:.0f} cm⁻¹."
    return CaptionedFigure("spectrum", "Vibrations", caption, figure)


def _temperatures(analysis: Analysis) -> CaptionedFigure:
    assert analysis.equipartition is not None
    found = [t for t in analysis.equipartition.temperatures[::-1] if not t.frozen]
    figure = canvas(7.2, 0.42 * len(found) + 1.0)
    axes = figure.add_subplot()
    style(axes, "temperature / K", "")
    rows = np.arange(len(found))
    errors = [0.0 if np.isnan(t.error) else t.error for t in found]
    axes.errorbar([t.kelvin for t in found], rows, xerr=errors, fmt="o", color=TRAJECTORY, capsize=3)
    axes.axvline(analysis.equipartition.vibration.kelvin, color=REFERENCE, linewidth=1, linestyle=(0, (4, 1.5)))
    axes.set_yticks(rows, [t.motion for t in found])
    axes.set_ylim(-0.6, len(found) - 0.4)
    caption = "Temperatures by kind of motion, with one standard error; at equilibrium they are all equal."
    return CaptionedFigure("temperatures", "Temperatures", caption, figure)


def _thinned(n: int) -> slice:
    return slice(None, None, max(n // _POINTS, 1))


def _drifts(analysis: Analysis) -> CaptionedFigure:
    figure, axes = _single("time / ps", "conserved energy / meV per atom")
    for k, d in enumerate(analysis.drifts):
        thinned = _thinned(len(d.times))
        axes.plot(
            d.times[thinned] / 1e3, d.energies[thinned], color=_SERIES[k % len(_SERIES)], linewidth=1.0, label=d.name
        )
    if len(analysis.drifts) > 1:
        _legend(axes)
    return CaptionedFigure("energies", "Energy", "Conserved energy, relative to its first value.", figure)


def _stability(analysis: Analysis) -> CaptionedFigure:
    timed = all(s.times is not None for s in analysis.stabilities)
    figure, axes = _single("time / ps" if timed else "frame", "largest deviation of a bond length / Å")
    for k, s in enumerate(analysis.stabilities):
        thinned = _thinned(len(s.deviations))
        x = (s.times - s.times[0]) / 1e3 if timed and s.times is not None else np.arange(len(s.deviations))
        axes.plot(x[thinned], s.deviations[thinned], color=_SERIES[k % len(_SERIES)], linewidth=0.8, label=s.name)
    axes.axhline(TOLERANCE, color=REFERENCE, linewidth=1.2, linestyle=(0, (4, 1.5)))
    largest = max(float(s.deviations.max()) for s in analysis.stabilities)
    axes.set_ylim(0, min(max(1.3 * TOLERANCE, 1.05 * largest), 3.0))
    if len(analysis.stabilities) > 1:
        _legend(axes)
    caption = f"Largest deviation of any bond length from its mean; beyond {TOLERANCE:g} Å (dashed), the molecule counts as broken."
    return CaptionedFigure("stability", "Stability", caption, figure)
