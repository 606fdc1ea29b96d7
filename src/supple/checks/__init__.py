"""Checks of data, one file for each kind. `require_sound` runs them before every training, `supple check` reports all findings."""

from supple.checks.check import Check
from supple.checks.examine import examine, examine_context, require_accepted, require_names, require_sound
from supple.checks.findings import SEVERITIES, Finding
from supple.checks.registry import CHECKS, finding_names

__all__ = [
    "CHECKS",
    "SEVERITIES",
    "Check",
    "Finding",
    "examine",
    "examine_context",
    "finding_names",
    "require_accepted",
    "require_names",
    "require_sound",
]
