"""An empty figure with a title, as all that show trainings of a dataset begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def titled_figure(width: float, height: float, title: str, shown: str) -> Figure:
    """A figure of some width and height (inches), with `shown`, what it shows, below its title."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{title}\n{shown}", fontsize=10, x=0.01, ha="left")
    return figure
