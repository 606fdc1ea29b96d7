"""A profile beside that of a reference: how far apart their energies, minima and barriers are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supple.geometry.profile import Profile
from supple.molecule.torsions import folded

#: Degrees; minima or barriers that are further apart do not correspond.
_NEAR = 45.0


@dataclass(frozen=True)
class StationaryPoint:
    """A minimum or a barrier of a profile, of its reference, or of both.

    Attributes:
        kind: `minimum` or `barrier`.
        at, energy: of the profile, degrees and kcal/mol; None where it has no such point.
        reference_at, reference_energy: of the reference.
    """

    kind: str
    at: float | None = None
    energy: float | None = None
    reference_at: float | None = None
    reference_energy: float | None = None

    @property
    def difference(self) -> float | None:
        """By how much the profile is higher, kcal/mol; None where one of them has no such point."""
        if self.energy is None or self.reference_energy is None:
            return None
        return self.energy - self.reference_energy


@dataclass(frozen=True, eq=False)
class ProfileComparison:
    """A profile of a full turn and its reference, at the same angles, each relative to its own lowest energy."""

    own: Profile
    reference: Profile

    @property
    def mean_difference(self) -> float:
        """The mean absolute difference of the energies, kcal/mol."""
        return float(np.abs(self.own.energies - self.reference.energies)[:-1].mean())

    @property
    def largest_difference(self) -> tuple[float, float]:
        """The difference of the energies where it is largest, kcal/mol, and the angle."""
        off = self.own.energies - self.reference.energies
        k = int(np.abs(off).argmax())
        return float(off[k]), float(self.own.coordinate[k])

    @property
    def stationary_points(self) -> list[StationaryPoint]:
        """Minima and barriers in the order of the angle; those at -180 and 180° are one."""
        left = _points(self.reference)
        found = []
        for kind, at, energy in _points(self.own):
            others = [point for point in left if point[0] == kind and _apart(point[1], at) <= _NEAR]
            nearest = min(others, key=lambda point: _apart(point[1], at), default=None)
            if nearest is None:
                found.append(StationaryPoint(kind, at, energy))
            else:
                left.remove(nearest)
                found.append(StationaryPoint(kind, at, energy, nearest[1], nearest[2]))
        found += [StationaryPoint(kind, None, None, at, energy) for kind, at, energy in left]
        return sorted(found, key=_place)

    def sentence(self, name: str) -> str:
        """How far the profile is from its reference, of this name."""
        off, at = self.largest_difference
        return (
            f"The energies differ from those of {name} by {self.mean_difference:.2f} kcal/mol on average, and by "
            f"{signed(off)} kcal/mol at most, at {at:.0f}°."
        )


def signed(value: float, digits: int = 2) -> str:
    """A difference with its sign, and a zero without one."""
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"


def _points(profile: Profile) -> list[tuple[str, float, float]]:
    found = {
        (kind, round(float(folded(profile.coordinate[[k]])[0]), 6) + 0.0): float(
            profile.energies[k]
        )  # no minus before a zero
        for kind, k in profile.stationary_points
    }
    return [(kind, at, energy) for (kind, at), energy in found.items()]


def _apart(one: float, other: float) -> float:
    return abs(float(folded(np.array(one - other))))


def _place(point: StationaryPoint) -> float:
    return point.at if point.at is not None else point.reference_at or 0.0
