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

from supple.data.elements import atomic_number, formula
from supple.data.reading import xyz_comment
from supple.data.reading.gather_extras import Extras, with_theory
from supple.data.reading.keys import Key
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import NO_UNITS_STATED, RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.reading.xyz_comment import Layout
from supple.data.units import Units
from supple.errors import DataError


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read all frames.

    Raises:
        DataError: a frame is cut short, not of the molecule of frame 0, not numeric, without labels that others have;
            in lenient reading only when nothing is left.
    """
    with open_binary(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace") as text:  # type: ignore[type-var]
        return _Reading(path.name, request).all_frames(text)


class _SpoiltError(Exception):
    """One frame cannot be used; the name of the damage, and the sentence."""

    def __init__(self, name: str, error: DataError) -> None:
        super().__init__(str(error))
        self.name = name
        self.error = error


class _Reading:
    """One pass over one file."""

    def __init__(self, name: str, request: ReadRequest) -> None:
        self.name = name
        self.keys = request.keys
        self.labels = request.wants_labels
        self.defects = request.defects
        self.line = 0
        self.frame = 0
        self.species: list[str] = []
        self.numbers: list[int] = []
        self.stated: StatedUnits | None = None
        self.extended = False
        self.values = array("d")
        self.energies = array("d")
        self.without_energy: list[int] = []
        self.frames = array("q")
        self.first_lines = array("q")
        self.energy_name: str | None = None
        self.plain: Layout | None = None
        self.extras = Extras()
        self.atom_extras: dict[str, list[str]] = {}
        # comments repeat themselves: what was worked out for one is kept for the next
        self.layouts: dict[str, Layout] = {}
        self.energy_names: dict[tuple[str, ...], str] = {}

    def all_frames(self, text: Iterator[str]) -> RawFrames:
        for head in text:
            self.line += 1
            if not head.strip():
                continue
            try:
                count = self._count(head)
            except DataError as error:
                self.defects.report("line-broken", error, [self.frame])
                if not self._next_count(text):
                    break
                count = len(self.numbers)
            comment = next(text, None)
            rows = list(islice(text, count))
            if comment is None or len(rows) < count:
                self.defects.report("cut-short", self._cut_short(count, len(rows)), [self.frame])
                break
            try:
                self._one_frame(comment.strip(), rows, text)
            except _SpoiltError as spoilt:
                self.defects.report(spoilt.name, spoilt.error, [self.frame])
            self.line += 1 + count
            self.frame += 1
        if not self.frames:
            raise DataError(f"{self.name} holds no frames.")
        self._tell_of_missing_energies()
        return self._raw()

    def _next_count(self, text: Iterator[str]) -> bool:
        """Go on to the next line that is the count of atoms and nothing else; whether there is one."""
        wanted = str(len(self.numbers))
        for line in text:
            self.line += 1
            if line.strip() == wanted and self.numbers:
                self.frame += 1
                return True
        return False

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
        """Take in a frame, or raise before anything of it is kept."""
        info = xyz_comment.pairs(comment) if "=" in comment else {}
        try:
            layout = self._layout(info, rows)
        except DataError as error:
            raise _SpoiltError("missing-forces" if self.frames else "unreadable", error) from error
        tokens = "".join(rows).split()
        width = layout.width
        if len(tokens) != len(rows) * width or tokens[layout.species :: width] != self.species:
            self._look_closely(rows, layout, text)
        wanted = [tokens[column::width] for column in layout.columns]
        try:
            values = array("d", map(float, chain.from_iterable(wanted)))
        except ValueError:
            values = self._slowly(wanted, layout.columns)
        stated = xyz_comment.stated_units(info) if info else NO_UNITS_STATED
        if self.stated is None:
            self.stated = stated
        elif stated is not self.stated and stated != self.stated:
            raise _SpoiltError("mixed-units", DataError(
                f"{self.name}: frame {self.frame} (line {self.line + 1}) states other units than frame 0: "
                "convert them to the same."
            ))  # fmt: skip
        if self.labels:
            found = self._energy(info, comment)
            said = xyz_comment.rest(info, found) if info else {}
            if not info and comment and xyz_comment.number(comment) is None:
                said = {"comment": comment}
            self.extras.add(said)
            for name, (_, first, columns) in layout.others.items():
                kept = self.atom_extras.setdefault(name, [])
                for row in range(len(rows)):
                    kept += tokens[row * width + first : row * width + first + columns]
        self.values.extend(values)
        self.frames.append(self.frame)
        self.first_lines.append(self.line)

    def _layout(self, info: dict[str, str], rows: list[str]) -> Layout:
        """Of this frame; the columns that are used must be those of the frames before."""
        properties = next((value for key, value in info.items() if key.lower() == "properties"), None)
        if properties is None:
            if self.plain is None:
                width = len(rows[0].split())
                self.plain = xyz_comment.plain_layout(width, self.labels, self.name, self.line + 2)
            return self.plain
        self.extended = True
        if properties not in self.layouts:
            layout = xyz_comment.extended_layout(properties, self.keys, self.labels, self.name, self.line + 1)
            known = next(iter(self.layouts.values()), layout)
            if known.forces_name != layout.forces_name:
                renamed = self._renamed("forces", known.forces_name, layout.forces_name)
                self.defects.report("label-renamed", renamed, [self.frame])
            self.layouts[properties] = layout
        return self.layouts[properties]

    def _energy(self, info: dict[str, str], comment: str) -> str | None:
        """Take in the energy; the name that it stands under, None where it is the comment itself or is not there."""
        found: str | None = None
        text: str | None = comment
        where = f"frame {self.frame} (line {self.line + 1})"
        if info or self.keys.energy:
            names = tuple(info)
            found = self.energy_names.get(names)
            if (
                found is None
            ):  # whether a word is a number may differ from frame to frame: what is not found is not kept
                try:
                    found = xyz_comment.energy_name(info, self.keys.energy, self.name, where)
                except DataError as error:
                    raise _SpoiltError("label-renamed" if self.frames else "unreadable", error) from error
                if found is not None:
                    self.energy_names[names] = found
            text = info[found] if found is not None else None
        value = None if text is None else xyz_comment.number(text)
        if value is None and found is not None:
            raise _SpoiltError("not-numeric", DataError(
                f"{self.name}: the energy '{_short(text or '')}' of {where} is not a number; mend it."
            ))  # fmt: skip
        if value is None:
            self.without_energy.append(len(self.frames))
        elif not isfinite(value) and not (isnan(value) and self.keys.energy):
            sentence = f"{self.name}: the energy of {where} is {value}; remove the frame, or repeat the calculation."
            name = "missing-energy" if isnan(value) else "energy-not-finite"
            self.defects.report(name, DataError(sentence), [self.frame])
            value = None
        elif len(self.without_energy) < len(self.energies) and found != self.energy_name:
            before, now = (name or "the comment itself" for name in (self.energy_name, found))
            self.defects.report("label-renamed", self._renamed("energy", before, now), [self.frame])
        if value is not None:
            self.energy_name = found
        self.energies.append(np.nan if value is None else value)
        return found

    def _tell_of_missing_energies(self) -> None:
        """Some frames have an energy, others not; that all have none may be meant."""
        missing = self.without_energy
        if not missing or len(missing) == len(self.energies):
            return
        first = missing[0]
        self.defects.report(
            "missing-energy",
            DataError(
                f"{self.name}: frame {self.frames[first]} (line {self.first_lines[first] + 1}) has no energy in its "
                "comment, but other frames have one: add it, or remove the frames without."
            ),
            [self.frames[m] for m in missing],
        )

    def _look_closely(self, rows: list[str], layout: Layout, text: Iterator[str]) -> None:
        """Line by line: find what is wrong with a frame, or that it merely spells its elements in another way."""
        numbers, species = [], []
        for k, row in enumerate(rows):
            line, parts = self.line + 2 + k, row.split()
            if len(parts) != layout.width:
                last = k == len(rows) - 1 and next(text, None) is None
                if not parts or last:
                    raise _SpoiltError("cut-short", self._cut_short(len(rows), k))
                raise _SpoiltError("line-broken", DataError(
                    f"{self.name}: line {line} (frame {self.frame}) has {len(parts)} columns, "
                    f"but {layout.width} are expected; mend that line."
                ))  # fmt: skip
            z = atomic_number(parts[layout.species])
            if z is None:
                raise _SpoiltError("line-broken", DataError(
                    f"{self.name}: '{_short(parts[layout.species])}' in line {line} (frame {self.frame}) "
                    "is not an element; write its symbol or atomic number."
                ))  # fmt: skip
            numbers.append(z)
            species.append(parts[layout.species])
        if not self.numbers:
            self.numbers = numbers
        elif numbers != self.numbers:
            same = sorted(numbers) == sorted(self.numbers)
            raise _SpoiltError("atom-order" if same else "other-molecule", self._another_molecule(numbers))
        self.species = species

    def _slowly(self, wanted: list[list[str]], columns: tuple[int, ...]) -> array[float]:
        """Numbers as Fortran writes them; what is none is named."""
        values = array("d")
        for tokens, column in zip(wanted, columns, strict=True):
            for atom, token in enumerate(tokens):
                value = xyz_comment.number(token)
                if value is None:
                    raise _SpoiltError("not-numeric", DataError(
                        f"{self.name}: '{_short(token)}' in line {self.line + 2 + atom} (frame {self.frame}), "
                        f"column {column + 1}, is not a number; mend that line."
                    ))  # fmt: skip
                values.append(value)
        return values

    def _raw(self) -> RawFrames:
        table = np.frombuffer(self.values).reshape(len(self.frames), -1, len(self.numbers))
        good = self._finite(table)
        keep = slice(None) if good.all() else good
        vectors = table.transpose(0, 2, 1)[keep]
        known = self.labels and len(self.without_energy) < len(self.energies)
        extras, about = with_theory(self.extras.arrays() | self._atom_extras())
        return RawFrames(
            numbers=np.array(self.numbers, dtype=np.int64),
            positions=_times(vectors[:, :, :3], self.keys.positions),
            energies=_times(np.frombuffer(self.energies)[keep], self.keys.energy) if known else None,
            forces=_times(vectors[:, :, 3:], self.keys.forces) if self.labels else None,
            stated=self.stated or NO_UNITS_STATED,
            convention=Units() if self.extended else None,
            frames=np.frombuffer(self.frames, dtype=np.int64)[keep],
            extras={name: values[keep] for name, values in extras.items()},
            about=about,
        )

    def _atom_extras(self) -> dict[str, np.ndarray]:
        """Further columns, where every frame has them: numbers or text, shape (M, N) or (M, N, k)."""
        arrays = {}
        for name, tokens in self.atom_extras.items():
            width, rest = divmod(len(tokens), len(self.frames) * len(self.numbers))
            if rest or not width:
                continue
            try:
                values = np.array(tokens, dtype=np.float64)
            except ValueError:
                values = np.array(tokens, dtype=str)
            shape = (len(self.frames), len(self.numbers), width)
            arrays[name] = values.reshape(shape)[:, :, 0] if width == 1 else values.reshape(shape)
        return arrays

    def _finite(self, table: np.ndarray) -> np.ndarray:
        """Which frames have finite positions and forces; of the others is told."""
        good = np.asarray(np.isfinite(table).all(axis=(1, 2)))
        if not good.all():
            m, column, atom = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
            error = DataError(
                f"{self.name}: the {'position' if column < 3 else 'force'} of atom {atom + 1} in frame "
                f"{self.frames[m]} (line {self.first_lines[m] + 2 + atom}) is NaN or infinite; remove the frame, "
                "or repeat the calculation."
            )
            self.defects.report("not-finite", error, [self.frames[k] for k in np.flatnonzero(~good)])
        return good

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
