"""Examining a dataset: all checks, or those before a training, which refuses what they find unless it is accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from supple.checks.context import CheckContext
from supple.checks.findings import Finding, by_severity
from supple.checks.registry import all_checks, finding_names
from supple.checks.small_model import FitSmallModel
from supple.checks.units import UNITS, in_likely_units
from supple.data.dataset import Dataset
from supple.errors import DataError, SettingsError


def examine(
    dataset: Dataset, fit_small_model: FitSmallModel | None = None, before_training: bool = False
) -> list[Finding]:
    """All findings about a dataset, the errors first.

    Args:
        dataset: to be examined.
        fit_small_model: fits the model that labels are compared with, as
            `supple.models.kernel.direct_fit.small_kernel_model`; if None, the checks that need one (energies and forces on
            different scales, unrelated labels, outliers among them) are left out.
        before_training: run only the checks for what would make a force field wrong.
    """
    return examine_context(CheckContext(dataset, fit_small_model), before_training)[1]


def examine_context(context: CheckContext, before_training: bool = False) -> tuple[CheckContext, list[Finding]]:
    """The findings, and the context that the checks ran in: that of the likely units where the stated ones are wrong."""
    found = UNITS.run(context)
    if found:
        context = in_likely_units(context)
    for check in all_checks():
        if check is not UNITS and (check.before_training or not before_training):
            found += check.run(context)
    return context, by_severity(replace(finding, file=finding.file or context.name) for finding in found)


def require_sound(dataset: Dataset, fit_small_model: FitSmallModel, accept: Collection[str] = ()) -> list[Finding]:
    """Run the checks before a training; the errors that they found, all of which were accepted.

    Args:
        dataset: to be examined.
        fit_small_model: as for `examine`.
        accept: names of findings to accept.

    Raises:
        DataError: an error was found that is not accepted.
        SettingsError: a name to accept is not that of a finding.
    """
    require_names(accept)
    return require_accepted(examine(dataset, fit_small_model, before_training=True), accept)


def require_accepted(findings: Iterable[Finding], accept: Collection[str]) -> list[Finding]:
    """The errors among some findings, all of which are accepted.

    Raises:
        DataError: one is not.
    """
    errors = [finding for finding in findings if finding.is_error]
    for finding in errors:
        if finding.name not in accept:
            raise DataError(f"{finding} (To train anyway: --accept {finding.name}.)")
    return errors


def require_names(accept: Collection[str]) -> None:
    """Refuse a name that is not that of a finding.

    Raises:
        SettingsError: there is no such finding.
    """
    for name in accept:
        if name not in (names := finding_names()):
            raise SettingsError(f"'{name}' is not the name of a finding: accept one of {', '.join(names)}.")
