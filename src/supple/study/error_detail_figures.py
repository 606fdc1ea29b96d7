"""Parity and maps of errors as figures for papers: what the page shows of a dataset's models from near."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from supple.runtime.files import write_figure
from supple.study.learning_curve_figures import colour_of


def write_closeup_figures(name: str, near: dict[str, Any], folder: Path) -> list[Path]:
    """Draw what `closeup` gave of a dataset, as PNG and PDF.

    Returns:
        The files, each PNG before its PDF.
    """
    figures = {"parity": _parity(name, near)}
    if near["map"] is not None:
        figures["map"] = _map(name, near)
    return [file for what, figure in figures.items() for file in write_figure(folder / f"{name}-{what}", figure)]


def _parity(name: str, near: dict[str, Any]) -> Any:
    quantities = [q for q in ("forces", "energy") if any(q in model for model in near["models"])]
    figure = _figure(4.4 * len(quantities), 4.4, f"{name}: predicted against reference", near)
    for position, quantity in enumerate(quantities):
        axes = figure.add_subplot(1, len(quantities), position + 1)
        for place, model in enumerate(near["models"]):
            if quantity in model:
                values = model[quantity]
                axes.plot(
                    values["x"], values["y"], ".", markersize=2.5, alpha=0.5, rasterized=True, label=model["label"],
                    color=colour_of(model["kind"], place),
                )  # fmt: skip
        ends = axes.get_xlim()
        axes.plot(ends, ends, color="#6b6b6b", linewidth=0.8, zorder=0)
        axes.set_xlim(ends)
        what = "Force components" if quantity == "forces" else "Energy above the lowest"
        axes.set_xlabel(f"{what}, reference ({near['units'][quantity]})")
        axes.set_ylabel("predicted")
        axes.legend(frameon=False, markerscale=4, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _map(name: str, near: dict[str, Any]) -> Any:
    """A panel for each model, with one scale of colours."""
    where, models = near["map"], near["map"]["models"]
    figure = _figure(4.4 * len(models) + 0.8, 4.2, f"{name}: force RMSE of test frames", near)
    errors = [np.array(model["forces"], dtype=float) for model in models]
    top = float(np.quantile(np.concatenate(errors), 0.98))
    panels = [figure.add_subplot(1, len(models), k + 1) for k in range(len(models))]
    for axes, model, values in zip(panels, models, errors, strict=True):
        order = np.argsort(values)  # the worst on top
        drawn = axes.scatter(
            np.array(where["x"], dtype=float)[order], np.array(where["y"], dtype=float)[order], c=values[order], s=9,
            cmap="viridis", vmin=0, vmax=top, linewidths=0,
        )  # fmt: skip
        axes.set_title(model["label"], loc="left", fontsize=11)
        axes.set_xlabel(where["labels"][0])
    panels[0].set_ylabel(where["labels"][1])
    figure.colorbar(drawn, ax=panels, label=near["units"]["forces"], extend="max", fraction=0.05)
    return figure


def _figure(width: float, height: float, title: str, near: dict[str, Any]) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{title}\n{near['shown']}", fontsize=10, x=0.01, ha="left")
    return figure
