"""Defects of files, and the two ways of dealing with them: raise the first, or record all and read the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supple.errors import DataError


@dataclass(frozen=True)
class Defect:
    """One kind of defect of a file.

    Attributes:
        name: of the kind, for instance `not-finite`.
        sentence: what is wrong with the first frame concerned, where, and what to do.
        frames: all frames concerned, counted in the file from 0; empty if the defect does not concern single frames.
    """

    name: str
    sentence: str
    frames: tuple[int, ...] = ()


class DefectHandler:
    """Strict reading, for training: every defect is raised."""

    def report(self, name: str, error: DataError, frames: Iterable[int] = ()) -> None:
        """Report a defect. If this returns, the reader continues without the frames or labels concerned.

        Args:
            name: of the kind of defect.
            error: says what is wrong and what to do.
            frames: indices of all frames concerned, counted in the file from 0.

        Raises:
            DataError: the error given.
        """
        del name, frames
        raise error

    def report_unreadable(self, files: Sequence[str], error: DataError) -> None:
        """Report files, of many that are read as one, that cannot be read. If this returns, the others are read.

        Args:
            files: their names.
            error: says why, and what to do.

        Raises:
            DataError: the error given.
        """
        del files
        self.report("unreadable", error)


class LeavingOut(DefectHandler):
    """Strict reading, but of many files those that cannot be read are left out.

    Attributes:
        notes: a sentence on what was left out.
    """

    def __init__(self) -> None:
        self.notes: tuple[str, ...] = ()

    def report_unreadable(self, files: Sequence[str], error: DataError) -> None:
        """Note the names of the files."""
        del error
        count = "1 file that cannot be read was" if len(files) == 1 else f"{len(files)} files that cannot be read were"
        self.notes = (f"{count} left out: {', '.join(files)}.",)


class DefectLog(DefectHandler):
    """Lenient reading, for checks: defects are recorded, and reading continues with what is left."""

    def __init__(self) -> None:
        self._sentences: dict[str, str] = {}
        self._frames: dict[str, list[int]] = {}

    def report(self, name: str, error: DataError, frames: Iterable[int] = ()) -> None:
        """Record a defect; of each kind the first sentence and all frames are kept."""
        self._sentences.setdefault(name, str(error))
        self._frames.setdefault(name, []).extend(frames)

    @property
    def defects(self) -> tuple[Defect, ...]:
        """All defects, in the order in which each kind was first reported."""
        return tuple(
            Defect(name, sentence, tuple(sorted(set(self._frames[name])))) for name, sentence in self._sentences.items()
        )
