"""Geometries that are none: atoms inside each other, a molecule in pieces, atoms that changed places."""

from __future__ import annotations

import networkx as nx
import numpy as np

from supple.checks.context import CheckContext
from supple.checks.findings import Finding, listed
from supple.data.units import LENGTH

#: In units of the sum of covalent radii: nearer than the first atoms collide, beyond the second a bond is broken,
#: nearer than the third it is formed.
_COLLIDED, _BROKEN, _FORMED = 0.55, 1.7, 1.25
#: Frames in pieces that are more than this part of all are meant to be.
_MANY = 0.2
#: Frames that are tried for a change of places.
_TRIED = 50


def collisions(context: CheckContext) -> list[Finding]:
    """`collision`: two atoms nearer than atoms can be."""
    nearest = context.contacts.min(axis=1, initial=np.inf)
    close = nearest < _COLLIDED
    if not close.any() or _wrong_length(context, close):
        return []
    named = context.frames(close)
    worst = int(nearest.argmin())
    return [
        Finding(
            "collision",
            "serious",
            f"atoms collide in {listed(named)}: {_pair(context, worst, int(context.contacts[worst].argmin()))} in frame "
            f"{int(context.dataset.frames[worst])}",
            "remove these frames",
            named,
        )
    ]


def other_lengths(context: CheckContext) -> list[Finding]:
    """`mixed-lengths`: all bonds of some frames are as many times too long or too short."""
    odd = (context.contacts.min(axis=1, initial=np.inf) < _COLLIDED) | _in_pieces(context)
    times = _wrong_length(context, odd)
    if times is None:
        return []
    named = context.frames(odd)
    declared = context.dataset.source.units.length_in_angstrom
    unit = next((u for u, length in LENGTH.items() if abs(np.log(times * length / declared)) < np.log(1.08)), None)
    return [
        Finding(
            "mixed-lengths",
            "serious",
            f"all bonds of {listed(named)} are {times:.2g} times as long as those of the other frames"
            + (f": they look like {unit}" if unit else ""),
            "convert all frames to the same units",
            named,
        )
    ]


def broken(context: CheckContext) -> list[Finding]:
    """`broken-molecule`: the molecule of the other frames lies in pieces."""
    pieces = _in_pieces(context)
    if not pieces.any() or _wrong_length(context, pieces):
        return []
    pieces = pieces & ~_changed_places(context)
    if not pieces.any():
        return []
    named = context.frames(pieces)
    m = int(np.flatnonzero(pieces)[0])
    stretched = np.flatnonzero(context.usual_bonds)
    longest = int(stretched[context.contacts[m, stretched].argmax()])
    meant = pieces.mean() > _MANY
    return [
        Finding(
            "broken-molecule",
            "warning" if meant else "serious",
            f"the molecule lies in pieces in {listed(named)}: {_pair(context, m, longest)} in frame "
            f"{int(context.dataset.frames[m])}",
            "leave it so if it is meant to dissociate" if meant else "remove these frames",
            named,
        )
    ]


def changed_places(context: CheckContext) -> list[Finding]:
    """`atom-order`: equal atoms have changed places in some frames; `bonds-change`: a reaction, by its bonds."""
    found = []
    swapped = _changed_places(context)
    if swapped.any():
        named = context.frames(swapped)
        found.append(
            Finding(
                "atom-order",
                "serious",
                f"equal atoms have changed places in {listed(named)}: the bonds there are those of the molecule with "
                "its atoms in another order",
                "bring the atoms of all frames into one order",
                named,
            )
        )
    other = ((context.contacts > _BROKEN) & context.usual_bonds).any(axis=1)
    other &= ((context.contacts < _FORMED) & ~context.usual_bonds).any(axis=1) & ~swapped & ~_in_pieces(context)
    if other.any():
        named = context.frames(other)
        found.append(
            Finding(
                "bonds-change",
                "note",
                f"{len(named)} of {len(context.dataset)} frames have other bonds than most: {listed(named)}",
                "nothing is wrong if a reaction, a proton transfer say, is meant",
                named,
            )
        )
    return found


def _in_pieces(context: CheckContext) -> np.ndarray:
    """Frames in which the molecule has more pieces than usual."""
    usual = _n_pieces(context, context.usual_bonds)
    suspects = ((context.contacts > _BROKEN) & context.usual_bonds).any(axis=1)
    out = np.zeros(len(context.dataset), dtype=bool)
    for m in np.flatnonzero(suspects):
        out[m] = _n_pieces(context, context.contacts[m] < _BROKEN) > usual
    return out


def _n_pieces(context: CheckContext, joined: np.ndarray) -> int:
    return int(nx.number_connected_components(context.graph_of(joined)))


def _changed_places(context: CheckContext) -> np.ndarray:
    """Frames whose bonds are those of the molecule with its atoms renamed.

    One proton that hops breaks a bond and forms another; atoms that change places break two and form two at least.
    """
    lost = ((context.contacts > _BROKEN) & context.usual_bonds).sum(axis=1)
    gained = (context.bonded & ~context.usual_bonds).sum(axis=1)
    out = np.zeros(len(context.dataset), dtype=bool)
    usual = context.graph
    known: dict[bytes, bool] = {}
    for m in np.flatnonzero((lost >= 2) & (gained >= 2)):
        key = context.bonded[m].tobytes()
        if key not in known and len(known) < _TRIED:
            known[key] = nx.is_isomorphic(usual, context.graph_of(context.bonded[m]), node_match=_same_element)
        out[m] = known.get(key, False)
    return out


def _same_element(a: dict[str, int], b: dict[str, int]) -> bool:
    return a["z"] == b["z"]


def _wrong_length(context: CheckContext, odd: np.ndarray) -> float | None:
    """How many times too long all bonds of the odd frames are; None when it is not the same for all."""
    bonds = context.usual_bonds
    if odd.all() or not odd.any() or bonds.sum() < 2:
        return None
    usual = np.median(context.distances[~odd][:, bonds], axis=0)
    ratio = np.log(np.median(context.distances[odd][:, bonds], axis=0) / usual)
    return float(np.exp(ratio.mean())) if abs(ratio.mean()) > np.log(1.3) and ratio.std() < 0.1 else None


def _pair(context: CheckContext, m: int, pair: int) -> str:
    i, j = context.pairs
    first, second = sorted((int(i[pair]), int(j[pair])))
    symbols = context.dataset.symbols
    return f"{symbols[first]}{first + 1} and {symbols[second]}{second + 1} are {context.distances[m, pair]:.2f} Å apart"
