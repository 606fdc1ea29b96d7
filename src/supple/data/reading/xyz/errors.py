"""Errors of single frames in xyz files, with their messages."""

from __future__ import annotations

from dataclasses import dataclass

from supple.data.elements import atom_mismatch, hill_formula
from supple.errors import DataError

_LONGEST = 40


class FrameError(Exception):
    """A frame cannot be used.

    Attributes:
        kind: of defect, as in `DefectHandler.report`.
        error: for the user.
    """

    def __init__(self, kind: str, error: DataError) -> None:
        super().__init__(str(error))
        self.kind = kind
        self.error = error


@dataclass
class Location:
    """Where in a file the reader is.

    Attributes:
        file: its name.
        frame: index of the frame, counted from 0.
        line: number of the frame's first line, the one with the count of atoms, counted from 1.
    """

    file: str
    frame: int = 0
    line: int = 0

    @property
    def comment(self) -> str:
        """The frame and the line of its comment, for sentences."""
        return f"frame {self.frame} (line {self.line + 1})"

    def not_a_count(self, text: str) -> DataError:
        """The first line is not a number of atoms."""
        before = f", or frame {self.frame - 1} has more lines than its count states" if self.frame else ""
        return DataError(
            f"{self.file}: line {self.line} should be the number of atoms of frame {self.frame}, "
            f"but it is '{shortened(text)}'{before}; correct that line."
        )

    def cut_short(self, n_atoms: int, n_lines: int) -> DataError:
        """The frame has fewer complete lines than atoms."""
        return DataError(
            f"{self.file}: frame {self.frame} (from line {self.line}) is cut short: it should have {n_atoms} atoms and has "
            f"{n_lines} complete lines of them; remove the frame, or copy the file again."
        )

    def wrong_width(self, line: int, width: int, expected: int) -> FrameError:
        """A line of an atom has too many or too few columns."""
        return FrameError("line-broken", DataError(
            f"{self.file}: line {line} (frame {self.frame}) has {width} columns instead of {expected}; correct that line."
        ))  # fmt: skip

    def not_an_element(self, line: int, text: str) -> FrameError:
        """The symbol of an atom is not one."""
        return FrameError("line-broken", DataError(
            f"{self.file}: '{shortened(text)}' in line {line} (frame {self.frame}) is not an element; "
            "write its symbol or atomic number."
        ))  # fmt: skip

    def not_a_number(self, line: int, column: int, text: str) -> FrameError:
        """A coordinate or force is not a number."""
        return FrameError("not-numeric", DataError(
            f"{self.file}: '{shortened(text)}' in line {line} (frame {self.frame}), column {column}, is not a number; "
            "correct that line."
        ))  # fmt: skip

    def energy_not_a_number(self, text: str) -> FrameError:
        """The energy is not a number."""
        return FrameError("not-numeric", DataError(
            f"{self.file}: the energy '{shortened(text)}' of {self.comment} is not a number; correct that line."
        ))  # fmt: skip

    def other_units(self) -> FrameError:
        """The frame states other units than the first."""
        return FrameError("mixed-units", DataError(
            f"{self.file}: {self.comment} states other units than frame 0: convert all frames to the same units."
        ))  # fmt: skip

    def forces_in_some_frames(self) -> FrameError:
        """The frame has forces and the first has none, or the other way round."""
        return FrameError("missing-forces", DataError(
            f"{self.file}: {self.comment} and the frames before do not all have forces: add them, or remove them from "
            "all frames."
        ))  # fmt: skip

    def other_molecule(self, numbers: list[int], first: list[int]) -> FrameError:
        """The atoms are not those of the first frame."""
        kind = atom_mismatch(numbers, first) or "other-molecule"
        if kind == "atom-order":
            atom = next(k for k, z in enumerate(numbers) if z != first[k])
            what, remedy = f"has the atoms of frame 0 in another order, from atom {atom + 1} on", "reorder them"
        elif len(numbers) != len(first):
            what, remedy = f"has {len(numbers)} atoms, frame 0 has {len(first)}", "split the file"
        else:
            what, remedy = f"is {hill_formula(numbers)}, frame 0 is {hill_formula(first)}", "split the file"
        return FrameError(kind, DataError(
            f"{self.file}: frame {self.frame} (line {self.line}) {what}; a file must contain one molecule in one atom order: "
            f"{remedy}."
        ))  # fmt: skip

    def renamed(self, quantity: str, before: str | None, now: str | None) -> DataError:
        """A label has another name than in the frames before; None for an energy that is the whole comment."""
        this, others = (f"is named '{name}'" if name else "is the whole comment" for name in (now, before))
        return DataError(
            f"{self.file}: the {quantity} of {self.comment} {this}, but that of the frames before {others}; "
            "give them the same name."
        )


def shortened(text: str) -> str:
    """Text short enough for a sentence."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
