"""Permutation symmetries in words: `ring C1-C2-C3-C4-C5-C6 flips`, `methyl group of C2 turns`."""

from __future__ import annotations

import networkx as nx
import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Int

Permutation = tuple[int, ...]


def symmetry_words(graph: nx.Graph, permutations: Int[np.ndarray, "P N"]) -> list[str]:
    """What the generators of the group do to the molecule, the smallest motions first; empty for the identity alone.

    Args:
        graph: the bond graph, with atomic numbers as `z`.
        permutations: the group, shape (P, N), as `find_permutations` returns it.
    """
    words = [_words(graph, p) for p in _generators([tuple(int(i) for i in p) for p in permutations])]
    return list(dict.fromkeys(words))


def _generators(group: list[Permutation]) -> list[Permutation]:
    """Few elements that generate the group: turns of three atoms first, then those that move fewest."""
    identity = tuple(range(len(group[0])))
    made, chosen = {identity}, []

    def simplicity(p: Permutation) -> tuple[bool, int, Permutation]:
        moved = sum(i != k for k, i in enumerate(p))
        return moved != 3, moved, p

    for p in sorted(group, key=simplicity):
        if p not in made:
            chosen.append(p)
            made = _closure(made, p)
    return chosen


def _closure(made: set[Permutation], new: Permutation) -> set[Permutation]:
    grown = set(made) | {new}
    fresh = list(grown)
    while fresh:
        products = {tuple(a[i] for i in b) for a in fresh for b in (*made, new)}
        fresh = [p for p in products if p not in grown]
        grown.update(fresh)
    return grown


def _words(graph: nx.Graph, p: Permutation) -> str:
    moved = [i for i, k in enumerate(p) if i != k]
    anchors = {n for i in moved for n in graph.neighbors(i) if p[n] == n}
    if all(graph.nodes[i]["z"] == 1 for i in moved) and len(anchors) == 1:
        return _hydrogens(graph, anchors.pop(), moved)
    ring = next((r for r in nx.cycle_basis(graph) if len(set(r) & set(moved)) > 0 and _maps_onto_itself(r, p)), None)
    inside = ring is not None and all(i in ring or any(n in ring for n in graph.neighbors(i)) for i in moved)
    if ring is not None and inside:
        turns = "flips" if any(p[i] == i for i in ring) else "turns"
        return f"ring {'-'.join(_name(graph, i) for i in sorted(ring))} {turns}"
    pieces = sorted(nx.connected_components(graph.subgraph(moved)), key=min)
    if len(pieces) == 2 and {p[i] for i in pieces[0]} == pieces[1]:
        return f"{' and '.join(_fragment(graph, piece) for piece in pieces)} swap"
    if len(moved) > 0.6 * len(graph):
        return f"the {'two halves of the molecule swap' if _halves_swap(graph, p) else 'molecule turns onto itself'}"
    pairs = [(i, p[i]) for i in moved if p[p[i]] == i and i < p[i]]
    if 2 * len(pairs) == len(moved):
        return " and ".join(f"{_name(graph, i)}-{_name(graph, k)}" for i, k in pairs) + " swap together"
    return ", ".join(f"{_name(graph, i)}→{_name(graph, p[i])}" for i in moved)


def _hydrogens(graph: nx.Graph, anchor: int, moved: list[int]) -> str:
    carried = sum(graph.nodes[i]["z"] == 1 for i in graph.neighbors(anchor))
    if graph.nodes[anchor]["z"] == 6 and len(moved) == carried == 3:
        return f"methyl group of {_name(graph, anchor)} turns"
    atoms = "-".join(_name(graph, i) for i in moved)
    return f"hydrogens {atoms} of {_name(graph, anchor)} {'swap' if len(moved) == 2 else 'turn'}"


def _halves_swap(graph: nx.Graph, p: Permutation) -> bool:
    """Whether a bond in the middle is turned end for end, and with it all that hangs on it."""
    return all(p[k] == i for i, k in enumerate(p)) and any(p[i] == k for i, k in nx.bridges(graph))


def _maps_onto_itself(ring: list[int], p: Permutation) -> bool:
    return {p[i] for i in ring} == set(ring)


def _fragment(graph: nx.Graph, piece: set[int]) -> str:
    heavy = sorted(i for i in piece if graph.nodes[i]["z"] > 1) or sorted(piece)
    return "-".join(_name(graph, i) for i in heavy[:3]) + ("-..." if len(heavy) > 3 else "")


def _name(graph: nx.Graph, i: int) -> str:
    return f"{chemical_symbols[graph.nodes[i]['z']]}{i + 1}"
