"""Making reference data: geometries drawn in several ways, labelled by any ASE calculator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supple.sampling.engine import Sampled
    from supple.sampling.recipe import Recipe

__all__ = ["Recipe", "Sampled", "sample"]


def __getattr__(name: str) -> object:
    """The names above, imported when they are asked for: ASE's calculators take their time."""
    if name == "Recipe":
        from supple.sampling.recipe import Recipe

        return Recipe
    if name in ("Sampled", "sample"):
        from supple.sampling import engine

        return getattr(engine, name)
    raise AttributeError(name)
