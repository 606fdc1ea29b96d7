"""Examining files: each by itself, and those of one molecule together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supple.checks import SEVERITIES, examine_context
from supple.checks.context import CheckContext, FitSmallModel
from supple.checks.dataset_card import Card, card
from supple.checks.findings import Finding, Severity
from supple.data.concatenate import concatenate
from supple.data.dataset import Dataset
from supple.data.reading import survey
from supple.data.reading.defects import Defect
from supple.data.reading.find_files import is_pattern
from supple.errors import DataError
from supple.runtime.progress import SILENCE, Progress

#: What a reader finds is serious, for frames were lost or guessed; but not these.
_MILD: dict[str, Severity] = {"missing-energy": "warning", "units-unstated": "warning"}
#: What can be found in files together, when it was found in none of them by itself.
_TOGETHER = (
    "shared-frames", "contradicting-labels", "energy-zero", "mixed-scale", "mixed-theory", "mixed-lengths", "atom-order"
)  # fmt: skip


@dataclass(frozen=True)
class FileReport:
    """A file's card, None where nothing could be read, and what was found in it."""

    path: Path
    card: Card | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Examination:
    """Reports of several files, and what was found in them together."""

    reports: tuple[FileReport, ...]
    together: tuple[Finding, ...]

    @property
    def findings(self) -> list[Finding]:
        """All of them."""
        return [*(finding for report in self.reports for finding in report.findings), *self.together]

    @property
    def serious(self) -> list[Finding]:
        """Those for which a force field would be wrong, or its errors."""
        return [finding for finding in self.findings if finding.severity == "serious"]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "files": [
                {
                    "file": str(report.path),
                    "card": report.card.as_dict() if report.card else None,
                    "findings": [finding.as_dict() for finding in report.findings],
                }
                for report in self.reports
            ],
            "together": [finding.as_dict() for finding in self.together],
            "counts": {s: sum(finding.severity == s for finding in self.findings) for s in SEVERITIES},
        }


def examine_files(
    paths: Sequence[Path],
    fit_small_model: FitSmallModel,
    units: str | None = None,
    keys: str | None = None,
    molecule: str | None = None,
    progress: Progress = SILENCE,
) -> Examination:
    """Examine files of geometries.

    Args:
        paths: of the files.
        fit_small_model: as for `supple.checks.examine`.
        units, keys, molecule: as `supple.read` takes them, for all files.
        progress: listens.

    Raises:
        DataError: a file does not exist.
        SettingsError, UnitsError: what was given is not understood.
    """
    for path in paths:
        if not path.exists() and not is_pattern(str(path)):
            raise DataError(f"There is no file {path}.")
    reports, datasets = [], []
    for k, path in enumerate(paths):
        progress.step("Examining", k, len(paths), path.name)
        report, dataset = _examine_file(path, fit_small_model, units, keys, molecule)
        reports.append(report)
        if dataset is not None:
            datasets.append(dataset)
    alone = {finding.name for report in reports for finding in report.findings}
    together = [finding for finding in _together(datasets, fit_small_model) if finding.name not in alone]
    progress.step("Examining", 1, 1)
    return Examination(tuple(reports), tuple(together))


def _examine_file(
    path: Path, fit_small_model: FitSmallModel, units: str | None, keys: str | None, molecule: str | None
) -> tuple[FileReport, Dataset | None]:
    found = survey(path, units, keys, molecule)
    if found.dataset is None:
        return FileReport(path, None, tuple(_finding(defect, path) for defect in found.defects)), None
    context, findings = examine_context(CheckContext(found.dataset, fit_small_model))
    known = {finding.name for finding in findings}
    findings += [_finding(defect, path) for defect in found.defects if defect.name not in known]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return FileReport(path, card(context), tuple(findings)), context.dataset


def _finding(defect: Defect, path: Path) -> Finding:
    """What a reader wrote down, as a finding; its sentence says the remedy."""
    sentence = defect.sentence.removeprefix(f"{path.name}: ").removesuffix(".")
    if len(defect.frames) > 1:
        sentence += f" ({len(defect.frames)} frames in all)"
    return Finding(defect.name, _MILD.get(defect.name, "serious"), sentence, "", defect.frames, path.name)


def _together(datasets: list[Dataset], fit_small_model: FitSmallModel) -> list[Finding]:
    """Findings about files of one molecule, compared with each other."""
    found = []
    groups: dict[tuple[int, ...], list[Dataset]] = {}
    for dataset in datasets:
        groups.setdefault(tuple(dataset.numbers.tolist()), []).append(dataset)
    orders: dict[tuple[int, ...], str] = {}
    for numbers, members in groups.items():
        formula = tuple(sorted(numbers))
        other = orders.setdefault(formula, members[0].source.name)
        if other != members[0].source.name:
            found.append(
                Finding(
                    "atom-order",
                    "serious",
                    f"{members[0].source.name} has the atoms of {other} in another order",
                    "bring them into one order before using the files together",
                    file=members[0].source.name,
                )
            )
        if len(members) > 1:
            _, findings = examine_context(CheckContext(_merged(members), fit_small_model), before_training=True)
            found += [finding for finding in findings if finding.name in _TOGETHER]
    return found


def _distinct(names: list[str]) -> list[str]:
    return [name if names.count(name) == 1 else f"{name} ({k + 1})" for k, name in enumerate(names)]


def _merged(members: list[Dataset]) -> Dataset:
    """One dataset of several; each frame says its file."""
    names = _distinct([member.source.name for member in members])
    return concatenate(members, names, " and ".join(names))
