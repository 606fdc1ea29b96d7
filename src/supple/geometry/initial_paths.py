"""Candidates for the initial path between two conformers.

Image-dependent pair potentials keep atoms apart but ignore torsions: between conformers that differ by half a turn, atoms
may pass through the axis. The other candidates turn the torsions evenly, all the shorter way, or the largest the longer way.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import minimize_rotation_and_translation
from jaxtyping import Float

from supple.geometry.coordinates import Coordinate
from supple.geometry.neb import interpolate_idpp
from supple.molecule.torsions import folded, rotatable_torsions

#: Degrees; torsions that differ by less are left to the interpolation of positions.
_TURNED = 15.0
#: Degrees; from here on the longer way round is not much longer.
_HALF = 120.0


def initial_paths(first: Atoms, last: Atoms, images: int) -> list[Float[np.ndarray, "K N 3"]]:
    """Candidate paths: positions of all images in Å, the ends included, the last superimposed on the first."""
    turns = torsion_changes(first, last)
    candidates = [np.array([image.positions for image in interpolate_idpp(first, last, images).images])]
    if turns:
        candidates.append(_by_torsions(first, last, images, turns))
        largest, angle = max(turns, key=lambda turn: abs(turn[1]))
        if abs(angle) > _HALF:
            longer = [(c, a - np.copysign(360, a) if c is largest else a) for c, a in turns]
            candidates.append(_by_torsions(first, last, images, longer))
    return candidates


def torsion_changes(first: Atoms, last: Atoms) -> list[tuple[Coordinate, float]]:
    """The torsions that differ between two geometries, and by how many degrees, the shorter way."""
    both = np.array([first.positions, last.positions])
    found = []
    for torsion in rotatable_torsions(first.numbers, both):
        coordinate = Coordinate.from_atoms(first, torsion.atoms)
        angle = float(folded(np.array(coordinate.value(last) - coordinate.value(first))))
        if abs(angle) > _TURNED:
            found.append((coordinate, angle))
    return found


def _by_torsions(
    first: Atoms, last: Atoms, images: int, turns: list[tuple[Coordinate, float]]
) -> Float[np.ndarray, "K N 3"]:
    """Both ends turned to each image's torsions, where they differ by little more than bonds and angles, and averaged."""
    made: list[Float[np.ndarray, "N 3"]] = []
    for fraction in np.linspace(0, 1, images):
        ahead, behind = first.copy(), last.copy()
        for coordinate, angle in turns:
            ahead = coordinate.turned(ahead, fraction * angle, coordinate.axis(ahead))
            behind = coordinate.turned(behind, -(1 - fraction) * angle, coordinate.axis(behind))
        minimize_rotation_and_translation(ahead, behind)
        between = Atoms(first.numbers, (1 - fraction) * ahead.positions + fraction * behind.positions)
        if made:
            minimize_rotation_and_translation(Atoms(first.numbers, made[-1]), between)
        made.append(between.positions)
    return np.array(made)
