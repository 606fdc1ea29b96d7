"""Torsion profiles and barriers of a force field whose torsion is known in closed form."""

import numpy as np
import pytest
from ase import Atoms
from closed_forms import PEROXIDE, V1, V2, ClosedForm, peroxide, peroxide_at, torsion_energy
from supple.simulation.relaxation.initial_paths import first_guess, torsion_turns
from supple.simulation.relaxation.torsion_names import torsion_named

from supple import Dataset
from supple.data.units import ENERGY
from supple.errors import DataError, MoleculeError, SettingsError
from supple.geometry.profile import Profile
from supple.simulation.relaxation import ReactionPath, reaction_path, scan_torsion

#: cos φ of the top: dV/dφ = 0 of V1/2 (1 + cos φ) + V2 (1 - cos 2φ).
TOP = np.degrees(np.arccos(V1 / 8 / V2))
KCAL = ENERGY["kcal/mol"]


def force_field():
    return ClosedForm(PEROXIDE.numbers, peroxide)


def at(degrees):
    return Dataset.of(PEROXIDE.numbers, peroxide_at(degrees)[None], name="hooh.xyz")


def test_a_scan_is_the_torsion_energy_itself():
    found = scan_torsion(force_field(), at(47.0), points=24)
    assert found.label == "H1-O2-O3-H4"
    np.testing.assert_allclose(found.angles, np.arange(-165, 181, 15))
    np.testing.assert_allclose(found.energies, torsion_energy(found.angles), atol=2e-4)
    assert found.remarks == ()
    for angle, positions in zip(found.angles, found.positions, strict=True):
        measured = Atoms(PEROXIDE.numbers, positions).get_dihedral(0, 1, 2, 3)
        assert abs((measured - angle + 180) % 360 - 180) < 1e-6
    profile = found.profile
    assert (profile.coordinate[0], profile.coordinate[-1]) == (-180, 180)
    assert [profile.coordinate[k] for k in profile.minima] == [-180, 0, 180]
    assert [abs(profile.coordinate[k]) for k in profile.barriers] == [75, 75]


def test_an_odd_number_of_points_closes_too():
    profile = scan_torsion(force_field(), at(0.0), points=9).profile
    assert profile.coordinate[-1] - profile.coordinate[0] == 360
    assert profile.energies[0] == profile.energies[-1]


def test_a_circle_has_its_barrier_and_its_minima_at_the_seam_too():
    angle = np.arange(-180.0, 181.0, 10.0)
    outside = Profile("t", "°", angle, 3 * (1 + np.cos(3 * np.radians(angle + 180))))  # tops at 180 and ±60
    assert [angle[k] for k in outside.minima] == [-120, 0, 120]
    assert sorted(abs(angle[k]) for k in outside.barriers) == [60, 60, 180]
    slope = Profile("t", "°", angle, 3 * (1 - np.cos(np.radians(angle - 40))))  # at the seam it only rises
    assert [angle[k] for k in slope.minima] == [40]
    assert [angle[k] for k in slope.barriers] == [-140]


def test_a_path_goes_over_the_saddle_of_the_torsion_all_images_in_one_batch():
    model = force_field()
    found = reaction_path(model, at(5.0), at(175.0), images=11, fmax=0.01)
    assert found.settled
    there, back = found.barriers
    assert there == pytest.approx(torsion_energy(TOP) - torsion_energy(0.0), abs=1e-3)
    assert back == pytest.approx(torsion_energy(TOP) - torsion_energy(180.0), abs=1e-3)
    top = Atoms(PEROXIDE.numbers, found.positions[found.top]).get_dihedral(0, 1, 2, 3)
    assert min(top, 360 - top) == pytest.approx(TOP, abs=3)
    assert len(found.imaginary) == 1
    assert f"The barrier is {there / KCAL:.2f} kcal/mol" in found.sentences()[0]
    assert "one imaginary frequency" in found.sentences()[1]
    assert found.coordinate[0] == 0
    assert found.coordinate[-1] == pytest.approx(1)
    assert (np.diff(found.coordinate) > 0).all()
    bands = model.asked.count(11)
    assert bands > 20
    assert set(model.asked) == {1, 11}
    assert model.asked[::-1].index(11) < 6 * 12 + 2  # after the band, the Hessian of its top alone


def test_a_path_downhill_has_no_barrier():
    positions = np.array([peroxide_at(d) for d in (90.0, 120.0, 150.0)])
    path = ReactionPath(positions, np.array([2.0, 1.0, 0.0]), 0 * positions, 0.01, True, None)
    assert path.sentences() == ["There is no barrier: the energy is highest at an end of the path."]
    assert path.barriers == (0.0, 2.0)


def test_the_first_guess_turns_the_torsion_and_keeps_bonds():
    first, last = (Atoms(PEROXIDE.numbers, peroxide_at(d)) for d in (5.0, 175.0))
    ((coordinate, angle),) = torsion_turns(first, last)
    assert angle == pytest.approx(170, abs=1e-6)
    guess = first_guess(force_field(), first, last, 9)
    turned = [abs(coordinate.value(Atoms(PEROXIDE.numbers, r))) for r in guess]
    np.testing.assert_allclose(turned, np.linspace(5, 175, 9), atol=12)
    for r in guess:
        for (i, j), rest in zip(((0, 1), (1, 2), (2, 3)), (0.97, 1.45, 0.97), strict=True):
            assert np.linalg.norm(r[i] - r[j]) == pytest.approx(rest, abs=0.12)


def test_the_longer_way_round_is_taken_where_it_is_lower():
    def one_sided(r):
        """The peroxide's, and a wall on the side of positive torsions."""
        b1, b2, b3 = (r[:, k + 1] - r[:, k] for k in range(3))
        side = (b1 * b2.cross(b3, dim=-1)).sum(-1)  # has the sign of the torsion
        return peroxide(r) + 1.0 * side.clamp(min=0) ** 2

    model = ClosedForm(PEROXIDE.numbers, one_sided)
    first, last = (Atoms(PEROXIDE.numbers, peroxide_at(d)) for d in (1.0, 175.0))
    middle = Atoms(PEROXIDE.numbers, first_guess(model, first, last, 9)[4])
    assert 180 < middle.get_dihedral(0, 1, 2, 3) < 360


def test_ends_that_are_one_minimum_are_refused():
    with pytest.raises(DataError, match="Both ends relax to the same geometry"):
        reaction_path(force_field(), at(160.0), at(170.0))
    with pytest.raises(SettingsError, match="3 images at least"):
        reaction_path(force_field(), at(5.0), at(175.0), images=2)
    other = Dataset.of([8, 1, 1, 8], peroxide_at(5.0)[None], name="x")
    with pytest.raises(MoleculeError, match="in another order"):
        reaction_path(force_field(), at(5.0), other)


@pytest.mark.parametrize("text", ["1-2-3-4", "H1-O2-O3-H4", "H1/H2-O2-O3-H4"])
def test_torsions_have_names(text):
    assert torsion_named(PEROXIDE, text).atoms == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("H1-O2-O3", "is no torsion"),
        ("one-two-three-four", "is no torsion"),
        ("H1-H2-O3-H4", "Atom 2 of the molecule is O, not H"),
        ("1-2-3-9", "names an atom that is not there"),
        ("1-3-2-4", "are not bonded"),
    ],
)
def test_names_of_no_torsion_are_refused(text, said):
    with pytest.raises(SettingsError, match=said):
        torsion_named(PEROXIDE, text)
