"""Files of xyz frames, plain and extended, read frame by frame.

Plain: a count, a comment that is the energy and nothing else, then lines of symbol, position and force. Extended: the
comment holds key=value pairs, and `Properties=` says what the columns are.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from itertools import chain, islice
from math import isfinite, isnan
from pathlib import Path

import numpy as np

from supple.errors import DataError
from supple.reading import comment as comments
from supple.reading.comment import Layout
from supple.reading.elements import atomic_number, formula
from supple.reading.keys import Key, Keys
from supple.reading.opening import opened
from supple.reading.raw import SILENT, Raw
from supple.reading.request import Request
from supple.units import Units


def load(path: Path, request: Request) -> Raw:
    """Read all frames.

    Raises:
        DataError: a frame is cut short, not of the molecule of frame 0, not numeric, without labels that others have.
    """
    with opened(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace") as text:  # type: ignore[type-var]
        return _Reading(path.name, request.keys, request.labels).all_frames(text)


class _Reading:
    """One pass over one file."""

    def __init__(self, name: str, keys: Keys, labels: bool) -> None:
        self.name = name
        self.keys = keys
        self.labels = labels
        self.line = 0
        self.frame = 0
        self.species: list[str] = []
        self.numbers: list[int] = []
        self.stated = SILENT
        self.extended = False
        self.values = array("d")
        self.energies = array("d")
        self.first_lines = array("q")
        self.has_energies = False
        self.energy_name: str | None = None
        self.plain: Layout | None = None
        # comments repeat themselves: what was worked out for one is kept for the next
        self.layouts: dict[str, Layout] = {}
        self.energy_names: dict[tuple[str, ...], str | None] = {}

    def all_frames(self, text: Iterator[str]) -> Raw:
        for head in text:
            self.line += 1
            if not head.strip():
                continue
            count = self._count(head)
            self.first_lines.append(self.line)
            comment = next(text, None)
            rows = list(islice(text, count))
            if comment is None or len(rows) < count:
                raise self._cut_short(count, len(rows))
            self._one_frame(comment.strip(), rows, text)
            self.line += 1 + count
            self.frame += 1
        if not self.frame:
            raise DataError(f"{self.name} holds no frames.")
        return self._raw()

    def _count(self, head: str) -> int:
        count = head.strip()
        if not count.isdecimal() or len(count) > 9 or not int(count):
            after = f", or frame {self.frame - 1} has more lines than it announces" if self.frame else ""
            raise DataError(
                f"{self.name}: line {self.line} should be the number of atoms of frame {self.frame}, "
                f"but it is '{_short(count)}'{after}; mend that line."
            )
        return int(count)

    def _one_frame(self, comment: str, rows: list[str], text: Iterator[str]) -> None:
        info = comments.pairs(comment) if "=" in comment else {}
        layout = self._layout(info, rows)
        tokens = "".join(rows).split()
        width = layout.width
        if len(tokens) != len(rows) * width or tokens[layout.species :: width] != self.species:
            self._look_closely(rows, layout, text)
        wanted = [tokens[column::width] for column in layout.columns]
        try:
            self.values.extend(array("d", map(float, chain.from_iterable(wanted))))
        except ValueError:
            self._extend_slowly(wanted, layout.columns)
        if self.labels:
            self._energy(info, comment)
        stated = comments.stated_units(info) if info else SILENT
        if self.frame == 0:
            self.stated = stated
        elif stated is not self.stated and stated != self.stated:
            raise DataError(
                f"{self.name}: frame {self.frame} (line {self.line + 1}) states other units than frame 0: "
                "convert them to the same."
            )

    def _layout(self, info: dict[str, str], rows: list[str]) -> Layout:
        """Of this frame; the columns that are used must be those of the frames before."""
        properties = next((value for key, value in info.items() if key.lower() == "properties"), None)
        if properties is None:
            if self.plain is None:
                width = len(rows[0].split())
                self.plain = comments.plain_layout(width, self.labels, self.name, self.line + 2)
            return self.plain
        self.extended = True
        if properties not in self.layouts:
            layout = comments.extended_layout(properties, self.keys, self.labels, self.name, self.line + 1)
            known = next(iter(self.layouts.values()), layout)
            if known.forces_name != layout.forces_name:
                raise self._renamed("forces", known.forces_name, layout.forces_name)
            self.layouts[properties] = layout
        return self.layouts[properties]

    def _energy(self, info: dict[str, str], comment: str) -> None:
        found: str | None = None
        text: str | None = comment
        if info or self.keys.energy:
            names = tuple(info)
            if names not in self.energy_names:
                where = f"frame {self.frame} (line {self.line + 1})"
                self.energy_names[names] = comments.energy_name(info, self.keys.energy, self.name, where)
            found = self.energy_names[names]
            text = info[found] if found is not None else None
        value = None if text is None else comments.number(text)
        if value is None and found is not None:
            raise DataError(
                f"{self.name}: the energy '{_short(text or '')}' of frame {self.frame} (line {self.line + 1}) "
                "is not a number; mend it."
            )
        if value is not None and not isfinite(value) and not (isnan(value) and self.keys.energy):
            raise DataError(
                f"{self.name}: the energy of frame {self.frame} (line {self.line + 1}) is {value}; remove the frame, "
                "or repeat the calculation."
            )
        if self.frame == 0:
            self.has_energies, self.energy_name = value is not None, found
        elif (value is not None) != self.has_energies:
            without = self.frame if self.has_energies else 0
            raise DataError(
                f"{self.name}: frame {without} (line {self.first_lines[without] + 1}) has no energy in its comment, "
                "but other frames have one: add it, or remove the frames without."
            )
        elif found != self.energy_name:
            raise self._renamed("energy", self.energy_name or "the comment itself", found or "the comment itself")
        self.energies.append(np.nan if value is None else value)

    def _look_closely(self, rows: list[str], layout: Layout, text: Iterator[str]) -> None:
        """Line by line: find what is wrong with a frame, or that it merely spells its elements in another way."""
        numbers, species = [], []
        for k, row in enumerate(rows):
            line, parts = self.line + 2 + k, row.split()
            if len(parts) != layout.width:
                last = k == len(rows) - 1 and next(text, None) is None
                if not parts or last:
                    raise self._cut_short(len(rows), k)
                raise DataError(
                    f"{self.name}: line {line} (frame {self.frame}) has {len(parts)} columns, "
                    f"but {layout.width} are expected; mend that line."
                )
            z = atomic_number(parts[layout.species])
            if z is None:
                raise DataError(
                    f"{self.name}: '{_short(parts[layout.species])}' in line {line} (frame {self.frame}) "
                    "is not an element; write its symbol or atomic number."
                )
            numbers.append(z)
            species.append(parts[layout.species])
        if not self.numbers:
            self.numbers = numbers
        elif numbers != self.numbers:
            raise self._another_molecule(numbers)
        self.species = species

    def _extend_slowly(self, wanted: list[list[str]], columns: tuple[int, ...]) -> None:
        """Numbers as Fortran writes them; what is none is named."""
        for tokens, column in zip(wanted, columns, strict=True):
            for atom, token in enumerate(tokens):
                value = comments.number(token)
                if value is None:
                    raise DataError(
                        f"{self.name}: '{_short(token)}' in line {self.line + 2 + atom} (frame {self.frame}), "
                        f"column {column + 1}, is not a number; mend that line."
                    )
                self.values.append(value)

    def _raw(self) -> Raw:
        table = np.frombuffer(self.values).reshape(self.frame, -1, len(self.numbers))
        self._require_finite(table)
        vectors = table.transpose(0, 2, 1)
        energies = np.frombuffer(self.energies) if self.labels and self.has_energies else None
        return Raw(
            numbers=np.array(self.numbers, dtype=np.int64),
            positions=_times(vectors[:, :, :3], self.keys.positions),
            energies=None if energies is None else _times(energies, self.keys.energy),
            forces=_times(vectors[:, :, 3:], self.keys.forces) if self.labels else None,
            stated=self.stated,
            convention=Units() if self.extended else None,
        )

    def _require_finite(self, table: np.ndarray) -> None:
        if np.isfinite(table).all():
            return
        frame, column, atom = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
        raise DataError(
            f"{self.name}: the {'position' if column < 3 else 'force'} of atom {atom + 1} in frame {frame} "
            f"(line {self.first_lines[frame] + 2 + atom}) is NaN or infinite; remove the frame, "
            "or repeat the calculation."
        )

    def _cut_short(self, count: int, there: int) -> DataError:
        return DataError(
            f"{self.name}: frame {self.frame} (from line {self.line}) is cut short: it announces {count} atoms and has "
            f"{there} whole lines of them; remove the frame, or copy the file again."
        )

    def _another_molecule(self, numbers: list[int]) -> DataError:
        where = f"{self.name}: frame {self.frame} (line {self.line})"
        one = "one file holds one molecule in one atom order"
        if len(numbers) != len(self.numbers):
            return DataError(f"{where} has {len(numbers)} atoms, frame 0 has {len(self.numbers)}; {one}: split it.")
        if sorted(numbers) == sorted(self.numbers):
            atom = next(k for k, z in enumerate(numbers) if z != self.numbers[k])
            return DataError(
                f"{where} has the atoms of frame 0 in another order, from atom {atom + 1} on; {one}: reorder them."
            )
        return DataError(f"{where} holds {formula(numbers)}, frame 0 {formula(self.numbers)}; {one}: split it.")

    def _renamed(self, quantity: str, before: str, now: str) -> DataError:
        return DataError(
            f"{self.name}: the {quantity} of frame {self.frame} (line {self.line + 1}) stands under '{now}', that of "
            f"the frames before under '{before}'; give them one name."
        )


def _times(values: np.ndarray, key: Key | None) -> np.ndarray:
    return values if key is None or key.factor == 1 else values * key.factor


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
