"""The figures of an analysis. Ours in blue, the reference dashed in orange, on any background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from supple.data.units import ENERGY
from supple.simulation.analysis.distribution import Distribution
from supple.simulation.analysis.result import Analysis
from supple.simulation.analysis.stability import TOLERANCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, which colour-blind readers can tell apart; the page takes INK for the colour of its text.
OURS, REFERENCE, INK, GRID = "#0072B2", "#D55E00", "#1b1d22", "#9a9da3"
_MORE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
#: Panels beside each other.
_ACROSS = 3
#: Points that a curve in time is drawn with.
_POINTS = 2000


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure, its file's name, its title and what it shows, in words."""

    name: str
    title: str
    words: str
    figure: Figure


def figures(analysis: Analysis, unit: str = "kcal/mol") -> list[Drawing]:
    """All that there is to draw; free energies in `unit`."""
    drawn = [_pairs(analysis)]
    for quantity, name in (("bond", "bonds"), ("angle", "angles"), ("torsion", "torsions")):
        if found := analysis.of(quantity):
            drawn.append(_panels(name, found, analysis.reference))
    if analysis.free_energies:
        drawn.append(_free_energies(analysis, unit))
    if analysis.spectrum is not None:
        drawn.append(_spectrum(analysis))
    if analysis.equipartition is not None:
        drawn.append(_temperatures(analysis))
    if analysis.drifts:
        drawn.append(_drifts(analysis))
    return [*drawn, _stability(analysis)]


