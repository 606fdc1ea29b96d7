"""Text outputs of programs as events in their order: a geometry, an energy, a gradient ...

What belongs together is then what stands between two gradients, and not what has the same number in two lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from supple.data.elements import atomic_number
from supple.data.reading.frames import Frame
from supple.errors import DataError

#: A number as programs print it, also with Fortran's exponent D.
NUMBER = r"[-+]?\d*\.\d+(?:[EeDd][-+]?\d+)?"


def events(text: str, patterns: Mapping[str, re.Pattern[str]]) -> Iterator[tuple[str, re.Match[str]]]:
    """Everything in a text that one of the patterns matches, with the name of the pattern, in the order of the text."""
    found = [(match.start(), name, match) for name, pattern in patterns.items() for match in pattern.finditer(text)]
    for _, name, match in sorted(found, key=itemgetter(0)):
        yield name, match


@runtime_checkable
class EventReader(Protocol):
    """Takes the events of an output one by one, and knows the frames in the end."""

    def read(self, event: str, match: re.Match[str]) -> None:
        """Take an event; ValueError where it contradicts the ones before, or a table is damaged."""

    def frames(self) -> list[Frame]:
        """The frames, in eV, Å and eV/Å."""


def read_events(
    content: bytes, name: str, program: str, patterns: Mapping[str, re.Pattern[str]], reader: EventReader
) -> list[Frame]:
    """The frames that a reader makes of the events of an output.

    Args:
        content: of the output.
        name: of its file, for messages.
        program: that wrote it, for messages.
        patterns: of the events; that of `numerical`, of gradients by finite differences, ends the reading.
        reader: of the events.

    Raises:
        DataError: a table is damaged, parts contradict each other, or the gradients are numerical.
    """
    for event, match in events(content.decode("latin-1"), patterns):
        if event == "numerical":
            raise DataError(
                f"{name} is an output of {program} with gradients by finite differences of energies, which Supple does not "
                "read: use a method with analytic gradients."
            )
        try:
            reader.read(event, match)
        except ValueError as error:
            raise damaged(name, program, error) from error
    return reader.frames()


def frames_to_show(
    with_gradient: list[Frame], with_energy: list[Frame], last: Frame | None, *, unconverged: bool
) -> list[Frame]:
    """Those with a gradient; the last one without where the calculation stopped before it; without any, all others.

    Args:
        with_gradient, with_energy: the frames with these.
        last: the last geometry, without labels.
        unconverged: whether the last calculation did not converge.
    """
    if with_gradient and unconverged and last is not None:
        return [*with_gradient, replace(last, problem="not-converged")]
    return with_gradient or with_energy or ([] if last is None else [last])


def number(text: str) -> float:
    """A number that matches `NUMBER`."""
    return float(text.replace("D", "E").replace("d", "e"))


def columns(rows: str, first: int, count: int = 3) -> Float[np.ndarray, "N count"]:
    """The numbers in some columns of a table, counted from 0.

    Raises:
        ValueError: a row is too short, or has something else there.
    """
    table = [line.split()[first : first + count] for line in rows.strip().splitlines()]
    if any(len(row) != count for row in table):
        raise ValueError("a row is too short")
    return np.array([[number(word) for word in row] for row in table], dtype=np.float64).reshape(len(table), count)


def elements(rows: str, column: int) -> Int[np.ndarray, "N"]:
    """The atomic numbers of the atoms that a column names.

    Raises:
        ValueError: a name is not that of an element.
    """
    names = _column(rows, column)
    numbers = [atomic_number(name) or atomic_number(re.sub(r"[^A-Za-z].*", "", name).capitalize()) for name in names]
    if None in numbers:
        raise ValueError(f"'{names[numbers.index(None)]}' is no element")
    return np.array(numbers, dtype=np.int64)


def _column(rows: str, column: int) -> list[str]:
    table = [line.split() for line in rows.strip().splitlines()]
    if any(len(row) <= column for row in table):
        raise ValueError("a row is too short")
    return [row[column] for row in table]


def require_counted(rows: str, column: int) -> None:
    """Require that the rows of a table are those of the atoms 1, 2, 3 ..., each once.

    Raises:
        ValueError: they are not.
    """
    indices = _column(rows, column)
    if indices != [str(atom) for atom in range(1, len(indices) + 1)]:
        raise ValueError("its rows are not those of all atoms in their order")


def damaged(name: str, program: str, error: Exception) -> DataError:
    """The error for an output with a table that cannot be read, or with parts that contradict each other."""
    return DataError(
        f"{name} is an output of {program} that is damaged ({error}): copy the file again, or repeat the calculation, without "
        "atoms that are none, such as ghost atoms."
    )
