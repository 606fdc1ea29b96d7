"""Checks of data; each is one file. `require_sound` runs the quick ones before every fit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from supple.dataset import Dataset


@dataclass(frozen=True)
class Finding:
    """Something about the data that the user should know: a name by which to accept it, and a sentence."""

    name: str
    sentence: str


def require_sound(dataset, accept: Collection[str]):
    return []
