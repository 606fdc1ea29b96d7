"""Dataset: the frames of one molecule. Readers and samplers produce it; training, checks and evaluation take it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from supple.data.elements import hill_formula, not_elements
from supple.data.finite import not_finite
from supple.data.splits import Split
from supple.data.units import INTERNAL, Units
from supple.errors import DataError
from supple.runtime.html_table import html_table


@dataclass(frozen=True)
class Source:
    """Where a dataset comes from.

    Attributes:
        name: of the file.
        units: of the file.
        about: data that apply to all frames of the file, as text by name; the level of theory under `theory`, the total
            charge and the spin multiplicity under `charge` and `multiplicity`.
        notes: sentences about what was left out on request when the file was read.
        units_known: whether the file is the output of a program, whose units are not in doubt.
        folder: that the file is in; None for data that were not read from a file of the user's.
    """

    name: str = "unnamed"
    units: Units = INTERNAL
    about: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    units_known: bool = False
    folder: Path | None = None

    @property
    def theory(self) -> str | None:
        """The level of theory, if the file states it."""
        return self.about.get("theory")

    @property
    def level(self) -> str | None:
        """The level of theory with charge and multiplicity, as far as the file states them for all frames."""
        state = (f"{name} {self.about[name]}" for name in ("charge", "multiplicity") if name in self.about)
        return ", ".join([*([self.theory] if self.theory else []), *state]) or None


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Frames of one molecule in one atom order. Always eV, Å, eV/Å and float64; immutable.

    Attributes:
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3).
        energies: eV, shape (M,); NaN for frames of unknown energy.
        forces: eV/Å, shape (M, N, 3); None for geometries without labels.
        source: the file and its units.
        frames: index of each frame in that file, counted from 0, shape (M,).
        extras: all other data of each frame in the file, by name, in the file's own units; the first axis of
            each array has length M. Models do not use them; they are kept, and written again.
    """

    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "M N 3"]
    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"] | None
    source: Source = field(default_factory=Source)
    frames: Int[np.ndarray, "M"] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    extras: Mapping[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        numbers: ArrayLike,
        positions: ArrayLike,
        energies: ArrayLike | None = None,
        forces: ArrayLike | None = None,
        units: Units | str = INTERNAL,
        name: str = "unnamed",
        *,
        frames: ArrayLike | None = None,
        extras: Mapping[str, np.ndarray] | None = None,
        about: Mapping[str, str] | None = None,
    ) -> Dataset:
        """A dataset from arrays in any units.

        Args:
            numbers: atomic numbers, shape (N,).
            positions: shape (M, N, 3).
            energies: shape (M,), NaN where unknown; None if all are unknown.
            forces: minus the gradients of the energies, shape (M, N, 3).
            units: of these arrays, as `Units.parse` takes them.
            name: of the file, for messages.
            frames, extras: as the attributes.
            about: as `Source.about`.

        Raises:
            DataError: shapes do not match, an atom is not an element, or a position, force or energy is not finite.
            UnitsError: a unit is unknown.
        """
        units = Units.parse(units)
        z = np.array(numbers, dtype=np.int64)  # copied: it is made read-only below
        require_elements(z, name)
        r = np.array(positions, dtype=np.float64) * units.length_in_angstrom
        if r.ndim != 3 or r.shape[1:] != (len(z), 3):
            raise DataError(f"{name}: positions have shape {r.shape}, but {len(z)} atoms need (frames, {len(z)}, 3).")
        e = np.full(len(r), np.nan) if energies is None else np.array(energies, dtype=np.float64) * units.energy_in_ev
        f = None if forces is None else np.array(forces, dtype=np.float64) * units.forces_in_ev_per_angstrom
        if e.shape != (len(r),):
            raise DataError(f"{name}: energies have shape {e.shape}, but there are {len(r)} frames.")
        if f is not None and f.shape != r.shape:
            raise DataError(f"{name}: forces have shape {f.shape} and positions {r.shape}; they must be the same.")
        for vectors, what in ((r, "position"), (f, "force")):
            if vectors is not None and not np.isfinite(vectors).all():
                raise not_finite(vectors, what, name)
        if np.isinf(e).any():
            raise DataError(
                f"{name}: the energy of frame {int(np.flatnonzero(np.isinf(e))[0])} is infinite; remove the frame, or "
                "repeat the calculation."
            )
        kept = np.arange(len(r)) if frames is None else np.array(frames, dtype=np.int64)
        more = {key: np.array(values) for key, values in (extras or {}).items()}
        for key, values in more.items():
            if values.ndim == 0 or len(values) != len(r):
                raise DataError(f"{name}: '{key}' has shape {values.shape}, but there are {len(r)} frames.")
        z, r, e, kept, *_ = _frozen(z, r, e, kept, *more.values())
        source = Source(name, units, dict(about or {}))
        return cls(z, r, e, None if f is None else _frozen(f)[0], source, kept, more)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def n_atoms(self) -> int:
        """The number of atoms, N."""
        return len(self.numbers)

    @property
    def symbols(self) -> list[str]:
        """Element symbols in atom order."""
        return [chemical_symbols[z] for z in self.numbers]

    @property
    def formula(self) -> str:
        """The molecular formula in Hill order."""
        return hill_formula(self.numbers)

    @property
    def has_energies(self) -> bool:
        """Whether any frame has an energy."""
        return bool(np.isfinite(self.energies).any())

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of numbers, positions, energies and forces; equal data have equal fingerprints."""
        digest = hashlib.sha256()
        for array in (self.numbers, self.positions, self.energies, self.forces):
            digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    @cached_property
    def frame_hashes(self) -> list[str]:
        """A short hash of each geometry, rounded to 1e-4 Å, by which a frame is recognised in another file."""
        rounded = np.round(self.positions * 1e4).astype(np.int64)
        return [hashlib.blake2b(frame.tobytes(), digest_size=6).hexdigest() for frame in rounded]

    @cached_property
    def duplicates(self) -> tuple[int, ...]:
        """The indices of frames whose geometry, rounded to 1e-4 Å, is that of an earlier frame."""
        first: dict[str, int] = {}
        return tuple(i for i, frame in enumerate(self.frame_hashes) if first.setdefault(frame, i) != i)

    def select(self, indices: Sequence[int] | Int[np.ndarray, "K"] | Bool[np.ndarray, "M"]) -> Dataset:
        """The frames with these indices, in this order; or the frames that a mask over all frames selects."""
        given = np.asarray(indices)
        i = np.flatnonzero(given) if given.dtype == bool else given.astype(np.int64)
        r, e, frames = _frozen(self.positions[i], self.energies[i], self.frames[i])
        f = None if self.forces is None else _frozen(self.forces[i])[0]
        more = {key: _frozen(values[i])[0] for key, values in self.extras.items()}
        return replace(self, positions=r, energies=e, forces=f, frames=frames, extras=more)

    def apply(self, split: Split) -> tuple[Dataset, Dataset, Dataset]:
        """The training, validation and test frames of a split."""
        return self.select(split.train), self.select(split.valid), self.select(split.test)

    def split(
        self,
        train: int,
        valid: int,
        test: int | None = None,
        seed: int = 0,
        *,
        select: str = "random",
        blocks: int | None = None,
    ) -> tuple[Dataset, Dataset, Dataset]:
        """Draw nested, disjoint training, validation and test frames; see `supple.data.selection.split_dataset`.

        Args:
            train, valid: number of frames.
            test: number of frames; if None, all that remain, which are a fair test of random selections only.
            seed: of everything that is drawn.
            select: how training frames are chosen: random, energy, farthest, balanced, or a name that a plugin adds.
            blocks: for a trajectory, into how many blocks of time the frames are divided; test and validation frames are
                then taken from whole blocks.

        Raises:
            SplitError: there are fewer frames than these.
            SettingsError: there is no such selection.
            DataError: the frames lack what the selection needs.
        """
        from supple.data.selection import split_dataset

        return self.apply(split_dataset(self, train, valid, test, seed, select=select, blocks=blocks))

    @property
    def _labels(self) -> str:
        n_energies = int(np.isfinite(self.energies).sum())
        energies = f"{n_energies} energies" if n_energies else "no energies"
        return f"{energies}, {'forces' if self.forces is not None else 'no forces'}"

    def __repr__(self) -> str:
        return f"Dataset({self.source.name}: {self.formula}, {len(self)} frames, {self._labels})"

    def _repr_html_(self) -> str:
        rows = [
            ("molecule", f"{self.formula}, {self.n_atoms} atoms"),
            ("frames", str(len(self))),
            ("labels", self._labels),
            ("units of the file", str(self.source.units)),
        ]
        if self.source.theory is not None:
            rows.append(("level of theory", self.source.theory))
        return html_table(f"Dataset {self.source.name}", rows)


def require_elements(numbers: Int[np.ndarray, "N"], name: str) -> None:
    """Refuse numbers that are not atomic numbers.

    Raises:
        DataError: a number is not an atomic number.
    """
    bad = not_elements(numbers)
    if len(bad):
        raise DataError(f"{name}: {numbers[bad[0]]}, of atom {bad[0] + 1}, is not an atomic number: correct it.")


def _frozen(*arrays: np.ndarray) -> list[np.ndarray]:
    for array in arrays:
        array.setflags(write=False)
    return list(arrays)
