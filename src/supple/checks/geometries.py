"""Geometries that are impossible: atoms inside each other, a molecule in pieces, atoms that changed places."""

from __future__ import annotations

import networkx as nx
import numpy as np
from jaxtyping import Bool

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding, frame_list
from supple.data.units import LENGTH

#: In units of the sum of covalent radii: nearer than the first atoms collide, beyond the second a bond is broken.
_COLLIDED, _BROKEN = 0.55, 1.7
#: If more than this part of the frames is in pieces, it is taken to be intended.
_MANY = 0.2
#: Different bond graphs that are compared with that of the molecule.
_COMPARED = 50


def _collisions(context: CheckContext) -> list[Finding]:
    """`collision`: two atoms nearer than atoms can be."""
    nearest = context.relative_distances.min(axis=1, initial=np.inf)
    close = nearest < _COLLIDED
    if not close.any() or _length_ratio(context, close):
        return []
    named = context.frame_numbers(close)
    worst = int(nearest.argmin())
    pair = int(context.relative_distances[worst].argmin())
    return [
        Finding(
            "collision",
            "serious",
            f"atoms collide in {frame_list(named)}: {_distance(context, worst, pair, named)}",
            _remove(named),
            named,
        )
    ]


def _mixed_lengths(context: CheckContext) -> list[Finding]:
    """`mixed-lengths`: all bonds of some frames are too long or too short by the same factor."""
    odd = (context.relative_distances.min(axis=1, initial=np.inf) < _COLLIDED) | _in_pieces(context)
    times = _length_ratio(context, odd)
    if times is None:
        return []
    named = context.frame_numbers(odd)
    declared = context.dataset.source.units.length_in_angstrom
    unit = next((u for u, length in LENGTH.items() if abs(np.log(times * length / declared)) < np.log(1.08)), None)
    return [
        Finding(
            "mixed-lengths",
            "serious",
            f"all bonds of {frame_list(named)} are {times:.2g} times as long as in the other frames"
            + (f" (the positions look like {unit})" if unit else ""),
            "convert all frames to the same units",
            named,
        )
    ]


def _broken(context: CheckContext) -> list[Finding]:
    """`broken-molecule`: the molecule of the other frames is in pieces."""
    pieces = _in_pieces(context)
    if not pieces.any() or _length_ratio(context, pieces):
        return []
    pieces = pieces & ~_reordered(context)
    if not pieces.any():
        return []
    named = context.frame_numbers(pieces)
    m = int(np.flatnonzero(pieces)[0])
    bonds = np.flatnonzero(context.molecule_bonds)
    longest = int(bonds[context.relative_distances[m, bonds].argmax()])
    intended = pieces.mean() > _MANY
    return [
        Finding(
            "broken-molecule",
            "warning" if intended else "serious",
            f"the molecule is in pieces in {frame_list(named)}: {_distance(context, m, longest, named)}",
            "nothing needs to be done if dissociation is intended" if intended else _remove(named),
            named,
        )
    ]


def _atom_order(context: CheckContext) -> list[Finding]:
    """`atom-order`: atoms of one element have changed places in some frames; `bonds-change`: the bonds differ, as after a reaction."""
    found = []
    reordered = _reordered(context)
    if reordered.any():
        named = context.frame_numbers(reordered)
        found.append(
            Finding(
                "atom-order",
                "serious",
                f"atoms of the same element have changed places in {frame_list(named)}: the bonds there are those of the "
                "molecule with its atoms in another order",
                "bring the atoms of all frames into one order",
                named,
            )
        )
    other = ((context.relative_distances > _BROKEN) & context.molecule_bonds).any(axis=1)
    other &= (context.bonded & ~context.molecule_bonds).any(axis=1) & ~reordered & ~_in_pieces(context)
    if other.any():
        named = context.frame_numbers(other)
        found.append(
            Finding(
                "bonds-change",
                "note",
                f"{len(named)} of {len(context.dataset)} frames {'has' if len(named) == 1 else 'have'} other bonds than "
                f"most: {frame_list(named)}",
                "nothing needs to be done if a reaction, such as a proton transfer, is intended",
                named,
            )
        )
    return found


COLLISION = Check(("collision",), _collisions)
MIXED_LENGTHS = Check(("mixed-lengths",), _mixed_lengths)
BROKEN_MOLECULE = Check(("broken-molecule",), _broken)
ATOM_ORDER = Check(("atom-order", "bonds-change"), _atom_order)


def _in_pieces(context: CheckContext) -> Bool[np.ndarray, "M"]:
    """Frames in which the molecule has more pieces than usual."""
    usual = _n_pieces(context, context.molecule_bonds)
    suspects = ((context.relative_distances > _BROKEN) & context.molecule_bonds).any(axis=1)
    out = np.zeros(len(context.dataset), dtype=bool)
    for m in np.flatnonzero(suspects):
        out[m] = _n_pieces(context, context.relative_distances[m] < _BROKEN) > usual
    return out


def _n_pieces(context: CheckContext, joined: Bool[np.ndarray, "D"]) -> int:
    return int(nx.number_connected_components(context.graph_of(joined)))


def _reordered(context: CheckContext) -> Bool[np.ndarray, "M"]:
    """Frames whose bonds are those of the molecule with its atoms in another order.

    One proton that hops breaks a bond and forms another; atoms that change places break two and form two at least.
    """
    lost = ((context.relative_distances > _BROKEN) & context.molecule_bonds).sum(axis=1)
    gained = (context.bonded & ~context.molecule_bonds).sum(axis=1)
    out = np.zeros(len(context.dataset), dtype=bool)
    usual = context.graph
    same: dict[bytes, bool] = {}
    for m in np.flatnonzero((lost >= 2) & (gained >= 2)):
        key = context.bonded[m].tobytes()
        if key not in same and len(same) < _COMPARED:
            same[key] = nx.is_isomorphic(usual, context.graph_of(context.bonded[m]), node_match=_same_element)
        out[m] = same.get(key, False)
    return out


def _same_element(a: dict[str, int], b: dict[str, int]) -> bool:
    return a["z"] == b["z"]


def _length_ratio(context: CheckContext, odd: Bool[np.ndarray, "M"]) -> float | None:
    """How many times too long all bonds of the odd frames are; None when it is not the same for all."""
    bonds = context.molecule_bonds
    if odd.all() or not odd.any() or bonds.sum() < 2:
        return None
    usual = np.median(context.distances[~odd][:, bonds], axis=0)
    ratio = np.log(np.median(context.distances[odd][:, bonds], axis=0) / usual)
    return float(np.exp(ratio.mean())) if abs(ratio.mean()) > np.log(1.3) and ratio.std() < 0.1 else None


def _distance(context: CheckContext, m: int, pair: int, frames: tuple[int, ...]) -> str:
    """`C1 and H3 are 0.26 Å apart`, and in which frame, where there are several."""
    i, j = context.pairs
    first, second = sorted((int(i[pair]), int(j[pair])))
    symbols = context.dataset.symbols
    where = f" in frame {int(context.dataset.frames[m])}" if len(frames) > 1 else ""
    atoms = f"{symbols[first]}{first + 1} and {symbols[second]}{second + 1}"
    return f"{atoms} are {context.distances[m, pair]:.2f} Å apart{where}"


def _remove(frames: tuple[int, ...]) -> str:
    return "remove this frame" if len(frames) == 1 else "remove these frames"
