"""Parity plots and maps of errors as figures for papers: the error details of a dataset's models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from supple.runtime.files import write_figure
from supple.study.error_details import ErrorDetails
from supple.study.error_map import ErrorMap
from supple.study.model_style import colour_of
from supple.study.titled_figure import titled_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_QUANTITIES: tuple[Literal["forces", "energy"], ...] = ("forces", "energy")
_NAMES = {"forces": "Force components", "energy": "Energy above the lowest"}


def write_error_detail_figures(name: str, details: ErrorDetails, folder: Path) -> list[Path]:
    """Draw the error details of a dataset, as PNG and PDF.

    Returns:
        The files, each PNG before its PDF.
    """
    figures = {"parity": _parity(name, details)}
    if details.map is not None:
        figures["map"] = _map(name, details, details.map)
    return [file for what, figure in figures.items() for file in write_figure(folder / f"{name}-{what}", figure)]


def _parity(name: str, details: ErrorDetails) -> Figure:
    quantities = [q for q in _QUANTITIES if any(getattr(model, q) is not None for model in details.models)]
    figure = titled_figure(4.4 * len(quantities), 4.4, f"{name}: predicted against reference", details.shown)
    for panel, quantity in enumerate(quantities):
        axes = figure.add_subplot(1, len(quantities), panel + 1)
        for position, model in enumerate(details.models):
            parity = getattr(model, quantity)
            if parity is not None:
                axes.plot(
                    parity.x, parity.y, ".", markersize=2.5, alpha=0.5, rasterized=True, label=model.label,
                    color=colour_of(model.kind, position),
                )  # fmt: skip
        ends = axes.get_xlim()
        axes.plot(ends, ends, color="#6b6b6b", linewidth=0.8, zorder=0)
        axes.set_xlim(ends)
        axes.set_xlabel(f"{_NAMES[quantity]}, reference ({details.units[quantity]})")
        axes.set_ylabel("predicted")
        axes.legend(frameon=False, markerscale=4, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _map(name: str, details: ErrorDetails, where: ErrorMap) -> Figure:
    """A panel for each model, with one colour scale."""
    figure = titled_figure(4.4 * len(where.models) + 0.8, 4.2, f"{name}: force RMSE of test frames", details.shown)
    errors = [np.array(model.forces, dtype=float) for model in where.models]
    top = float(np.quantile(np.concatenate(errors), 0.98))
    panels = [figure.add_subplot(1, len(where.models), k + 1) for k in range(len(where.models))]
    for axes, model, values in zip(panels, where.models, errors, strict=True):
        order = np.argsort(values)  # the worst on top
        points = axes.scatter(
            np.array(where.x, dtype=float)[order], np.array(where.y, dtype=float)[order], c=values[order], s=9,
            cmap="viridis", vmin=0, vmax=top, linewidths=0,
        )  # fmt: skip
        axes.set_title(model.label, loc="left", fontsize=11)
        axes.set_xlabel(where.labels[0])
    panels[0].set_ylabel(where.labels[1])
    figure.colorbar(points, ax=panels, label=details.units["forces"], extend="max", fraction=0.05)
    return figure
