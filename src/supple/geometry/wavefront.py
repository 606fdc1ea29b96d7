"""Wavefront propagation: each point of a relaxed torsion scan relaxed again from others, until no energy falls further.

A scan stays in the valley it starts in, and scans in both directions need not meet in the lowest one. So the lowest geometry of
each point is handed to its neighbours, and wherever that gives a lower energy, to theirs: Qiu et al., J. Chem. Phys. 152, 244116
(2020), doi 10.1063/5.0009232. Beyond that paper, it is handed by symmetry to where its images are, and other rotamers of each
point are tried (`supple.geometry.moves`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int

from supple.data.units import ENERGY
from supple.geometry.calculators import CalculatorFactory, SinglePoint, describe_error, single_point
from supple.geometry.constraints import FixTorsion
from supple.geometry.coordinates import Coordinate
from supple.geometry.minimisation import minimise, minimise_constrained
from supple.geometry.moves import Move
from supple.molecule.bonds import frequent_bonds
from supple.molecule.torsions import folded
from supple.runtime.progress import NO_PROGRESS, Progress

#: eV; an energy that falls by less counts as unchanged ...
_LOWER = 0.1 * ENERGY["kcal/mol"]
#: ... or by less than this, where a symmetry leads to a geometry that is relaxed already.
_LOWER_IMAGE = 0.02 * ENERGY["kcal/mol"]
#: Å and a number; small steps, because scans go astray where groups of atoms meet or an angle straightens.
_MAX_STEP, _STEPS = 0.05, 500
#: Other rotamers are relaxed roughly first, in stages: eV/Å, steps, and how far above the known geometry they may end, eV ...
_STAGES = ((0.5, 30, 6.0 * ENERGY["kcal/mol"]), (0.15, 60, 2.0 * ENERGY["kcal/mol"]))
#: ... and further unless all distances are within this of those of the known geometry, Å.
_SAME = 0.1
#: eV; no rotamer lies so far below another: such a geometry has fallen apart.
_BELOW = 1.0


@dataclass(frozen=True, eq=False)
class Wavefront:
    """The state of a propagation.

    Attributes:
        lowest: the lowest geometry so far at each value, Å, shape (N, 3); None where there is none.
        energies: their energies, eV.
        trials: (point, source, move) still to be tried: the point is relaxed from the source's lowest geometry, as it is
            (move 0) or after a move, counted from 1.
    """

    lowest: list[Float[np.ndarray, "N 3"] | None]
    energies: list[float | None]
    trials: list[tuple[int, int, int]]

    def copy(self) -> Wavefront:
        """A copy that further propagation leaves as it is."""
        return Wavefront(self.lowest.copy(), self.energies.copy(), self.trials.copy())


@dataclass(frozen=True, eq=False)
class WavefrontPoint:
    """A point whose energy fell, or whose calculation failed.

    Attributes:
        value: of the coordinate, degrees.
        atoms: the geometry.
        result: its energy and forces, or why there are none.
        front: the state after it, from which the propagation resumes.
        remark: a warning to the user, for instance that it did not converge.
    """

    value: float
    atoms: Atoms
    result: SinglePoint
    front: Wavefront
    remark: str | None = None


@dataclass(frozen=True, eq=False)
class Propagation:
    """A torsion scan to propagate over.

    Attributes:
        coordinate: the torsion.
        values: degrees, all of the scan.
        numbers: atomic numbers, shape (N,).
        calculator: relaxes geometries.
        energies: the calculator whose energies are compared; the same, or one of a higher level of theory.
        moves: of the molecule, symmetries first.
        lost: points at which a geometry fell apart when it was relaxed; they are found out by `run`.
    """

    coordinate: Coordinate
    values: Sequence[float]
    numbers: Int[np.ndarray, "N"]
    calculator: CalculatorFactory
    energies: CalculatorFactory
    moves: Sequence[Move] = ()
    lost: set[int] = field(default_factory=set)

    def start(self, frames: Iterable[tuple[float, Float[np.ndarray, "N 3"], float]]) -> Wavefront:
        """The state after earlier scans, from their frames: (value in degrees, positions in Å, energy in eV)."""
        front = Wavefront([None] * len(self.values), [None] * len(self.values), [])
        for value, positions, energy in frames:
            k = int(np.abs(np.array(self.values) - value).argmin())
            lowest = front.energies[k]
            if lowest is None or energy < lowest:
                front.lowest[k], front.energies[k] = positions, energy
        for k, lowest_at in enumerate(front.lowest):
            if lowest_at is not None:
                front.trials.extend(self._trials_from(k, lowest_at))
        front.trials.sort(key=lambda trial: trial[0])
        return front

    def run(self, front: Wavefront, progress: Progress = NO_PROGRESS) -> Iterator[WavefrontPoint]:
        """Carry out the trials of a wavefront, and those that follow from them.

        Neighbours and symmetries come before other rotamers, which take longer.

        Args:
            front: where to start or resume; it is not changed.
            progress: receives progress.
        """
        front, done = front.copy(), 0
        while front.trials:
            progress.step("Settling", done, done + len(front.trials))
            done += 1
            trial = min(front.trials, key=lambda trial: trial[2])
            front.trials.remove(trial)
            point = self._tried(front, *trial)
            if point is None:
                continue
            if point.result.energy is not None:
                k = trial[0]
                front.lowest[k], front.energies[k] = point.atoms.positions, point.result.energy
                following = self._trials_from(k, point.atoms.positions)
                front.trials.extend(follow for follow in following if follow not in front.trials)
            yield replace(point, front=front.copy())
        progress.step("Settling", 1, 1)

    def _trials_from(self, k: int, positions: Float[np.ndarray, "N 3"]) -> Iterator[tuple[int, int, int]]:
        """The trials that a new lowest geometry of a point leads to.

        Of two points that are images of each other, other rotamers are tried at one; what is found there is handed on.
        """
        yield from ((i, k, 0) for i in neighbours(self.values, k))
        atoms, first = Atoms(self.numbers, positions), True
        for m, move in enumerate(self.moves, start=1):
            target = nearest(self.values, self.coordinate.value(move(atoms))) if move.same_energy else k
            if target is None or not (move.same_energy or first):
                continue
            first = first and target >= k
            yield target, k, m

    def _tried(self, front: Wavefront, k: int, source: int, m: int) -> WavefrontPoint | None:
        """The point after a trial; None where its energy does not fall."""
        positions, before, lowest = front.lowest[source], front.energies[source], front.energies[k]
        if positions is None or before is None:
            return None
        atoms, least = Atoms(self.numbers, positions), _LOWER
        if m:
            move = self.moves[m - 1]
            if move.same_energy:
                least = _LOWER_IMAGE
                if lowest is not None and before > lowest - least:
                    return None
            atoms = move(atoms)
            promising = atoms if move.same_energy else self._promising(atoms, k, front)
            if promising is None:
                return None
            atoms = promising
        point = self._relaxed(atoms, self.values[k], front)
        if point.result.failure is None and not self._same_bonds(point.atoms.positions, positions):
            self.lost.add(k)
            return None
        if m and point.result.failure:
            return None  # a rotamer that does not exist is no failure
        energy = point.result.energy
        return None if energy is not None and lowest is not None and energy > lowest - least else point

    def _promising(self, start: Atoms, k: int, front: Wavefront) -> Atoms | None:
        """A rotamer relaxed roughly; None where atoms collide, it falls apart, is known already, or lies far above what is."""
        rough, lowest = self._turned(start, self.values[k]), front.lowest[k]
        known = Atoms(self.numbers, start.positions if lowest is None else lowest)
        if not self._same_bonds(rough.positions, known.positions):
            return None
        before = np.inf if lowest is None else single_point(known, self.calculator).energy
        for fmax, steps, above in _STAGES:
            try:
                fixed = FixTorsion(self.coordinate, self.values[k])
                rough, _ = minimise(rough, self.calculator, fmax, steps, fixed)
            except Exception:  # calculators raise anything; a rotamer that does not exist is no failure
                return None
            after = single_point(rough, self.calculator).energy
            if after is None or before is None:
                return None
            fallen_apart = np.isfinite(before) and after < before - _BELOW
            if fallen_apart or not self._same_bonds(rough.positions, known.positions):
                self.lost.add(k)
                return None
            if after > before + above:
                return None
        same = lowest is not None and np.abs(rough.get_all_distances() - known.get_all_distances()).max() < _SAME
        return None if same else rough

    def _turned(self, source: Atoms, value: float) -> Atoms:
        coordinate = self.coordinate
        return coordinate.turned(source, value - coordinate.value(source), coordinate.axis(source))

    def _relaxed(self, source: Atoms, value: float, front: Wavefront) -> WavefrontPoint:
        coordinate, turned = self.coordinate, self._turned(source, value)
        try:
            relaxed, remark = minimise_constrained(turned, coordinate, self.calculator, _STEPS, _MAX_STEP)
        except Exception as error:  # calculators raise anything
            failed = SinglePoint(None, None, f"the relaxation failed: {describe_error(error)}")
            return WavefrontPoint(value, turned, failed, front)
        result = single_point(relaxed, self.energies)
        return WavefrontPoint(value, relaxed, result, front, None if result.failure else remark)

    def _same_bonds(self, one: Float[np.ndarray, "N 3"], other: Float[np.ndarray, "N 3"]) -> bool:
        return np.array_equal(frequent_bonds(self.numbers, one[None]), frequent_bonds(self.numbers, other[None]))


def nearest(values: Sequence[float], value: float) -> int | None:
    """The point nearest to an angle; None where it is further away than the next point would be."""
    off = np.abs(folded(np.array(values) - value))
    k = int(off.argmin())
    steps = np.abs(np.diff(values))
    return k if off[k] <= steps.max(initial=0.0) / 2 + 1e-6 else None


def neighbours(values: Sequence[float], k: int) -> list[int]:
    """The points next to one; those of a full turn meet at its ends."""
    last = len(values) - 1
    if abs(abs(values[-1] - values[0]) - 360) < 1e-6:
        return [(k - 1) % (last + 1), (k + 1) % (last + 1)]
    return [j for j in (k - 1, k + 1) if 0 <= j <= last]
