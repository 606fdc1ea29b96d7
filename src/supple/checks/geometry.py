"""Geometries that are none: atoms inside each other, a molecule in pieces, atoms that changed places."""

from __future__ import annotations

import networkx as nx
import numpy as np

from supple.checks.findings import Finding, listed
from supple.checks.subject import Subject
from supple.units import LENGTH

#: In units of the sum of covalent radii: nearer than the first atoms collide, beyond the second a bond is broken,
#: nearer than the third it is formed.
_COLLIDED, _BROKEN, _FORMED = 0.55, 1.7, 1.25
#: Frames in pieces that are more than this part of all are meant to be.
_MANY = 0.2
#: Frames that are tried for a change of places.
_TRIED = 50


def collisions(subject: Subject) -> list[Finding]:
    """`collision`: two atoms nearer than atoms can be."""
    nearest = subject.contacts.min(axis=1, initial=np.inf)
    close = nearest < _COLLIDED
    if not close.any() or _wrong_length(subject, close):
        return []
    named = subject.frames(close)
    worst = int(nearest.argmin())
    return [
        Finding(
            "collision",
            "serious",
            f"atoms collide in {listed(named)}: {_pair(subject, worst, int(subject.contacts[worst].argmin()))} in frame "
            f"{int(subject.dataset.frames[worst])}",
            "remove these frames",
            named,
        )
    ]


def other_lengths(subject: Subject) -> list[Finding]:
    """`mixed-lengths`: all bonds of some frames are as many times too long or too short."""
    odd = (subject.contacts.min(axis=1, initial=np.inf) < _COLLIDED) | _in_pieces(subject)
    times = _wrong_length(subject, odd)
    if times is None:
        return []
    named = subject.frames(odd)
    declared = subject.dataset.source.units.length_in_angstrom
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


def broken(subject: Subject) -> list[Finding]:
    """`broken-molecule`: the molecule of the other frames lies in pieces."""
    pieces = _in_pieces(subject)
    if not pieces.any() or _wrong_length(subject, pieces):
        return []
    pieces = pieces & ~_changed_places(subject)
    if not pieces.any():
        return []
    named = subject.frames(pieces)
    m = int(np.flatnonzero(pieces)[0])
    stretched = np.flatnonzero(subject.usual_bonds)
    longest = int(stretched[subject.contacts[m, stretched].argmax()])
    meant = pieces.mean() > _MANY
    return [
        Finding(
            "broken-molecule",
            "warning" if meant else "serious",
            f"the molecule lies in pieces in {listed(named)}: {_pair(subject, m, longest)} in frame "
            f"{int(subject.dataset.frames[m])}",
            "leave it so if it is meant to dissociate" if meant else "remove these frames",
            named,
        )
    ]


def changed_places(subject: Subject) -> list[Finding]:
    """`atom-order`: equal atoms have changed places in some frames; `bonds-change`: a reaction, by its bonds."""
    found = []
    swapped = _changed_places(subject)
    if swapped.any():
        named = subject.frames(swapped)
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
    other = ((subject.contacts > _BROKEN) & subject.usual_bonds).any(axis=1)
    other &= ((subject.contacts < _FORMED) & ~subject.usual_bonds).any(axis=1) & ~swapped & ~_in_pieces(subject)
    if other.any():
        named = subject.frames(other)
        found.append(
            Finding(
                "bonds-change",
                "note",
                f"{len(named)} of {len(subject.dataset)} frames have other bonds than most: {listed(named)}",
                "nothing is wrong if a reaction, a proton transfer say, is meant",
                named,
            )
        )
    return found


def _in_pieces(subject: Subject) -> np.ndarray:
    """Frames in which the molecule has more pieces than usual."""
    usual = _n_pieces(subject, subject.usual_bonds)
    suspects = ((subject.contacts > _BROKEN) & subject.usual_bonds).any(axis=1)
    out = np.zeros(len(subject.dataset), dtype=bool)
    for m in np.flatnonzero(suspects):
        out[m] = _n_pieces(subject, subject.contacts[m] < _BROKEN) > usual
    return out


def _n_pieces(subject: Subject, joined: np.ndarray) -> int:
    return int(nx.number_connected_components(subject.graph_of(joined)))


def _changed_places(subject: Subject) -> np.ndarray:
    """Frames whose bonds are those of the molecule with its atoms renamed.

    One proton that hops breaks a bond and forms another; atoms that change places break two and form two at least.
    """
    lost = ((subject.contacts > _BROKEN) & subject.usual_bonds).sum(axis=1)
    gained = (subject.bonded & ~subject.usual_bonds).sum(axis=1)
    out = np.zeros(len(subject.dataset), dtype=bool)
    usual = subject.graph
    known: dict[bytes, bool] = {}
    for m in np.flatnonzero((lost >= 2) & (gained >= 2)):
        key = subject.bonded[m].tobytes()
        if key not in known and len(known) < _TRIED:
            known[key] = nx.is_isomorphic(usual, subject.graph_of(subject.bonded[m]), node_match=_same_element)
        out[m] = known.get(key, False)
    return out


def _same_element(a: dict[str, int], b: dict[str, int]) -> bool:
    return a["z"] == b["z"]


def _wrong_length(subject: Subject, odd: np.ndarray) -> float | None:
    """How many times too long all bonds of the odd frames are; None when it is not the same for all."""
    bonds = subject.usual_bonds
    if odd.all() or not odd.any() or bonds.sum() < 2:
        return None
    usual = np.median(subject.distances[~odd][:, bonds], axis=0)
    ratio = np.log(np.median(subject.distances[odd][:, bonds], axis=0) / usual)
    return float(np.exp(ratio.mean())) if abs(ratio.mean()) > np.log(1.3) and ratio.std() < 0.1 else None


def _pair(subject: Subject, m: int, pair: int) -> str:
    i, j = subject.pairs
    first, second = sorted((int(i[pair]), int(j[pair])))
    symbols = subject.dataset.symbols
    return f"{symbols[first]}{first + 1} and {symbols[second]}{second + 1} are {subject.distances[m, pair]:.2f} Å apart"
