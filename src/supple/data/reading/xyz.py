"""Files of xyz frames, plain and extended, read frame by frame.

Plain: a count, a comment that is the energy alone, then lines of symbol, position and force. Extended: the comment holds
key=value pairs, and `Properties=` declares the columns.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from supple.data.reading.gather_extras import ExtrasGatherer
from supple.data.reading.keys import Key
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import NO_UNITS_STATED, RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.reading.xyz_atom_lines import read_numbers, read_species
from supple.data.reading.xyz_columns import Columns, extended_columns, plain_columns
from supple.data.reading.xyz_comment import key_value_pairs, other_pairs, parse_number, stated_units
from supple.data.reading.xyz_energies import EnergyGatherer
from supple.data.reading.xyz_errors import FrameError, Location
from supple.data.units import Units
from supple.errors import DataError


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read all frames.

    Raises:
        DataError: a frame is cut short, not numeric, of another molecule than frame 0, or lacks labels that other frames
            have; in lenient reading only if no frame is left.
    """
    with open_binary(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace") as text:  # type: ignore[type-var]
        return _XyzReader(path.name, request).read(text)


class _XyzReader:
    """Reads one file from beginning to end; every defect is reported to `request.defects`."""

    def __init__(self, name: str, request: ReadRequest) -> None:
        self.name = name
        self.request = request
        self.location = Location(name)
        self.species: list[str] = []
        self.numbers: list[int] = []
        self.stated: StatedUnits | None = None
        self.extended = False
        self.vectors = array("d")
        self.n_vectors = 0
        self.energies = EnergyGatherer(request)
        self.frames = array("q")
        self.first_lines = array("q")
        self.extras = ExtrasGatherer()
        self.atom_extras: dict[str, list[str]] = {}
        # comments are much alike: what was inferred from one is kept for the next
        self.plain: Columns | None = None
        self.columns: dict[str, Columns] = {}

    def read(self, text: Iterator[str]) -> RawFrames:
        location, defects = self.location, self.request.defects
        for head in text:
            location.line += 1
            if not head.strip():
                continue
            try:
                n_atoms = self._count(head)
            except DataError as error:
                defects.report("line-broken", error, [location.frame])
                if not self._skip_to_next_count(text):
                    break
                n_atoms = len(self.numbers)
            comment = next(text, None)
            rows = list(islice(text, n_atoms))
            if comment is None or len(rows) < n_atoms:
                defects.report("cut-short", location.cut_short(n_atoms, len(rows)), [location.frame])
                break
            try:
                self._read_frame(comment.strip(), rows, text)
            except FrameError as defect:
                defects.report(defect.kind, defect.error, [location.frame])
            location.line += 1 + n_atoms
            location.frame += 1
        if not self.frames:
            raise DataError(f"{self.name} contains no frames.")
        self.energies.report_missing(self.name)
        return self._raw_frames()

    def _skip_to_next_count(self, text: Iterator[str]) -> bool:
        """Skip to the next line that holds the number of atoms and nothing else; whether there is one."""
        wanted = str(len(self.numbers))
        for line in text:
            self.location.line += 1
            if line.strip() == wanted and self.numbers:
                self.location.frame += 1
                return True
        return False

    def _count(self, head: str) -> int:
        count = head.strip()
        if not count.isdecimal() or len(count) > 9 or not int(count):
            raise self.location.not_a_count(count)
        return int(count)

    def _read_frame(self, comment: str, rows: list[str], text: Iterator[str]) -> None:
        """Add a frame, or raise FrameError before anything of it is added."""
        pairs = key_value_pairs(comment) if "=" in comment else {}
        try:
            columns = self._columns_of(pairs, rows)
        except DataError as error:
            raise FrameError("missing-forces" if self.frames else "unreadable", error) from error
        if self.frames and len(columns.vectors) != self.n_vectors:
            raise self.location.forces_in_some_frames()
        tokens = "".join(rows).split()
        width = columns.width
        if len(tokens) != len(rows) * width or tokens[columns.species :: width] != self.species:
            self._check_species(rows, columns, text)
        wanted = [tokens[column::width] for column in columns.vectors]
        try:
            vectors = array("d", map(float, chain.from_iterable(wanted)))
        except ValueError:
            vectors = read_numbers(wanted, columns, self.location)
        stated = stated_units(pairs) if pairs else NO_UNITS_STATED
        if self.stated is None:
            self.stated = stated
        elif stated is not self.stated and stated != self.stated:
            raise self.location.other_units()
        if self.request.wants_labels:
            self._add_labels(pairs, comment)
            for name, (_, count, first) in columns.others.items():
                kept = self.atom_extras.setdefault(name, [])
                for row in range(len(rows)):
                    kept += tokens[row * width + first : row * width + first + count]
        self.vectors.extend(vectors)
        self.n_vectors = len(columns.vectors)
        self.frames.append(self.location.frame)
        self.first_lines.append(self.location.line)

    def _columns_of(self, pairs: dict[str, str], rows: list[str]) -> Columns:
        """The columns of a frame.

        Raises:
            DataError: they are malformed, or lack forces although they are required.
        """
        properties = next((value for key, value in pairs.items() if key.lower() == "properties"), None)
        if properties is None:
            if self.plain is None:
                self.plain = plain_columns(len(rows[0].split()), self.request, self.name, self.location.line + 2)
            return self.plain
        self.extended = True
        if properties not in self.columns:
            columns = extended_columns(properties, self.request, self.name, self.location.line + 1)
            known = next(iter(self.columns.values()), columns)
            if known.forces_name != columns.forces_name:
                renamed = self.location.renamed("forces", known.forces_name, columns.forces_name)
                self.request.defects.report("label-renamed", renamed, [self.location.frame])
            self.columns[properties] = columns
        return self.columns[properties]

    def _check_species(self, rows: list[str], columns: Columns, text: Iterator[str]) -> None:
        """Find what is wrong with the lines, or that the elements are merely spelled in another way."""
        species, numbers = read_species(rows, columns, self.location, text)
        if not self.numbers:
            self.numbers = numbers
        elif numbers != self.numbers:
            raise self.location.other_molecule(numbers, self.numbers)
        self.species = species

    def _add_labels(self, pairs: dict[str, str], comment: str) -> None:
        energy_key = self.energies.add(pairs, comment, self.location)
        if pairs:
            self.extras.add(other_pairs(pairs, energy_key))
        else:
            self.extras.add({"comment": comment} if comment and parse_number(comment) is None else {})

    def _raw_frames(self) -> RawFrames:
        table = np.frombuffer(self.vectors).reshape(len(self.frames), -1, len(self.numbers))
        finite = self._finite(table)
        keep = slice(None) if finite.all() else finite
        vectors = table.transpose(0, 2, 1)[keep]
        extras = self.extras.arrays() | self._atom_extras()
        keys = self.request.keys
        return RawFrames(
            numbers=np.array(self.numbers, dtype=np.int64),
            positions=_scaled(vectors[:, :, :3], keys.positions),
            energies=_scaled(np.frombuffer(self.energies.values)[keep], keys.energy) if self.energies.has_any else None,
            forces=_scaled(vectors[:, :, 3:], keys.forces) if vectors.shape[2] > 3 else None,
            stated=self.stated or NO_UNITS_STATED,
            convention=Units() if self.extended else None,
            frames=np.frombuffer(self.frames, dtype=np.int64)[keep],
            extras={name: values[keep] for name, values in extras.items()},
        )

    def _atom_extras(self) -> dict[str, np.ndarray]:
        """The other columns that every frame has: numbers or text, shape (M, N) or (M, N, k)."""
        arrays = {}
        for name, tokens in self.atom_extras.items():
            width, remainder = divmod(len(tokens), len(self.frames) * len(self.numbers))
            if remainder or not width:
                continue
            try:
                values = np.array(tokens, dtype=np.float64)
            except ValueError:
                values = np.array(tokens, dtype=str)
            values = values.reshape(len(self.frames), len(self.numbers), width)
            arrays[name] = values[:, :, 0] if width == 1 else values
        return arrays

    def _finite(self, table: Float[np.ndarray, "M columns N"]) -> Bool[np.ndarray, "M"]:
        """Which frames have finite positions and forces; the others are reported."""
        finite = np.asarray(np.isfinite(table).all(axis=(1, 2)))
        if not finite.all():
            m, column, atom = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
            error = DataError(
                f"{self.name}: the {'position' if column < 3 else 'force'} of atom {atom + 1} in frame "
                f"{self.frames[m]} (line {self.first_lines[m] + 2 + atom}) is NaN or infinite; remove the frame, "
                "or repeat the calculation."
            )
            self.request.defects.report("not-finite", error, [self.frames[k] for k in np.flatnonzero(~finite)])
        return finite


def _scaled(values: np.ndarray, key: Key | None) -> np.ndarray:
    return values if key is None or key.factor == 1 else values * key.factor
