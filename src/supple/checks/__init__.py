"""Checks of data, one idea a file. `require_sound` runs them before every fit; `supple check` runs them to be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from supple.checks.context import CheckContext, FitSmallModel
from supple.checks.coverage import energy_coverage, torsion_coverage
from supple.checks.duplicates import duplicates
from supple.checks.energy_scale import energy_scale, forces_unrelated
from supple.checks.findings import Finding, Severity
from supple.checks.geometries import broken, changed_places, collisions, other_lengths
from supple.checks.labels import missing_energies, repeated_labels, rounded_energies, zero_forces
from supple.checks.mixtures import energy_zero, mixed_scale, mixed_theory
from supple.checks.outliers import energy_outliers, force_outliers, geometry_outliers
from supple.checks.rigid_motion import net_force, net_torque
from supple.checks.time_correlation import correlated_frames
from supple.checks.units import reread, units
from supple.data.dataset import Dataset
from supple.errors import DataError, SettingsError

__all__ = [
    "CHECKS",
    "NAMES",
    "SEVERITIES",
    "Check",
    "Finding",
    "examine",
    "examine_context",
    "require_accepted",
    "require_names",
    "require_sound",
]


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        names: of the findings that it may make.
        run: makes them.
        before_training: whether it is run before every fit: what would make a force field wrong.
    """

    names: tuple[str, ...]
    run: Callable[[CheckContext], list[Finding]]
    before_training: bool = True


CHECKS = (
    Check(("units",), units),
    Check(("energy-scale", "energies-unrelated"), energy_scale),
    Check(("forces-unrelated",), forces_unrelated),
    Check(("energy-zero",), energy_zero),
    Check(("mixed-scale",), mixed_scale),
    Check(("mixed-theory",), mixed_theory),
    Check(("zero-forces", "frozen-atoms"), zero_forces),
    Check(("repeated-labels",), repeated_labels),
    Check(("rounded-energies",), rounded_energies),
    Check(("net-force",), net_force),
    Check(("net-torque",), net_torque),
    Check(("collision",), collisions),
    Check(("mixed-lengths",), other_lengths),
    Check(("broken-molecule",), broken),
    Check(("atom-order", "bonds-change"), changed_places),
    Check(("energy-outlier",), energy_outliers),
    Check(("force-outlier",), force_outliers),
    Check(("geometry-outlier",), geometry_outliers, before_training=False),
    Check(("contradicting-labels", "shared-frames", "duplicate-frames", "near-duplicates"), duplicates),
    Check(("missing-energy",), missing_energies, before_training=False),
    Check(("correlated-frames",), correlated_frames, before_training=False),
    Check(("torsion-gap", "torsion-thin"), torsion_coverage, before_training=False),
    Check(("energy-gap", "energy-tail"), energy_coverage, before_training=False),
)
NAMES = tuple(name for check in CHECKS for name in check.names)
SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "note")


def examine(dataset: Dataset, fit_small_model: FitSmallModel, before_training: bool = False) -> list[Finding]:
    """All findings about a dataset, the serious ones first.

    Args:
        dataset: to be examined.
        fit_small_model: fits the model that labels are compared with, as `supple.models.kernel.direct_fit.small_kernel_model`.
        before_training: run only the checks for what would make a force field wrong.
    """
    return examine_context(CheckContext(dataset, fit_small_model), before_training)[1]


def examine_context(context: CheckContext, before_training: bool = False) -> tuple[CheckContext, list[Finding]]:
    """The same, and the context as it was examined: with numbers that are in other units than said, in the right ones."""
    found = units(context)
    if found:
        context = reread(context)
    for check in CHECKS:
        if check.run is not units and (check.before_training or not before_training):
            found += check.run(context)
    found = [replace(finding, file=finding.file or context.name) for finding in found]
    return context, sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def require_sound(dataset: Dataset, fit_small_model: FitSmallModel, accept: Collection[str] = ()) -> list[Finding]:
    """The serious findings that were accepted by name.

    Args:
        dataset: to be examined.
        fit_small_model: as for `examine`.
        accept: names of findings to accept.

    Raises:
        DataError: there is a serious finding that was not accepted.
        SettingsError: a name to accept is not that of a finding.
    """
    require_names(accept)
    return require_accepted(examine(dataset, fit_small_model, before_training=True), accept)


def require_accepted(findings: Iterable[Finding], accept: Collection[str]) -> list[Finding]:
    """The serious ones, all of which were accepted.

    Raises:
        DataError: one was not.
    """
    serious = [finding for finding in findings if finding.severity == "serious"]
    for finding in serious:
        if finding.name not in accept:
            raise DataError(f"{finding} (To train all the same: --accept {finding.name}.)")
    return serious


def require_names(accept: Collection[str]) -> None:
    """Refuse a name that is not that of a finding.

    Raises:
        SettingsError: there is no such finding.
    """
    for name in accept:
        if name not in NAMES:
            raise SettingsError(f"'{name}' is not the name of a finding: accept one of {', '.join(NAMES)}.")
