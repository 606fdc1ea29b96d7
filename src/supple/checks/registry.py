"""The registry of checks, in the order in which they run.

A new check is a file with a `Check` and a line below or, in another package, an entry point of the group `supple.checks`.
"""

from __future__ import annotations

from supple.checks.check import Check
from supple.runtime.plugins import Registry

CHECKS: Registry[Check] = Registry(
    "supple.checks",
    "check",
    {
        "units": "supple.checks.units:UNITS",
        "energy-scale": "supple.checks.energy_scale:ENERGY_SCALE",
        "forces-unrelated": "supple.checks.energy_scale:FORCES_UNRELATED",
        "energy-zero": "supple.checks.mixtures:ENERGY_ZERO",
        "mixed-scale": "supple.checks.mixtures:MIXED_SCALE",
        "mixed-theory": "supple.checks.mixtures:MIXED_THEORY",
        "mixed-charge": "supple.checks.electronic_state:MIXED_CHARGE",
        "impossible-multiplicity": "supple.checks.electronic_state:IMPOSSIBLE_MULTIPLICITY",
        "unreadable": "supple.checks.left_out:UNREADABLE",
        "zero-forces": "supple.checks.labels:ZERO_FORCES",
        "constant-energies": "supple.checks.repeated_labels:CONSTANT_ENERGIES",
        "repeated-labels": "supple.checks.repeated_labels:REPEATED_LABELS",
        "rounded-energies": "supple.checks.labels:ROUNDED_ENERGIES",
        "net-force": "supple.checks.rigid_motion:NET_FORCE",
        "net-torque": "supple.checks.rigid_motion:NET_TORQUE",
        "collision": "supple.checks.geometries:COLLISION",
        "mixed-lengths": "supple.checks.geometries:MIXED_LENGTHS",
        "broken-molecule": "supple.checks.geometries:BROKEN_MOLECULE",
        "atom-order": "supple.checks.geometries:ATOM_ORDER",
        "energy-outlier": "supple.checks.outliers:ENERGY_OUTLIER",
        "force-outlier": "supple.checks.outliers:FORCE_OUTLIER",
        "geometry-outlier": "supple.checks.outliers:GEOMETRY_OUTLIER",
        "duplicates": "supple.checks.duplicates:DUPLICATES",
        "missing-energy": "supple.checks.labels:MISSING_ENERGY",
        "correlated-frames": "supple.checks.time_correlation:CORRELATED_FRAMES",
        "torsion-coverage": "supple.checks.coverage:TORSION_COVERAGE",
        "energy-coverage": "supple.checks.coverage:ENERGY_COVERAGE",
    },
)


def all_checks() -> list[Check]:
    """Supple's own checks, then those of plugins."""
    return [CHECKS.get(name) for name in CHECKS]


def finding_names() -> tuple[str, ...]:
    """The names of all findings that the checks may return."""
    return tuple(name for check in all_checks() for name in check.names)
