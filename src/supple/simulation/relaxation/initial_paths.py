"""First guesses of the path between two conformers. The one whose highest image is lowest is taken.

Image-dependent pair potentials (Smidstrup et al., J. Chem. Phys. 140, 214106, 2014, doi 10.1063/1.4878664) keep atoms apart, but
know nothing of torsions: between conformers that differ by half a turn they may draw atoms through the axis. The other guesses
turn the torsions evenly, all the shorter way, or the one that turns most the longer way.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import minimize_rotation_and_translation
from jaxtyping import Float

from supple.geometry.coordinates import Coordinate
from supple.geometry.neb import band_of
from supple.models.potential import Potential
from supple.molecule.torsions import folded, rotatable_torsions

#: Degrees; a torsion that differs by less is left to the interpolation of positions.
_TURNED = 15.0
#: Degrees; from here on the longer way round is not much longer.
_HALF = 120.0


def first_guess(potential: Potential, first: Atoms, last: Atoms, images: int) -> list[Float[np.ndarray, "N 3"]]:
    """Positions of all images, Å, the ends included; the last is moved and turned onto the first."""
    turns = torsion_turns(first, last)
    guesses = [_by_pair_distances(first, last, images)]
    if turns:
        guesses.append(_by_torsions(first, last, images, turns))
        most, angle = max(turns, key=lambda turn: abs(turn[1]))
        if abs(angle) > _HALF:
            longer = [(c, a - np.copysign(360, a) if c is most else a) for c, a in turns]
            guesses.append(_by_torsions(first, last, images, longer))
    highest = [float(potential.predict(np.array(guess))[0].max()) for guess in guesses]
    return guesses[int(np.argmin(highest))]


def torsion_turns(first: Atoms, last: Atoms) -> list[tuple[Coordinate, float]]:
    """The torsions that differ between two geometries, and by how many degrees, the shorter way."""
    both = np.array([first.positions, last.positions])
    found = []
    for torsion in rotatable_torsions(first.numbers, both):
        coordinate = Coordinate.of(first, "-".join(str(a + 1) for a in torsion.atoms))
        angle = float(folded(np.array(coordinate.value(last) - coordinate.value(first))))
        if abs(angle) > _TURNED:
            found.append((coordinate, angle))
    return found


def _by_pair_distances(first: Atoms, last: Atoms, images: int) -> list[Float[np.ndarray, "N 3"]]:
    band = band_of([first.copy(), *(first.copy() for _ in range(images - 2)), last.copy()])
    band.interpolate("idpp")
    return [image.positions for image in band.images]


def _by_torsions(
    first: Atoms, last: Atoms, images: int, turns: list[tuple[Coordinate, float]]
) -> list[Float[np.ndarray, "N 3"]]:
    """Each image between both ends turned to it, which then differ by little more than bonds and angles."""
    made: list[Float[np.ndarray, "N 3"]] = []
    for part in np.linspace(0, 1, images):
        ahead, behind = first.copy(), last.copy()
        for coordinate, angle in turns:
            ahead = coordinate.turned(ahead, part * angle, coordinate.normal(ahead))
            behind = coordinate.turned(behind, -(1 - part) * angle, coordinate.normal(behind))
        minimize_rotation_and_translation(ahead, behind)
        between = Atoms(first.numbers, (1 - part) * ahead.positions + part * behind.positions)
        if made:
            minimize_rotation_and_translation(Atoms(first.numbers, made[-1]), between)
        made.append(between.positions)
    return made
