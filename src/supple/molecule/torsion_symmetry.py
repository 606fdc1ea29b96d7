"""What the symmetries of a molecule do to its torsions: which of them they exchange, and whether they invert their signs.

A reflection inverts every torsion, and renaming atoms exchanges torsions. A molecule that is its own mirror image has a symmetry
that does both: it takes +60° to -60° at the same bond, or at an equivalent one. In a chiral molecule +60° and -60° differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.symmetry.automorphisms import HandedGraph, symmetry_group
from supple.molecule.symmetry.permutation_algebra import Permutation
from supple.molecule.torsions import Torsion, folded

#: Frames from which bonds and handedness are found.
_SAMPLE = 200


@dataclass(frozen=True)
class TorsionSymmetry:
    """A symmetry as it acts on torsions: torsion t of the image is `sign` times torsion `sources[t]` of the geometry."""

    sources: tuple[int, ...]
    sign: int

    def applied(self, angles: Float[np.ndarray, "M T"], torsions: Sequence[Torsion]) -> Float[np.ndarray, "M T"]:
        """The torsions of the images of frames, degrees."""
        periods = np.array([torsion.period for torsion in torsions])
        return folded(self.sign * angles[:, list(self.sources)], periods)

    def mirrors(self, t: int) -> bool:
        """Whether it inverts the sign of a torsion and leaves it at its bond."""
        return self.sign < 0 and self.sources[t] == t


def torsion_symmetries(
    numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], torsions: Sequence[Torsion]
) -> list[TorsionSymmetry]:
    """All that the symmetries of a molecule do to its torsions, nothing first.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3); bonds and handedness are judged over a sample of them.
        torsions: of the molecule, as `rotatable_torsions` gives them.
    """
    sample = positions[np.unique(np.linspace(0, len(positions) - 1, _SAMPLE).astype(int))]
    graph = HandedGraph.of(numbers, sample)
    nothing = TorsionSymmetry(tuple(range(len(torsions))), 1)
    steps = [] if graph.handedness else [TorsionSymmetry(nothing.sources, -1)]
    for p in symmetry_group(graph).generators:
        sources = _sources(p, torsions, graph)
        if sources is not None:
            steps += [TorsionSymmetry(sources, sign) for sign in graph.signs(p)]
    found, fresh = [nothing], [nothing]
    while fresh:
        one = fresh.pop()
        for step in steps:
            both = TorsionSymmetry(tuple(one.sources[s] for s in step.sources), one.sign * step.sign)
            if both not in found:
                found.append(both)
                fresh.append(both)
    return found


def mirrored_torsions(symmetries: Sequence[TorsionSymmetry], n_torsions: int) -> list[bool]:
    """For each torsion whether angles of either sign are equivalent."""
    return [any(symmetry.mirrors(t) for symmetry in symmetries) for t in range(n_torsions)]


def _sources(p: Permutation, torsions: Sequence[Torsion], graph: HandedGraph) -> tuple[int, ...] | None:
    """The torsion to which a permutation takes each; None where ends are measured to substituents that do not correspond."""
    place = {frozenset(torsion.bond): t for t, torsion in enumerate(torsions)}
    sources = []
    for torsion in torsions:
        t = place[frozenset(p[i] for i in torsion.bond)]
        there = dict(zip(torsions[t].bond, torsions[t].ends, strict=True))
        for middle, end in zip(torsion.bond, torsion.ends, strict=True):
            if {graph.colours[p[i]] for i in end} != {graph.colours[i] for i in there[p[middle]]}:
                return None
        sources.append(t)
    return tuple(sources)
