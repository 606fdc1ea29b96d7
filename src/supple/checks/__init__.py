"""Checks of data, one a file. `require_sound` runs them before every fit, so that no wrong label is trained silently."""

from __future__ import annotations

from collections.abc import Callable, Collection

from supple.checks.energy_forces import energy_scale
from supple.checks.findings import Finding
from supple.dataset import Dataset
from supple.errors import DataError, SettingsError

__all__ = ["Finding", "require_sound"]

#: name of the finding -> the check that may make it.
_CHECKS: dict[str, Callable[[Dataset], Finding | None]] = {"energy-scale": energy_scale}


def require_sound(dataset: Dataset, accept: Collection[str] = ()) -> list[Finding]:
    """The findings that were accepted by name.

    Raises:
        DataError: there is a finding that was not accepted.
        SettingsError: a name to accept is not that of a finding.
    """
    for name in accept:
        if name not in _CHECKS:
            raise SettingsError(f"'{name}' is not the name of a finding: accept one of {', '.join(_CHECKS)}.")
    found = [finding for check in _CHECKS.values() if (finding := check(dataset)) is not None]
    for finding in found:
        if finding.name not in accept:
            raise DataError(f"{finding.sentence} (To train all the same: --accept {finding.name}.)")
    return found
