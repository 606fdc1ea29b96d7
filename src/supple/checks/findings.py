"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something serious about the data: a name by which to accept it, and a sentence that says what and where."""

    name: str
    sentence: str
