"""How models are named and drawn, the same in all tables and figures: each model defines this in its settings class."""

from __future__ import annotations

from supple.models.registry import MODELS, settings_class
from supple.study.model_name import baseline_of, kind_of

#: For models without a colour of their own: Okabe and Ito's colours, which colour-blind readers can tell apart.
_COLOURS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9")
#: For models without a marker of their own.
_MARKER = "D"


def display_name(kind: str) -> str:
    """A model as the authors of its kind write it, with its baseline; a kind whose plugin is no longer installed as it is."""
    name, baseline = kind_of(kind), baseline_of(kind)
    shown = settings_class(name).display_name if name in MODELS else name
    return shown if baseline is None else f"{shown}@{baseline}"


def colour_of(kind: str, position: int) -> str:
    """The colour of a kind of model; `position` is its index among the models, for kinds without a colour of their own."""
    return own_colour(kind) or _COLOURS[position % len(_COLOURS)]


def own_colour(kind: str) -> str | None:
    """The colour of a kind of model, None for kinds without one."""
    return settings_class(kind).colour if kind in MODELS else None


def marker_of(kind: str) -> str:
    """The marker of a kind of model, as matplotlib calls it; the same with a baseline, in another colour."""
    name = kind_of(kind)
    return (settings_class(name).marker if name in MODELS else None) or _MARKER
