"""Reference data: geometries drawn in several ways, and labelled with energies and forces by any ASE calculator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supple.sampling.engine import sample
    from supple.sampling.recipe import Recipe
    from supple.sampling.result import SamplingResult

__all__ = ["Recipe", "SamplingResult", "sample"]


def __getattr__(name: str) -> object:
    """Import the names above when they are first used, since ASE's calculators take long to import."""
    if name == "Recipe":
        from supple.sampling.recipe import Recipe

        return Recipe
    if name == "SamplingResult":
        from supple.sampling.result import SamplingResult

        return SamplingResult
    if name == "sample":
        from supple.sampling.engine import sample

        return sample
    raise AttributeError(name)
