"""Conformers and the barriers between them: relaxed geometries, and relaxed scans of all torsions from each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int

from supple.errors import SettingsError
from supple.geometry.calculators import describe_error, single_point
from supple.geometry.coordinates import Coordinate
from supple.geometry.minimisation import minimise
from supple.geometry.normal_modes import normal_modes, wavenumbers
from supple.geometry.scans import ScanPoint, scan
from supple.methods.label_store import geometry_key
from supple.methods.level import Level, one_thread
from supple.molecule.bonds import frequent_bonds
from supple.molecule.symmetry.permutations import find_permutations
from supple.molecule.torsions import Torsion, rotatable_torsions
from supple.runtime.progress import Progress
from supple.sampling.exploration.kept_results import KeptResults

#: Degrees between the points of a scan.
_STEP = 30.0
#: eV/Å and steps of a relaxation.
_FMAX, _STEPS = 0.01, 300
#: Å; geometries are displaced by so much before, since a symmetric one would be relaxed to a saddle point.
_NUDGE = 0.03
#: cm⁻¹; a relaxed geometry with a lower wavenumber is a saddle point, from which other relaxations start so far aside, Å.
_IMAGINARY, _ASIDE = -20.0, 0.3
#: Two minima are one if all distances between atoms agree within this, Å, with equivalent atoms exchanged.
_SAME = 0.15
#: More conformers than this are not scanned.
_MOST = 40


@dataclass(frozen=True, eq=False)
class Minimum:
    """A conformer: positions in Å, shape (N, 3), and energy in eV."""

    positions: Float[np.ndarray, "N 3"]
    energy: float


@dataclass(frozen=True, eq=False)
class Point:
    """A point of a scan: positions in Å, shape (N, 3), energy in eV, its origin, and the angle in degrees."""

    positions: Float[np.ndarray, "N 3"]
    energy: float
    origin: str
    value: float


@dataclass(eq=False)
class Found:
    """What has been found.

    Attributes:
        conformers: within reach, the lowest first.
        points: of scans, within reach.
        notes: what was left out.
        failures: of relaxations and scans.
    """

    conformers: list[Minimum] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def find_conformers(
    starts: Sequence[Atoms],
    drive: Level,
    reach: float,
    barriers: float,
    kept: KeptResults,
    progress: Progress,
) -> Found:
    """Conformers and scans.

    Args:
        starts: geometries to relax; the first has the bonds of the molecule.
        drive: the method.
        reach, barriers: how far above the lowest conformer other conformers and points of scans may be, eV.
        kept: the results so far.
        progress: receives steps.
    """
    search = _Search(starts[0], drive, kept, progress)
    search.relax({f"start {k}": atoms.positions for k, atoms in enumerate(starts)})
    scanned = 0
    while True:
        # in the order in which they were found, so that names stay what they were
        todo = [k for k in search.within(reach) if k not in search.scans][: max(_MOST - scanned, 0)]
        if not todo:
            break
        scanned += len(todo)
        search.scan(todo, barriers)
    return search.result(reach, barriers)


@dataclass(eq=False)
class _Search:
    """Minima in the order in which they were found, saddle points to which geometries were relaxed, and the scans from each minimum."""

    molecule: Atoms
    drive: Level
    kept: KeptResults
    progress: Progress
    minima: list[Minimum] = field(default_factory=list)
    saddles: list[Minimum] = field(default_factory=list)
    scans: dict[int, list[Point]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers, positions = self.molecule.numbers, self.molecule.positions[None]
        self.bonds = frequent_bonds(numbers, positions)
        self.permutations = find_permutations(numbers, positions)
        self.torsions = rotatable_torsions(numbers, positions)

    def relax(self, starts: dict[str, Float[np.ndarray, "N 3"]]) -> None:
        """Add the minima of these geometries that are new and have the bonds of the molecule."""
        relaxed = self._results(_relaxed, starts, "relaxations")
        new: list[Minimum] = []
        for result in relaxed.values():
            minimum = Minimum(np.array(result["positions"]), float(result["energy"]))
            bonds = frequent_bonds(self.molecule.numbers, minimum.positions[None])
            known = [*self.minima, *self.saddles, *new]
            if np.array_equal(bonds, self.bonds) and not any(self._same(minimum, other) for other in known):
                new.append(minimum)
        named = {f"check of {geometry_key(one.positions)}": one for one in new}
        checked = self._results(_checked, {name: one.positions for name, one in named.items()}, "normal modes")
        downhill: dict[str, Float[np.ndarray, "N 3"]] = {}
        for name, result in checked.items():
            one = named[name]
            if not result["downhill"]:
                self.minima.append(one)
                continue
            self.saddles.append(one)
            key = geometry_key(one.positions)
            downhill |= {f"downhill {k} from {key}": np.array(r) for k, r in enumerate(result["downhill"])}
        if downhill:
            self.relax(downhill)

    def _results(
        self, work: Callable[[Level, Atoms], dict[str, Any]], items: dict[str, Any], what: str
    ) -> dict[str, dict[str, Any]]:
        """The results of those that did not fail."""
        each = partial(_each, work, self.drive, self.molecule.numbers)
        made = self.kept.of(each, items, what, self.progress)
        self.failures.extend(result["failure"] for result in made.values() if result.get("failure"))
        return {name: result for name, result in made.items() if not result.get("failure")}

    def scan(self, conformers: Sequence[int], barriers: float) -> None:
        """Scan all torsions from these minima, and relax the minima of the scans."""
        lowest = min(minimum.energy for minimum in self.minima)
        items = {
            f"scan of {torsion.label} from minimum {k} to {barriers:.6f}": (
                self.minima[k].positions,
                torsion,
                lowest + barriers,
            )
            for k in conformers
            for torsion in self.torsions
        }
        work = partial(_scanned, self.drive, self.molecule.numbers)
        self.scans.update({k: [] for k in conformers})
        further: dict[str, Float[np.ndarray, "N 3"]] = {}
        names = [(k, torsion) for k in conformers for torsion in self.torsions]
        for (k, torsion), result in zip(
            names, self.kept.of(work, items, "scans of torsions", self.progress).values(), strict=True
        ):
            if result["failure"]:
                self.failures.append(result["failure"])
            for direction, points in zip("+-", result["directions"], strict=False):
                made = [Point(np.array(r), float(e), torsion.label, float(value)) for value, r, e in points]
                self.scans[k].extend(made)
                for place in _minima([self.minima[k].energy, *(point.energy for point in made)]):
                    further[f"minimum {place} of {torsion.label} {direction} from {k}"] = made[place - 1].positions
        self.relax(further)

    def within(self, reach: float) -> list[int]:
        """The minima within reach of the lowest."""
        lowest = min((minimum.energy for minimum in self.minima), default=0.0)
        return [k for k, minimum in enumerate(self.minima) if minimum.energy <= lowest + reach]

    def result(self, reach: float, barriers: float) -> Found:
        """Conformers and points within reach, the lowest conformer first."""
        within = sorted(self.within(reach), key=lambda k: self.minima[k].energy)
        if not within:
            return Found(failures=self.failures)
        lowest = self.minima[within[0]].energy
        found = Found([self.minima[k] for k in within], failures=self.failures)
        for place, k in enumerate(within, start=1):
            found.points.extend(
                Point(point.positions, point.energy, f"scan of {point.origin} from conformer {place}", point.value)
                for point in self.scans.get(k, [])
                if point.energy <= lowest + barriers
            )
        if left := [k for k in within if k not in self.scans]:
            found.notes.append(
                f"{len(left)} of {len(within)} conformers were not scanned: {_MOST} are, those found first."
            )
        return found

    def _same(self, one: Minimum, other: Minimum) -> bool:
        a, b = (Atoms(self.molecule.numbers, m.positions).get_all_distances() for m in (one, other))
        return any(np.abs(a[np.ix_(p, p)] - b).max() < _SAME for p in self.permutations)


def _minima(energies: Sequence[float]) -> Iterator[int]:
    """The places of points that are lower than both of their neighbours; the first is the start."""
    for k in range(1, len(energies) - 1):
        if energies[k] < energies[k - 1] and energies[k] <= energies[k + 1]:
            yield k


def _each(
    work: Callable[[Level, Atoms], dict[str, Any]],
    drive: Level,
    numbers: Int[np.ndarray, "N"],
    some: Sequence[Float[np.ndarray, "N 3"]],
) -> list[dict[str, Any]]:
    """The result of each geometry, or why it failed."""
    results: list[dict[str, Any]] = []
    for positions in some:
        try:
            with one_thread():
                results.append(work(drive, Atoms(numbers, positions)))
        except Exception as error:  # calculators raise anything
            results.append({"failure": describe_error(error)})
    return results


def _relaxed(drive: Level, atoms: Atoms) -> dict[str, Any]:
    """The nearest minimum, and its energy."""
    atoms.positions += _NUDGE * np.random.default_rng(0).standard_normal(atoms.positions.shape)
    relaxed, _ = minimise(atoms, drive.calculator, _FMAX, _STEPS)
    return {"positions": relaxed.positions.tolist(), "energy": _energy(drive, relaxed)}


def _checked(drive: Level, atoms: Atoms) -> dict[str, Any]:
    """Of a minimum nothing; of a saddle point, geometries on both sides."""
    frequencies, modes = normal_modes(atoms, drive.calculator)
    if wavenumbers(frequencies)[0] >= _IMAGINARY:
        return {"downhill": []}
    along = modes[0] * (_ASIDE / np.linalg.norm(modes[0], axis=1).max())
    return {"downhill": [(atoms.positions + along).tolist(), (atoms.positions - along).tolist()]}


def _scanned(
    drive: Level, numbers: Int[np.ndarray, "N"], some: Sequence[tuple[Float[np.ndarray, "N 3"], Torsion, float]]
) -> list[dict[str, Any]]:
    return [_scan(drive, Atoms(numbers, positions), torsion, limit) for positions, torsion, limit in some]


def _scan(drive: Level, atoms: Atoms, torsion: Torsion, limit: float) -> dict[str, Any]:
    """A scan in both directions, each as far as the energy is below the limit; once around if it always is."""
    try:
        coordinate = Coordinate.from_atoms(atoms, torsion.atoms)
    except SettingsError as error:  # three of the atoms are in a line
        return {"directions": [], "failure": str(error)}
    start = ScanPoint.start(atoms, coordinate)
    count = round(torsion.period / _STEP)
    directions: list[list[Any]] = []
    failure = None
    for sign in (1, -1):
        points: list[Any] = []
        values = [start.value + sign * _STEP * k for k in range(1, count)]
        if directions and len(directions[0]) == len(values):
            directions.append([])  # it went all the way around
            break
        try:
            with one_thread():
                for point in scan(start, coordinate, values, drive.calculator):
                    if point.failure:
                        failure = point.failure
                        break
                    energy = _energy(drive, point.atoms)
                    points.append([point.value, point.atoms.positions.tolist(), energy])
                    if energy > limit:
                        break
        except Exception as error:  # calculators raise anything
            failure = describe_error(error)
        directions.append(points)
    return {"directions": directions, "failure": failure}


def _energy(drive: Level, atoms: Atoms) -> float:
    point = single_point(atoms, drive.calculator)
    if point.energy is None:
        raise ArithmeticError(point.failure)
    return point.energy
