"""What a check finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["serious", "warning", "note"]

#: How a list of frames is shortened.
_SHOWN = 8


@dataclass(frozen=True)
class Finding:
    """Something that the user should know about the data.

    Attributes:
        name: of the kind, by which it can be accepted; `energy-scale` for instance.
        severity: `serious` means that a force field trained on these data would be wrong, or its errors would be.
        sentence: what is wrong, where, and how much.
        remedy: what to do.
        frames: the frames concerned, as counted in the file from 0; empty where it is not a matter of single frames.
        file: that it is about.
    """

    name: str
    severity: Severity
    sentence: str
    remedy: str
    frames: tuple[int, ...] = ()
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.file}: " if self.file else ""
        return f"{where}{self.sentence}; {self.remedy}." if self.remedy else f"{where}{self.sentence}."

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"frames": list(self.frames)}


def listed(frames: Sequence[int]) -> str:
    """`frame 3`, `frames 3, 7 and 12`, or `frames 3, 7, 12, ... (240 in all)`."""
    if len(frames) == 1:
        return f"frame {frames[0]}"
    if len(frames) <= _SHOWN:
        return f"frames {', '.join(map(str, frames[:-1]))} and {frames[-1]}"
    return f"frames {', '.join(map(str, frames[:_SHOWN]))}, ... ({len(frames)} in all)"
