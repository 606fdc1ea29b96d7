"""Harmonic frequencies of conformers beside those of a reference, as sticks that point up and down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from supple.runtime.files import draw
from supple.simulation.relaxation.minima_comparison import ConformerComparison

_OWN, _REFERENCE = "#1f5fa8", "#c46a00"


def save_frequency_figure(compared: Sequence[ConformerComparison], theory: str, path: Path) -> None:
    """Draw the frequencies of each conformer in a row of its own; the ending chooses the format.

    Args:
        compared: conformers whose frequencies are known.
        theory: of the reference.
        path: the file.
    """
    figure = Figure(figsize=(7.2, 0.9 + 1.25 * len(compared)), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(compared), 1, sharex=True, squeeze=False)[:, 0]
    for axes, one in zip(rows, compared, strict=True):
        for minimum, height, colour, name in (
            (one.own, 1, _OWN, "force field"),
            (one.reference, -1, _REFERENCE, theory),
        ):
            axes.vlines(minimum.wavenumbers, 0, height, color=colour, linewidth=1.3, label=name)
        axes.axhline(0, color="black", linewidth=0.7)
        axes.set_ylim(-1.25, 1.25)
        axes.set_yticks([])
        axes.set_ylabel(f"conformer {one.own.conformer}", rotation=0, ha="right", va="center")
        for edge in ("top", "right", "left"):
            axes.spines[edge].set_visible(False)
    rows[-1].set_xlabel("harmonic frequency / cm⁻¹ (imaginary ones are negative)")
    figure.legend(*rows[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    draw(path, figure)
