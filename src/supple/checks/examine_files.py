"""Examining files: each on its own, and those of one molecule together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from supple.checks.context import CheckContext
from supple.checks.dataset_card import Card, CardData, card
from supple.checks.examine import examine_context
from supple.checks.findings import SEVERITIES, Finding, FindingData, Severity, by_severity
from supple.checks.small_model import FitSmallModel
from supple.data.bundled import or_bundled
from supple.data.concatenate import concatenate
from supple.data.dataset import Dataset
from supple.data.reading import survey
from supple.data.reading.defects import Defect
from supple.data.reading.find_files import is_pattern
from supple.errors import DataError
from supple.runtime.progress import NO_PROGRESS, Progress

#: Severities of what readers report; what is not here is an error, for frames were lost or guessed.
_SEVERITIES: dict[str, Severity] = {"missing-energy": "warning", "units-unstated": "warning"}
#: Findings that files together may have when none of them has them on its own.
_ACROSS_FILES = (
    "shared-frames", "contradicting-labels", "energy-zero", "mixed-scale", "mixed-theory", "mixed-charge",
    "mixed-lengths", "atom-order",
)  # fmt: skip


class FileData(TypedDict):
    """The report on a file as JSON."""

    file: str
    card: CardData | None
    findings: list[FindingData]


class ExaminationData(TypedDict):
    """An examination as JSON."""

    files: list[FileData]
    together: list[FindingData]
    counts: dict[Severity, int]


@dataclass(frozen=True)
class FileReport:
    """The card of a file, None where nothing could be read, and the findings about it."""

    path: Path
    card: Card | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Examination:
    """The reports on several files, and the findings about them together."""

    reports: tuple[FileReport, ...]
    together: tuple[Finding, ...]

    @property
    def findings(self) -> list[Finding]:
        """All findings."""
        return [*(finding for report in self.reports for finding in report.findings), *self.together]

    @property
    def errors(self) -> list[Finding]:
        """The findings that make a force field, or its errors, wrong."""
        return [finding for finding in self.findings if finding.is_error]

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity."""
        return {severity: sum(f.severity == severity for f in self.findings) for severity in SEVERITIES}

    def as_dict(self) -> ExaminationData:
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
            "counts": self.counts,
        }


def examine_files(
    paths: Sequence[Path],
    fit_small_model: FitSmallModel,
    units: str | None = None,
    keys: str | None = None,
    molecule: str | None = None,
    progress: Progress = NO_PROGRESS,
) -> Examination:
    """Examine files of geometries.

    Args:
        paths: of the files.
        fit_small_model: as for `supple.checks.examine`.
        units, keys, molecule: as in `supple.read`, for all files.
        progress: shows how far the examination is.

    Raises:
        DataError: a file does not exist.
        SettingsError, UnitsError: units, keys or molecule are not valid.
    """
    for path in paths:
        if not or_bundled(path).exists() and not is_pattern(str(path)):
            raise DataError(f"There is no file {path}.")
    reports, datasets = [], []
    for k, path in enumerate(paths):
        progress.step("Checking", k, len(paths), path.name)
        report, dataset = _examine_file(path, fit_small_model, units, keys, molecule)
        reports.append(report)
        if dataset is not None:
            datasets.append(dataset)
    alone = {finding.name for report in reports for finding in report.findings}
    together = [finding for finding in _together(datasets, fit_small_model) if finding.name not in alone]
    progress.step("Checking", 1, 1)
    return Examination(tuple(reports), tuple(together))


def _examine_file(
    path: Path, fit_small_model: FitSmallModel, units: str | None, keys: str | None, molecule: str | None
) -> tuple[FileReport, Dataset | None]:
    found = survey(path, units, keys, molecule)
    if found.dataset is None:
        return FileReport(path, None, tuple(_finding(defect, path) for defect in found.defects)), None
    context, findings = examine_context(CheckContext(found.dataset, fit_small_model))
    named = {finding.name for finding in findings}
    findings += [_finding(defect, path) for defect in found.defects if defect.name not in named]
    return FileReport(path, card(context), tuple(by_severity(findings))), context.dataset


def _finding(defect: Defect, path: Path) -> Finding:
    """A defect that the reader met, as a finding; its sentence includes the remedy."""
    sentence = defect.sentence.removeprefix(f"{path.name}: ").removesuffix(".")
    if len(defect.frames) > 1:
        sentence += f" ({len(defect.frames)} frames in all)"
    return Finding(defect.name, _SEVERITIES.get(defect.name, "serious"), sentence, "", defect.frames, path.name)


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
                    f"the atoms of {members[0].source.name} are in a different order from those of {other}",
                    "bring them into one order before using the files together",
                    file=members[0].source.name,
                )
            )
        if len(members) > 1:
            _, findings = examine_context(CheckContext(_merged(members), fit_small_model), before_training=True)
            found += [finding for finding in findings if finding.name in _ACROSS_FILES]
    return found


def _distinct(names: list[str]) -> list[str]:
    return [name if names.count(name) == 1 else f"{name} ({k + 1})" for k, name in enumerate(names)]


def _merged(members: list[Dataset]) -> Dataset:
    """One dataset of several; each frame is labelled with its file."""
    names = _distinct([member.source.name for member in members])
    return concatenate(members, names, " and ".join(names))
