"""Torsions are found, measured and folded as chemists do."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from supple.molecule.torsions import folded, rotatable_torsions, torsion_angles


def frames(atoms, torsion, angles):
    """Copies of a molecule with one dihedral angle set; the group behind the bond turns as a whole."""
    i, j, k, l = torsion.atoms  # noqa: E741
    group = {k}
    grow = [k]
    d = atoms.get_all_distances()
    while grow:
        a = grow.pop()
        new = [b for b in range(len(atoms)) if b not in group and b != j and d[a, b] < 1.7 and not (a == k and b == j)]
        group.update(new)
        grow += new
    made = []
    for angle in angles:
        turned = atoms.copy()
        turned.set_dihedral(i, j, k, l, angle, indices=sorted(group))
        made.append(turned.positions)
    return np.array(made)


def test_ethanol_has_a_hydroxyl_and_a_methyl_torsion():
    atoms = molecule("CH3CH2OH")
    found = rotatable_torsions(atoms.numbers, atoms.positions[None])
    assert {t.label: t.fold for t in found} == {"H7-C1-C2-O3": 3, "C1-C2-O3-H4": 1}


def test_rings_and_terminal_bonds_and_linear_ends_do_not_turn():
    for name in ("C6H6", "CH4", "C2H2", "CH3CN", "HCN"):
        atoms = molecule(name)
        assert rotatable_torsions(atoms.numbers, atoms.positions[None]) == []


@pytest.mark.parametrize("bent", [12.0, 18.0])
def test_chains_that_are_linear_have_no_torsions_however_hot(bent):
    atoms = Atoms("C4H2", [[0, 0, z] for z in (-1.9, -0.68, 0.68, 1.9, -2.97, 2.97)])
    # sideways by so much that angles deviate by about `bent` degrees from 180
    noise = np.random.default_rng(0).normal(size=(200, 6, 2)) * np.radians(bent) / 3
    r = np.repeat(atoms.positions[None], 200, axis=0)
    r[:, :, :2] += noise
    assert rotatable_torsions(atoms.numbers, r) == []


def test_a_bond_angle_that_some_frames_straighten_keeps_its_torsion():
    atoms = molecule("H2O2")
    straight = atoms.copy()
    straight.set_angle(1, 0, 2, 179.0, indices=[2])
    assert straight.get_angle(1, 0, 2) == pytest.approx(179.0)
    r = np.array([*[atoms.positions] * 6, *[straight.positions] * 4])
    assert len(rotatable_torsions(atoms.numbers, r)) == 1


def test_an_angle_is_ases_dihedral():
    atoms = molecule("CH3CH2OH")
    torsion = next(t for t in rotatable_torsions(atoms.numbers, atoms.positions[None]) if t.fold == 1)
    set_to = np.array([-170.0, -60.0, 0.0, 35.0, 179.0])
    angles = torsion_angles(frames(atoms, torsion, set_to), [torsion])[:, 0]
    assert angles == pytest.approx(set_to, abs=1e-6)


def test_turning_by_a_period_gives_the_same_angle():
    atoms = molecule("CH3CH2OH")
    torsion = next(t for t in rotatable_torsions(atoms.numbers, atoms.positions[None]) if t.fold == 3)
    angles = torsion_angles(frames(atoms, torsion, [10.0, 130.0, 250.0]), [torsion])[:, 0]
    assert angles == pytest.approx([10.0, 10.0, 10.0], abs=1e-6)


def test_moving_turning_and_mirroring():
    atoms = molecule("CH3CH2OH")
    rng = np.random.default_rng(0)
    r = atoms.positions + 0.05 * rng.normal(size=(5, 9, 3))
    torsions = rotatable_torsions(atoms.numbers, r)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    angles = torsion_angles(r, torsions)
    assert torsion_angles(r @ turn + 1.0, torsions) == pytest.approx(angles)
    for t, torsion in enumerate(torsions):
        assert folded(torsion_angles(-r, torsions)[:, t] + angles[:, t], torsion.period) == pytest.approx(0, abs=1e-9)


def test_folding():
    assert folded(np.array([180.0, -180.0, 190.0, 540.0]), 360.0).tolist() == [180.0, 180.0, -170.0, 180.0]
    assert folded(np.array([60.0, 61.0, -60.0]), 120.0).tolist() == [60.0, -59.0, 60.0]
