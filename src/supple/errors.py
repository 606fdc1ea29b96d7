"""Errors that a user can cause.

Each message is one sentence that says what is wrong, where (file, line, frame), and what to do. The command line
prints it and exits with code 2; it never shows a stack trace for one of these.
"""

from __future__ import annotations

import unicodedata

#: Control characters, and marks that change the direction of writing: on a terminal they hide or forge what is printed.
_NOT_PRINTED = {"Cc", "Cf", "Cs", "Zl", "Zp"}

#: Characters of an error's message that are quoted in a sentence.
_LONGEST = 200


def printable(text: str) -> str:
    r"""A text without characters that a terminal would act on: names in files may contain any.

    Each is written as its code, as in \x1b.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character) in _NOT_PRINTED else character
        for character in text
    )


def first_line(error: BaseException) -> str:
    """The first line of an error's message, shortened, or the name of its type if it has none: for use within a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:_LONGEST]


class SuppleError(Exception):
    """An error that the user can correct; the base class of all others. Its message can be printed on any terminal."""

    def __str__(self) -> str:
        return "\n".join(map(printable, super().__str__().split("\n")))


class DataError(SuppleError):
    """A file of geometries that cannot be read or whose content is wrong."""


class MissingForcesError(DataError):
    """A file without forces, where they are required."""


class UnitsError(DataError):
    """Units that are unknown, missing or contradictory."""


class SplitError(SuppleError):
    """A split into training, validation and test frames that is impossible for the data."""


class ModelFileError(SuppleError):
    """A file that is not a model, is damaged, or was written by an unsupported version."""


class MoleculeError(SuppleError):
    """Geometries of a different molecule, or in a different atom order, than those of the force field."""


class SettingsError(SuppleError):
    """Settings that do not exist, are incompatible, or differ from those of the run to be resumed."""


class OutputError(SuppleError):
    """An output that would replace a file of the user's, or that cannot be written."""


class CalculationError(SuppleError):
    """A calculation by a method of quantum chemistry that failed, or whose numbers do not belong to the force field.

    Attributes:
        index: of the geometry among those given; None where it concerns all of them. The message has it in place of {index}.
    """

    def __init__(self, message: str, index: int | None = None) -> None:
        super().__init__(message if index is None else message.replace("{index}", str(index)))
        self.message, self.index = message, index

    def shifted(self, before: int) -> CalculationError:
        """The same of a geometry that has so many before those given."""
        return self if self.index is None else CalculationError(self.message, self.index + before)


class ResourceError(SuppleError):
    """A computation that needs more memory than is available."""
