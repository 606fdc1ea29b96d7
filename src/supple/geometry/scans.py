"""A scan: a torsion or an angle changed step by step, rigidly or with everything else relaxed at each value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Float

from supple.geometry.calculators import CalculatorFactory, describe_error
from supple.geometry.coordinates import Coordinate
from supple.geometry.minimisation import minimise_constrained


@dataclass(frozen=True, eq=False)
class ScanPoint:
    """One point of a scan, and all that is needed to resume after it.

    Attributes:
        index: of the point; -1 for the geometry that the scan starts from.
        value: of the coordinate, degrees; beyond 180 where the turn continues past it.
        atoms: the geometry.
        axis: unit vector that the next step turns about, shape (3,).
        remark: a warning to the user, for instance that it did not converge.
        failure: why the scan stopped here; None where it did not.
    """

    index: int
    value: float
    atoms: Atoms
    axis: Float[np.ndarray, "3"]
    remark: str | None = None
    failure: str | None = None

    @classmethod
    def start(cls, atoms: Atoms, coordinate: Coordinate) -> ScanPoint:
        """The geometry that a scan starts from."""
        return cls(-1, coordinate.value(atoms), atoms, coordinate.axis(atoms))


def scan(
    previous: ScanPoint, coordinate: Coordinate, values: Sequence[float], calculator: CalculatorFactory | None
) -> Iterator[ScanPoint]:
    """The points that follow a given one, each turned from the one before.

    Args:
        previous: the start, or any point of an earlier scan of these values, to resume after it.
        coordinate: what is scanned.
        values: degrees, all of the scan.
        calculator: relaxes everything else at each point; None for a rigid scan.

    Yields:
        The points; the last has a `failure` where its relaxation failed.
    """
    for index in range(previous.index + 1, len(values)):
        value = float(values[index])
        atoms, remark = coordinate.turned(previous.atoms, value - previous.value, previous.axis), None
        if calculator is not None:
            try:
                atoms, remark = minimise_constrained(atoms, coordinate, calculator)
            except Exception as error:  # calculators raise anything
                failure = f"the scan stopped: {describe_error(error)}"
                yield ScanPoint(index, value, atoms, previous.axis, failure=failure)
                return
        previous = ScanPoint(index, value, atoms, coordinate.axis(atoms, previous.axis), remark)
        yield previous
