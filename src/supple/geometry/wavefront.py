"""Wavefront propagation: each point of a relaxed torsion scan relaxed again from its neighbours, until no energy falls further.

A scan stays in the valley it starts in, and scans in both directions need not meet in the lowest one. So the lowest geometry of
each point is handed to its neighbours, and wherever that gives a lower energy, to theirs: Qiu et al., J. Chem. Phys. 152, 244116
(2020), doi 10.1063/5.0009232.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int

from supple.data.units import ENERGY
from supple.geometry.calculators import CalculatorFactory, SinglePoint, describe_error, single_point
from supple.geometry.coordinates import Coordinate
from supple.geometry.minimisation import minimise_constrained

#: eV; an energy that falls by less counts as unchanged.
_LOWER = 0.1 * ENERGY["kcal/mol"]
#: Å and a number; small steps, because scans go astray where groups of atoms meet or an angle straightens.
_MAX_STEP, _STEPS = 0.05, 500


@dataclass(frozen=True, eq=False)
class Wavefront:
    """The state of a propagation.

    Attributes:
        lowest: the lowest geometry so far at each value, Å, shape (N, 3); None where there is none.
        energies: their energies, eV.
        trials: pairs (point, neighbour) still to be tried: the point is relaxed from its neighbour's lowest geometry.
    """

    lowest: list[Float[np.ndarray, "N 3"] | None]
    energies: list[float | None]
    trials: list[tuple[int, int]]

    @classmethod
    def start(
        cls, values: Sequence[float], frames: Iterable[tuple[float, Float[np.ndarray, "N 3"], float]]
    ) -> Wavefront:
        """From the frames of earlier scans: (value in degrees, positions in Å, energy in eV)."""
        front = cls([None] * len(values), [None] * len(values), [])
        for value, positions, energy in frames:
            k = int(np.abs(np.array(values) - value).argmin())
            lowest = front.energies[k]
            if lowest is None or energy < lowest:
                front.lowest[k], front.energies[k] = positions, energy
        front.trials.extend((k, j) for k in range(len(values)) for j in neighbours(values, k))
        return front

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


def propagate(
    front: Wavefront,
    coordinate: Coordinate,
    values: Sequence[float],
    numbers: Int[np.ndarray, "N"],
    calculator: CalculatorFactory,
    energies: CalculatorFactory,
) -> Iterator[WavefrontPoint]:
    """Carry out the trials of a wavefront, and those that follow from them.

    Args:
        front: where to start or resume; it is not changed.
        coordinate: the torsion.
        values: degrees, all of the scan.
        numbers: atomic numbers, shape (N,).
        calculator: relaxes geometries.
        energies: the calculator whose energies are compared; the same, or one of a higher level of theory.
    """
    front = front.copy()
    while front.trials:
        k, j = front.trials.pop(0)
        source = front.lowest[j]
        if source is None:
            continue
        point = _trial(Atoms(numbers, source), coordinate, values[k], calculator, energies, front)
        energy = point.result.energy
        if energy is not None:
            lowest = front.energies[k]
            if lowest is not None and energy > lowest - _LOWER:
                continue
            front.lowest[k], front.energies[k] = point.atoms.positions, energy
            front.trials.extend((i, k) for i in neighbours(values, k) if (i, k) not in front.trials)
        yield replace(point, front=front.copy())


def _trial(
    source: Atoms,
    coordinate: Coordinate,
    value: float,
    calculator: CalculatorFactory,
    energies: CalculatorFactory,
    front: Wavefront,
) -> WavefrontPoint:
    turned = coordinate.turned(source, value - coordinate.value(source), coordinate.axis(source))
    try:
        relaxed, remark = minimise_constrained(turned, coordinate, calculator, _STEPS, _MAX_STEP)
    except Exception as error:  # calculators raise anything
        failed = SinglePoint(None, None, f"the relaxation failed: {describe_error(error)}")
        return WavefrontPoint(value, turned, failed, front)
    result = single_point(relaxed, energies)
    return WavefrontPoint(value, relaxed, result, front, None if result.failure else remark)


def neighbours(values: Sequence[float], k: int) -> list[int]:
    """The points next to one; those of a full turn meet at its ends."""
    last = len(values) - 1
    if abs(abs(values[-1] - values[0]) - 360) < 1e-6:
        return [(k - 1) % (last + 1), (k + 1) % (last + 1)]
    return [j for j in (k - 1, k + 1) if 0 <= j <= last]