def _canvas(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _styled(axes: Axes, x: str, y: str, title: str = "") -> None:
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.tick_params(colors=INK)
    for edge in ("left", "bottom"):
        axes.spines[edge].set_color(INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, color=GRID, alpha=0.35, linewidth=0.5)
    axes.set_axisbelow(True)


def _one(x: str, y: str) -> tuple[Figure, Axes]:
    figure = _canvas(7.2, 3.8)
    axes = figure.add_subplot()
    _styled(axes, x, y)
    return figure, axes


def _many(n: int, draw: Callable[[Axes, int], None], height: float = 2.4) -> Figure:
    across = min(_ACROSS, n)
    down = -(-n // across)
    figure = _canvas(3.0 * across + (1.6 if across == 1 else 0.4), height * down + 0.4)
    for k in range(n):
        draw(figure.add_subplot(down, across, k + 1), k)
    return figure


def _curves(axes: Axes, d: Distribution, reference: str | None) -> None:
    axes.plot(d.centres, d.density, color=OURS, linewidth=1.5, drawstyle="steps-mid", label="trajectory")
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


def _pairs(analysis: Analysis) -> Drawing:
    figure, axes = _one("distance / Å", "h(r) / Å⁻¹")
    found = analysis.distributions[0]
    _curves(axes, found, analysis.reference)
    filled = np.flatnonzero(found.density + (0 if found.reference is None else found.reference))
    axes.set_xlim(0.5, float(found.edges[filled[-1] + 1]) + 0.3)
    if analysis.reference is not None:
        _legend(axes)
    error = "" if analysis.pair_error is None else f" They differ by {analysis.pair_error:.3f}."
    return Drawing(
        "pair-distances", "Pair distances", f"The distribution of all distances between atoms.{error}", figure
    )


def _panels(name: str, found: list[Distribution], reference: str | None) -> Drawing:
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    def draw(axes: Axes, k: int) -> None:
        d = found[k]
        _styled(axes, f"{d.label} / {d.unit}", f"density / {d.unit}⁻¹")
        _curves(axes, d, reference)
        if d.mean is None:
            span = float(d.edges[-1] - d.edges[0])
            axes.set_xlim(float(d.edges[0]), float(d.edges[-1]))
            axes.xaxis.set_major_locator(MultipleLocator(90 if span > 200 else 30))
        else:
            axes.xaxis.set_major_locator(MaxNLocator(4))

    figure = _many(len(found), draw)
    if reference is not None:
        _legend(figure)
    what = {"bonds": "Bonds", "angles": "Angles", "torsions": "Torsions"}[name]
    of = "each torsion" if name == "torsions" else f"the {name} between the same elements"
    return Drawing(name, what, f"Distributions of {of}.", figure)


def _free_energies(analysis: Analysis, unit: str) -> Drawing:
    from matplotlib.ticker import MultipleLocator

    factor = ENERGY[unit]

    def draw(axes: Axes, k: int) -> None:
        f = analysis.free_energies[k]
        _styled(axes, f"{f.label} / °", f"F / {unit}")
        axes.plot(f.angles, f.values / factor, color=OURS, linewidth=1.5)
        low, high = (f.values - f.errors) / factor, (f.values + f.errors) / factor
        axes.fill_between(f.angles, low, high, color=OURS, alpha=0.25, linewidth=0)
        axes.set_xlim(-f.period / 2, f.period / 2)
        axes.xaxis.set_major_locator(MultipleLocator(90 if f.period > 200 else 30))
        axes.set_ylim(bottom=min(0.0, float(np.nanmin(low))) - 0.1)

    words = f"Free energies along the torsions at {analysis.kelvin:.0f} K, with one standard error; gaps were never visited."
    return Drawing("free-energies", "Free energies", words, _many(len(analysis.free_energies), draw, 2.6))


def _spectrum(analysis: Analysis) -> Drawing:
    s = analysis.spectrum
    assert s is not None
    figure, axes = _one("wavenumber / cm⁻¹", "density of states / 10⁻³ cm")
    axes.plot(s.wavenumbers, 1e3 * s.density, color=INK, linewidth=1.4, label="all")
    if len(s.by_element) > 1:
        for k, (name, values) in enumerate(s.by_element.items()):
            axes.plot(s.wavenumbers, 1e3 * values, color=_MORE[k % len(_MORE)], linewidth=1.1, label=name)
        _legend(axes)
    top = np.flatnonzero(s.density > 0.005 * s.density.max())[-1]
    axes.set_xlim(0, min(float(s.wavenumbers[top]) * 1.08, float(s.wavenumbers[-1])))
    axes.set_ylim(bottom=0)
    words = f"The vibrational density of states, from velocities; a sharp line is {s.resolution:.0f} cm⁻¹ wide."
    return Drawing("spectrum", "Vibrations", words, figure)


def _temperatures(analysis: Analysis) -> Drawing:
    assert analysis.equipartition is not None
    found = [t for t in analysis.equipartition.temperatures[::-1] if not t.frozen]
    figure = _canvas(7.2, 0.42 * len(found) + 1.0)
    axes = figure.add_subplot()
    _styled(axes, "temperature / K", "")
    places = np.arange(len(found))
    errors = [0.0 if np.isnan(t.error) else t.error for t in found]
    axes.errorbar([t.kelvin for t in found], places, xerr=errors, fmt="o", color=OURS, capsize=3)
    axes.axvline(analysis.equipartition.vibration.kelvin, color=REFERENCE, linewidth=1, linestyle=(0, (4, 1.5)))
    axes.set_yticks(places, [t.of for t in found])
    axes.set_ylim(-0.6, len(found) - 0.4)
    words = "Temperatures by kind of motion, with one standard error; at equilibrium they are all the same."
    return Drawing("temperatures", "Temperatures", words, figure)


def _thinned(n: int) -> slice:
    return slice(None, None, max(n // _POINTS, 1))


def _drifts(analysis: Analysis) -> Drawing:
    figure, axes = _one("time / ps", "conserved energy / meV per atom")
    for k, d in enumerate(analysis.drifts):
        few = _thinned(len(d.times))
        axes.plot(d.times[few] / 1e3, d.energies[few], color=_MORE[k % len(_MORE)], linewidth=1.0, label=d.name)
    if len(analysis.drifts) > 1:
        _legend(axes)
    return Drawing("energies", "Energy", "What should be conserved, from its first value on.", figure)


def _stability(analysis: Analysis) -> Drawing:
    timed = all(s.times is not None for s in analysis.stabilities)
    figure, axes = _one("time / ps" if timed else "frame", "largest deviation of a bond / Å")
    for k, s in enumerate(analysis.stabilities):
        few = _thinned(len(s.deviations))
        x = (s.times - s.times[0]) / 1e3 if timed and s.times is not None else np.arange(len(s.deviations))
        axes.plot(x[few], s.deviations[few], color=_MORE[k % len(_MORE)], linewidth=0.8, label=s.name)
    axes.axhline(TOLERANCE, color=REFERENCE, linewidth=1.2, linestyle=(0, (4, 1.5)))
    largest = max(float(s.deviations.max()) for s in analysis.stabilities)
    axes.set_ylim(0, min(max(1.3 * TOLERANCE, 1.05 * largest), 3.0))
    if len(analysis.stabilities) > 1:
        _legend(axes)
    words = f"How far any bond is from its mean length; beyond {TOLERANCE:g} Å, dashed, the molecule is not itself any more."
    return Drawing("stability", "Stability", words, figure)
