"""A profile as a figure, its minima and barriers marked."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MultipleLocator

from supple.geometry.profile import Profile
from supple.runtime.files import draw


def save_profile_figure(profile: Profile, path: Path, name: str = "", reference: Profile | None = None) -> None:
    """Draw a profile into a file; the ending chooses the format.

    Args:
        profile: to draw.
        path: the file.
        name: of the reference.
        reference: a profile to draw beside it.
    """
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if reference is not None:
        # large and open, so that it is seen where the two coincide
        axes.plot(
            reference.coordinate, reference.energies, "--o", color="#d98200", markersize=9, markerfacecolor="none",
            markeredgewidth=1.4, linewidth=1.4, label=name,
        )  # fmt: skip
    axes.plot(
        profile.coordinate, profile.energies, "-o", color="#1f5fa8", markersize=3.5, linewidth=1.4, label="force field"
    )
    for kind, k in profile.stationary_points:
        colour, side = ("#1b7f3b", -1) if kind == "minimum" else ("#b3261e", 1)
        axes.plot(profile.coordinate[k], profile.energies[k], "o", color=colour, markersize=7)
        axes.annotate(
            f"{profile.energies[k]:.1f}",
            (profile.coordinate[k], profile.energies[k]),
            xytext=(0, 9 * side),
            textcoords="offset points",
            ha="center",
            va="bottom" if side > 0 else "top",
            color=colour,
            path_effects=[withStroke(linewidth=3, foreground="white")],
            zorder=5,
        )
    axes.margins(y=0.13)
    if reference is not None:
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    axes.set_xlabel(f"{profile.name} / {profile.unit}" if profile.unit else f"fraction of the {profile.name}")
    axes.set_ylabel("energy / kcal/mol")
    if profile.unit:
        span = float(profile.coordinate[-1] - profile.coordinate[0])
        axes.xaxis.set_major_locator(MultipleLocator(60.0 if span > 200 else 30.0 if span > 90 else 10.0))
    for edge in ("top", "right"):
        axes.spines[edge].set_visible(False)
    draw(path, figure)
