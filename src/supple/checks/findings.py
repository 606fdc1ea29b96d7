"""Finding: what a check reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

from supple.errors import printable

#: As in JSON and in Python; reports print `error` for `serious`.
Severity = Literal["serious", "warning", "note"]
#: The worst first.
SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "note")

#: Number of frames up to which all are listed.
_LISTED = 8


class FindingData(TypedDict):
    """A finding as JSON."""

    name: str
    severity: Severity
    sentence: str
    remedy: str
    frames: list[int]
    file: str


@dataclass(frozen=True)
class Finding:
    """Something that the user should know about the data.

    Attributes:
        name: of the kind of finding, by which it can be accepted, such as `energy-scale`.
        severity: `serious` where a force field trained on these data, or its errors, would be wrong.
        sentence: what is wrong, where, and how much; without a capital letter and a full stop.
        remedy: what to do, in the same form; may be empty.
        frames: the frames concerned, as counted in the file from 0; empty where it does not concern single frames.
        file: the file concerned.
    """

    name: str
    severity: Severity
    sentence: str
    remedy: str
    frames: tuple[int, ...] = ()
    file: str = ""

    def __post_init__(self) -> None:
        for name in ("sentence", "remedy", "file"):  # they may quote the file, whatever it contains
            object.__setattr__(self, name, printable(getattr(self, name)))

    def __str__(self) -> str:
        where = f"{self.file}: " if self.file else ""
        return f"{where}{self.sentence}; {self.remedy}." if self.remedy else f"{where}{self.sentence}."

    @property
    def is_error(self) -> bool:
        """Whether the severity is the highest."""
        return self.severity == "serious"

    @property
    def label(self) -> str:
        """The severity in words: error, warning or note."""
        return severity_label(self.severity)

    def as_dict(self) -> FindingData:
        """For JSON."""
        return {
            "name": self.name,
            "severity": self.severity,
            "sentence": self.sentence,
            "remedy": self.remedy,
            "frames": list(self.frames),
            "file": self.file,
        }


def severity_label(severity: Severity) -> str:
    """`error`, `warning` or `note`."""
    return "error" if severity == "serious" else severity


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Findings sorted, errors first; otherwise in the order in which they come."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def frame_list(frames: Sequence[int]) -> str:
    """`frame 3`, `frames 3, 7 and 12`, or `frames 3, 7, 12, ... (240 in all)`."""
    if len(frames) == 1:
        return f"frame {frames[0]}"
    if len(frames) <= _LISTED:
        return f"frames {', '.join(map(str, frames[:-1]))} and {frames[-1]}"
    return f"frames {', '.join(map(str, frames[:_LISTED]))}, ... ({len(frames)} in all)"


def counted(number: int, noun: str) -> str:
    """`1 warning`, `2 warnings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
