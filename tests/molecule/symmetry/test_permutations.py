"""Permutation symmetries: the known orders, whatever the seed and the order of the atoms."""

import numpy as np
import pytest
from ase.build import molecule
from large_groups import methyls_on_a_chain, neopentane

from supple import Dataset
from supple.errors import SettingsError
from supple.molecule.symmetry.permutation_algebra import is_group
from supple.molecule.symmetry.permutations import check_permutations, find_permutations, find_symmetries


def trajectory(atoms, n_frames=30, amplitude=0.05, seed=0):
    rng = np.random.default_rng(seed)
    return Dataset.of(atoms.numbers, atoms.positions + amplitude * rng.standard_normal((n_frames, len(atoms), 3)))


def symmetries(data):
    return find_permutations(data.numbers, data.positions)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("C6H6", 12),
        ("CH3CH2OH", 6),  # 12 automorphisms, of which half would turn one centre and not the other
        ("CH4", 24),
        ("CH3OH", 6),
        ("H2O", 2),
        ("C4H4O", 2),  # furan
        ("CO2", 2),
        ("N2", 2),
        ("HCN", 1),
    ],
)
def test_known_orders(name, order):
    found = symmetries(trajectory(molecule(name)))
    assert len(found) == order
    assert is_group([tuple(p) for p in found.tolist()])
    assert found[0].tolist() == list(range(found.shape[1]))


@pytest.mark.parametrize("seed", range(3))
def test_atom_order_and_seed_do_not_matter(seed):
    atoms = molecule("CH3CH2OH")
    shuffled = atoms[np.random.default_rng(seed).permutation(len(atoms))]
    assert len(symmetries(trajectory(shuffled, seed=seed))) == 6


def test_a_pyramidal_centre_is_handed_until_it_inverts():
    # Methylphosphine: methyl and phosphine turn together unless the phosphine inverts.
    atoms = molecule("H3CNH2")
    nitrogen = int(np.flatnonzero(atoms.numbers == 7)[0])
    hydrogens = [i for i in range(len(atoms)) if atoms.numbers[i] == 1 and atoms.get_distance(i, nitrogen) < 1.2]
    atoms.numbers[nitrogen] = 15
    stiff = trajectory(atoms, amplitude=0.02)
    assert len(find_permutations(stiff.numbers, stiff.positions)) == 6
    swapped = stiff.positions.copy()
    swapped[:, hydrogens] = swapped[:, hydrogens[::-1]]
    assert len(find_permutations(atoms.numbers, np.concatenate([stiff.positions, swapped]))) == 12


def test_a_nitrogen_always_inverts():
    assert len(symmetries(trajectory(molecule("H3CNH2"), amplitude=0.02))) == 12


def test_methyl_rotations_are_kept_of_a_group_that_is_too_large():
    found = find_symmetries(neopentane().numbers, neopentane().positions[None])
    assert found.order == 24 * 3**4  # 12 rotations and 12 reflections of the tetrahedron
    assert len(found.permutations) == 3**4
    assert (found.permutations[:, :5] == np.arange(5)).all()
    assert is_group([tuple(p) for p in found.permutations.tolist()])


def test_as_many_methyl_rotations_as_fit():
    atoms = methyls_on_a_chain(5)
    found = find_symmetries(atoms.numbers, atoms.positions[None])
    assert found.order == 2 * 3**5  # the chain is flat, and its mirror image the same
    assert len(found.permutations) == 2 * 3**4
    assert len(found.left_out) == 1
    four = methyls_on_a_chain(4)
    whole = find_symmetries(four.numbers, four.positions[None])
    assert (whole.order, len(whole.permutations), whole.left_out) == (162, 162, ())


def test_one_frame_tells_flat_centres_from_pyramidal_ones():
    for name, order in (("C6H6", 12), ("CH3CH2OH", 6), ("C3H6_D3h", 12), ("PH3", 6)):
        atoms = molecule(name)
        shaken = atoms.positions + 0.03 * np.random.default_rng(1).standard_normal((1, len(atoms), 3))
        assert len(find_permutations(atoms.numbers, shaken)) == order, name


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ([[0, 1, 1]], "must name each of the 3 atoms"),
        ([[1, 0, 2]], "different elements"),
        ([[0, 2, 1]], "not a group"),
    ],
)
def test_given_ones_are_checked(given, complaint):
    with pytest.raises(SettingsError, match=complaint):
        check_permutations(given, np.array([8, 1, 1]))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "z", "r", "order"),
    [
        ("azobenzene_inversion/azobenzene_inversion.npz", "z", "R", 8),
        ("rmd17/rmd17_azobenzene_train_01.npz", "nuclear_charges", "coords", 8),
        ("rmd17/rmd17_ethanol_train_01.npz", "nuclear_charges", "coords", 6),
        ("glycine/Glycine_wrong_unit_labels.npz", "z", "R", 4),
    ],
)
def test_real_molecules(real_data, file, z, r, order):
    with np.load(real_data / file, allow_pickle=False) as arrays:
        numbers, positions = arrays[z].astype(np.int64), arrays[r]
    for seed in range(3):
        some = np.random.default_rng(seed).permutation(len(positions))[:60]
        assert len(find_permutations(numbers, positions[some])) == order
