"""Colour refinement: atoms told apart by their neighbours, the neighbours of these, and so on."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

Colours = tuple[int, ...]
Neighbours = Sequence[Sequence[int]]


def neighbour_lists(graph: nx.Graph) -> list[list[int]]:
    """The neighbours of each atom of a bond graph, whose nodes are 0 to N - 1."""
    return [sorted(graph[i]) for i in range(len(graph))]


def equivalence_classes(graph: nx.Graph) -> Colours:
    """A number for each atom, the same for atoms that the bond graph does not distinguish; `z` is where it starts from."""
    start = tuple(int(graph.nodes[i]["z"]) for i in range(len(graph)))
    refined = refine(neighbour_lists(graph), start, start)
    assert refined is not None  # a colouring always agrees with itself
    return refined[0]


def refine(neighbours: Neighbours, left: Colours, right: Colours) -> tuple[Colours, Colours] | None:
    """Two colourings of one graph refined alike, or None where no symmetry takes the first to the second.

    Atoms of one colour stay so as long as they have equally many neighbours of each colour.
    """
    while True:
        seen = _signatures(neighbours, left)
        other = seen if right == left else _signatures(neighbours, right)
        if other is not seen and sorted(seen) != sorted(other):
            return None
        number = {signature: colour for colour, signature in enumerate(sorted(set(seen)))}
        finished = len(number) == len(set(left))
        left, right = tuple(number[s] for s in seen), tuple(number[s] for s in other)
        if finished:
            return left, right


def individualised(colours: Colours, atom: int) -> Colours:
    """The colouring in which an atom has a colour of its own."""
    return (*colours[:atom], max(colours) + 1, *colours[atom + 1 :])


def _signatures(neighbours: Neighbours, colours: Colours) -> list[tuple[int, tuple[int, ...]]]:
    return [(colours[i], tuple(sorted([colours[n] for n in around]))) for i, around in enumerate(neighbours)]
