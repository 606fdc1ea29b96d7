"""How models are named and drawn, the same in all tables and figures."""

from __future__ import annotations

_NAMES = {"sgdml": "sGDML", "schnet": "SchNet"}
#: Okabe and Ito's colours, which colour-blind readers can tell apart.
_COLOURS = {"sgdml": "#0072B2", "schnet": "#D55E00"}
_MORE_COLOURS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = {"sgdml": "o", "schnet": "s"}


def display_name(kind: str) -> str:
    """A kind of model as its authors write it."""
    return _NAMES.get(kind, kind)


def colour_of(kind: str, position: int) -> str:
    """The colour of a kind of model; `position` is its index among the models, for kinds without a colour of their own."""
    return own_colour(kind) or _MORE_COLOURS[position % len(_MORE_COLOURS)]


def own_colour(kind: str) -> str | None:
    """The colour of a kind of model, None for kinds without one."""
    return _COLOURS.get(kind)


def marker_of(kind: str) -> str:
    """The marker of a kind of model, as matplotlib calls it."""
    return _MARKERS.get(kind, "D")
