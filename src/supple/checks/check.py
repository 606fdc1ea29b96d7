"""Check: one check of a dataset, as the registry lists it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from supple.checks.context import CheckContext
from supple.checks.findings import Finding


@dataclass(frozen=True)
class Check:
    """One check of a dataset.

    Attributes:
        names: of the findings that it may return, by which they are accepted.
        run: returns the findings, an empty list if there are none.
        before_training: whether it runs before every training, as checks for what makes a force field wrong do.
    """

    names: tuple[str, ...]
    run: Callable[[CheckContext], list[Finding]]
    before_training: bool = True
