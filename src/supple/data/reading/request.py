"""What is asked of a file, and what happens to that which is wrong in it: one way of reading, two attitudes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from supple.data.reading.keys import Keys
from supple.errors import DataError


@dataclass(frozen=True)
class Defect:
    """One kind of damage to a file.

    Attributes:
        name: of the kind, for instance `not-finite`.
        sentence: what is wrong with the first frame concerned, where, and what to do.
        frames: all frames concerned, as counted in the file from 0; empty where it is not a matter of single frames.
    """

    name: str
    sentence: str
    frames: tuple[int, ...] = ()


class Damage:
    """The strict attitude, for training: whatever is wrong is raised."""

    def found(self, name: str, error: DataError, frames: Iterable[int] = ()) -> None:
        """Tell of damage. When this returns, the reader goes on without the frames, or the labels, concerned."""
        del name, frames
        raise error


class Ledger(Damage):
    """The lenient attitude, for examining: what is wrong is written down, and reading goes on with the rest."""

    def __init__(self) -> None:
        self._sentences: dict[str, str] = {}
        self._frames: dict[str, list[int]] = {}

    def found(self, name: str, error: DataError, frames: Iterable[int] = ()) -> None:
        """Write it down; of each kind the first sentence and all frames are kept."""
        self._sentences.setdefault(name, str(error))
        self._frames.setdefault(name, []).extend(frames)

    @property
    def defects(self) -> tuple[Defect, ...]:
        """All that was found, in the order of the first of each kind."""
        return tuple(
            Defect(name, sentence, tuple(sorted(set(self._frames[name])))) for name, sentence in self._sentences.items()
        )


@dataclass(frozen=True)
class Request:
    """What is asked of a file.

    Attributes:
        keys: where things stand in the file, as far as the user said.
        labels: whether energies and forces are wanted.
        molecule: which of several molecules in the file; None where the user did not say.
        damage: is told of everything that is wrong.
    """

    keys: Keys = field(default_factory=Keys)
    labels: bool = True
    molecule: str | None = None
    damage: Damage = field(default_factory=Damage)
