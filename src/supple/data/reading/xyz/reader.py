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
from supple.data.reading.labels.infer_keys import Labels
from supple.data.reading.labels.label_candidates import UnclearLabelsError
from supple.data.reading.open_file import open_binary
from supple.data.reading.periodic_boxes import box_of_comment
from supple.data.reading.raw_frames import NO_UNITS_STATED, RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.data.reading.text_numbers import parse_count, parse_number
from supple.data.reading.xyz.atom_lines import read_numbers, read_species
from supple.data.reading.xyz.columns import Columns, Declaration, extended_columns, plain_columns
from supple.data.reading.xyz.comment import key_value_pairs, other_pairs, stated_units
from supple.data.reading.xyz.energies import EnergyGatherer
from supple.data.reading.xyz.errors import FrameError, Location
from supple.data.reading.xyz.labels import LabelFinder
from supple.data.units import Units
from supple.errors import DataError
from supple.molecule.boxes import Boxes


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
        self.vectors = array("d")
        self.n_vectors = 0
        self.energies = EnergyGatherer(request)
        self.frames = array("q")
        self.first_lines = array("q")
        self.boxes: list[tuple[tuple[float, ...], tuple[bool, ...]]] = []
        self.extras = ExtrasGatherer()
        self.atom_extras: dict[str, list[str]] = {}
        self.labels = LabelFinder(request)
        self.forces_name: str | None = None
        # comments are much alike: what was found in one is kept for the next
        self.plain: Declaration | None = None
        self.extended: dict[str, Declaration] = {}
        self.columns: dict[tuple[Declaration, str | None], Columns] = {}

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
        self.energies.report_doubtful(self.name)
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
        count = parse_count(head.strip())
        if not count:
            raise self.location.not_a_count(head.strip())
        return count

    def _read_frame(self, comment: str, rows: list[str], text: Iterator[str]) -> None:
        """Add a frame, or raise FrameError before anything of it is added."""
        try:
            pairs = key_value_pairs(comment, self.location) if "=" in comment else {}
            labels, columns = self._labels_and_columns(pairs, rows)
        except UnclearLabelsError as error:
            raise FrameError("labels-unclear", error) from error
        except DataError as error:
            raise FrameError("missing-forces" if self.frames else "unreadable", error) from error
        if self.frames and len(columns.vectors) != self.n_vectors:
            raise self.location.forces_in_some_frames()
        joined = "".join(rows)
        tokens = joined.split()
        width = columns.width
        if len(tokens) != len(rows) * width or tokens[columns.species :: width] != self.species:
            self._check_species(rows, columns, text)
        wanted = [tokens[column::width] for column in columns.vectors]
        try:
            # float takes 1_2.5 and digits of other scripts for numbers
            if not joined.isascii() or ("_" in joined and any("_" in token for token in chain.from_iterable(wanted))):
                raise ValueError
            vectors = array("d", map(float, chain.from_iterable(wanted)))
        except ValueError:
            vectors = read_numbers(wanted, columns, self.location)
        stated = stated_units(pairs) if pairs else NO_UNITS_STATED
        if self.stated is None:
            self.stated = stated
        elif stated is not self.stated and stated != self.stated:
            raise self.location.other_units()
        box = self._box_of(pairs)
        if self.request.wants_labels:
            self._add_labels(pairs, comment, labels)
            for name, (_, count, first) in columns.others.items():
                kept = self.atom_extras.setdefault(name, [])
                for row in range(len(rows)):
                    kept += tokens[row * width + first : row * width + first + count]
        self.boxes.append(box)
        self.vectors.extend(vectors)
        self.n_vectors = len(columns.vectors)
        self.frames.append(self.location.frame)
        self.first_lines.append(self.location.line)

    def _labels_and_columns(self, pairs: dict[str, str], rows: list[str]) -> tuple[Labels, Columns]:
        """The names of the labels of a frame, and its columns.

        Raises:
            DataError: the columns are malformed, or lack forces although they are required; or it is unclear which names are the
                labels.
        """
        declaration = self._declaration(pairs, rows)
        labels = self.labels.find(pairs, declaration, self.location)
        forces = None if labels.forces is None else labels.forces.name
        if self.forces_name is not None and forces not in (None, self.forces_name):
            renamed = self.location.renamed("forces", self.forces_name, forces)
            self.request.defects.report("label-renamed", renamed, [self.location.frame])
        self.forces_name = self.forces_name or forces
        if (declaration, forces) not in self.columns:
            self.columns[declaration, forces] = declaration.columns(forces, with_others=self.request.wants_labels)
        return labels, self.columns[declaration, forces]

    def _declaration(self, pairs: dict[str, str], rows: list[str]) -> Declaration:
        properties = next((value for key, value in pairs.items() if key.lower() == "properties"), None)
        if properties is None:
            if self.plain is None:
                self.plain = plain_columns(len(rows[0].split()), self.name, self.location.line + 2)
            return self.plain
        if properties not in self.extended:
            line = self.location.line + 1
            self.extended[properties] = extended_columns(properties, self.request.keys, self.name, line)
        return self.extended[properties]

    def _box_of(self, pairs: dict[str, str]) -> tuple[tuple[float, ...], tuple[bool, ...]]:
        """The box of a frame: nine numbers, and three flags."""
        stated = {key.lower(): value for key, value in pairs.items() if key.lower() in ("lattice", "pbc")}
        try:
            return box_of_comment(stated.get("lattice"), stated.get("pbc"))
        except DataError as error:
            where = f"{self.name}: in {self.location.comment}, {error}; correct it, or remove it."
            raise FrameError("box", DataError(where)) from error

    def _check_species(self, rows: list[str], columns: Columns, text: Iterator[str]) -> None:
        """Find what is wrong with the lines, or that the elements are merely spelled in another way."""
        species, numbers = read_species(rows, columns, self.location, text)
        if not self.numbers:
            self.numbers = numbers
        elif numbers != self.numbers:
            raise self.location.other_molecule(numbers, self.numbers)
        self.species = species

    def _add_labels(self, pairs: dict[str, str], comment: str, labels: Labels) -> None:
        self.energies.add(pairs, comment, labels, self.location)
        if pairs:
            self.extras.add(other_pairs(pairs, labels.energy))
        else:
            self.extras.add({"comment": comment} if comment and parse_number(comment) is None else {})

    def _raw_frames(self) -> RawFrames:
        table = np.frombuffer(self.vectors).reshape(len(self.frames), -1, len(self.numbers))
        finite = self._finite(table)
        keep = slice(None) if finite.all() else finite
        vectors = table.transpose(0, 2, 1)[keep]
        extras = self.energies.separated(self.extras.arrays()) | self._atom_extras()
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
            boxes=self._boxes(keys.positions).select(keep),
        )

    def _boxes(self, positions: Key | None) -> Boxes:
        vectors, periodic = zip(*self.boxes, strict=True)
        boxes = Boxes.of(np.array(vectors), np.array(periodic))
        return boxes if positions is None else boxes.scaled(positions.factor)

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
