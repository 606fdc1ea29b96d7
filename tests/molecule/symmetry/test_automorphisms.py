"""Stabiliser chains, against all permutations tried one by one."""

from itertools import permutations

import numpy as np
import pytest
from ase.build import molecule
from large_groups import neopentane

from supple.molecule.symmetry.automorphisms import HandedGraph, symmetry_group
from supple.molecule.symmetry.handedness import possible_signs
from supple.molecule.symmetry.permutation_algebra import moved


def handed_graph(atoms, amplitude=0.03):
    rng = np.random.default_rng(0)
    return HandedGraph.of(atoms.numbers, atoms.positions + amplitude * rng.standard_normal((20, len(atoms), 3)))


def tried_one_by_one(graph):
    """All permutations of equal atoms that keep the bonds, and keep or invert every handed centre."""
    numbers = [graph.graph.nodes[i]["z"] for i in range(len(graph.graph))]
    edges = {frozenset(edge) for edge in graph.graph.edges}
    for p in permutations(range(len(numbers))):
        if [numbers[i] for i in p] != numbers or {frozenset((p[a], p[b])) for a, b in edges} != edges:
            continue
        if possible_signs(graph.handedness, dict(enumerate(p))):
            yield p


@pytest.mark.parametrize("name", ["CH4", "CH3OH", "H2O2", "C2H4", "NH3", "CO2", "C2H2", "CH3Cl", "PH3", "C3H4_D2d"])
def test_the_group_is_all_permutations_that_bonds_and_handedness_allow(name):
    graph = handed_graph(molecule(name))
    group = symmetry_group(graph)
    elements = group.elements(len(graph.graph))
    assert elements == sorted(tried_one_by_one(graph))
    assert group.order == len(elements)


def test_generators_of_methyl_rotations_move_nothing_else():
    group = symmetry_group(handed_graph(neopentane()))
    assert group.order == 1944
    assert sum(len(moved(p)) == 3 for p in group.generators) == 4


def test_a_symmetry_that_keeps_or_inverts_the_centres():
    ethanol = handed_graph(molecule("CH3CH2OH"))  # O 3, H 5 and 6 of CH2, H 7 to 9 of CH3
    turned = ethanol.symmetry([(6, 7)], (1,))
    assert moved(turned) == [6, 7, 8]
    assert ethanol.signs(turned) == (1,)
    mirrored = ethanol.symmetry([(6, 6)], (-1,))
    assert sorted(moved(mirrored)) == [4, 5, 7, 8]
    assert ethanol.signs(mirrored) == (-1,)
    assert ethanol.symmetry([(4, 5)], (1,)) is None
    assert ethanol.symmetry([(0, 1)]) is None
