"""Torsion profiles and barriers of a force field whose torsion is known in closed form."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from ase import Atoms
from closed_forms import (
    PEROXIDE,
    TRIOXIDE,
    V1,
    V2,
    ClosedForm,
    peroxide,
    peroxide_at,
    torsion_energy,
    trioxide,
    trioxide_torsions,
)

from supple import Dataset
from supple.data.units import ENERGY
from supple.errors import DataError, MoleculeError, SettingsError
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


def test_another_torsion_turns_over_where_that_lowers_the_energy():
    # from one rotamer alone, with which the profile would be neither symmetric nor the lowest
    start = Dataset.of(TRIOXIDE.numbers, TRIOXIDE.positions[None])
    found = scan_torsion(ClosedForm(TRIOXIDE.numbers, trioxide), start, "1-2-3-4", points=8)
    first = torch.tensor(np.radians(found.angles))
    grid = torch.linspace(-np.pi, np.pi, 721, dtype=torch.float64)
    lowest = trioxide_torsions(first[:, None], grid[None]).min(dim=1).values.numpy()
    np.testing.assert_allclose(found.energies, lowest, atol=3e-3)
    energies = dict(zip(np.round(found.angles).tolist(), found.energies, strict=True))
    for angle in (45, 90, 135):
        assert energies[angle] == pytest.approx(energies[-angle], abs=0.02 * KCAL)
    assert found.remarks == ()
    assert found.notes == ()


def test_geometries_that_fall_apart_are_said():
    def torn(r):
        """Where the second torsion is negative the last bond breaks, as with a force field that never saw such geometries."""
        ahead = (r[:, 2] - r[:, 1]).cross(r[:, 3] - r[:, 2], dim=-1)
        negative = torch.sigmoid(-6 * (ahead * (r[:, 4] - r[:, 3])).sum(-1) - 2)
        stretched = 1 - (-(((r[:, 3] - r[:, 4]).norm(dim=-1) - 0.97) ** 2) / 0.09).exp()
        return trioxide(r) - 6.0 * negative * stretched

    start = Dataset.of(TRIOXIDE.numbers, TRIOXIDE.positions[None])
    found = scan_torsion(ClosedForm(TRIOXIDE.numbers, torn), start, "1-2-3-4", points=4)
    assert any("the bond O4-H5 broke: the force field was not trained on such geometries" in r for r in found.remarks)
    (note,) = found.notes
    assert "Other rotamers fell apart when they were relaxed at" in note
    assert "the force field was not trained on such geometries" in note


def test_an_odd_number_of_points_closes_too():
    profile = scan_torsion(force_field(), at(0.0), points=9).profile
    assert profile.coordinate[-1] - profile.coordinate[0] == 360
    assert profile.energies[0] == profile.energies[-1]


def test_a_path_goes_over_the_saddle_of_the_torsion_all_images_in_one_batch():
    model = force_field()
    found = reaction_path(model, at(5.0), at(175.0), images=11, fmax=0.01)
    assert found.converged
    there, back = found.barriers
    assert there == pytest.approx(torsion_energy(TOP) - torsion_energy(0.0), abs=1e-3)
    assert back == pytest.approx(torsion_energy(TOP) - torsion_energy(180.0), abs=1e-3)
    top = Atoms(PEROXIDE.numbers, found.positions[found.top]).get_dihedral(0, 1, 2, 3)
    assert min(top, 360 - top) == pytest.approx(TOP, abs=3)
    assert len(found.imaginary_wavenumbers) == 1
    assert f"The barrier is {there / KCAL:.2f} kcal/mol" in found.sentences()[0]
    assert "one imaginary frequency" in found.sentences()[1]
    assert "it is a saddle point" in found.sentences()[1]
    assert found.coordinate[0] == 0
    assert found.coordinate[-1] == pytest.approx(1)
    assert (np.diff(found.coordinate) > 0).all()
    bands = model.batches.count(11)
    assert bands > 20
    assert set(model.batches) == {1, 11}
    assert model.batches[::-1].index(11) < 6 * 12 + 2  # after the band, the Hessian of its top alone


def test_a_path_downhill_has_no_barrier():
    positions = np.array([peroxide_at(d) for d in (90.0, 120.0, 150.0)])
    path = ReactionPath(positions, np.array([2.0, 1.0, 0.0]), 0 * positions, 0.01, True, None)
    assert path.sentences() == ["There is no barrier: the energy is highest at an end of the path."]
    assert path.barriers == (0.0, 2.0)


def test_the_longer_way_round_is_taken_where_it_is_lower():
    def one_sided(r):
        """The peroxide's, and a wall on the side of positive torsions."""
        b1, b2, b3 = (r[:, k + 1] - r[:, k] for k in range(3))
        side = (b1 * b2.cross(b3, dim=-1)).sum(-1)  # has the sign of the torsion
        return peroxide(r) + 1.0 * side.clamp(min=0) ** 2

    path = reaction_path(ClosedForm(PEROXIDE.numbers, one_sided), at(1.0), at(175.0), images=9, steps=2)
    middle = Atoms(PEROXIDE.numbers, path.positions[4])
    assert 180 < middle.get_dihedral(0, 1, 2, 3) < 360


def test_ends_that_relax_to_one_minimum_are_refused():
    with pytest.raises(DataError, match="Both ends relax to the same geometry"):
        reaction_path(force_field(), at(160.0), at(170.0))
    with pytest.raises(SettingsError, match="at least 3 images"):
        reaction_path(force_field(), at(5.0), at(175.0), images=2)
    other = Dataset.of([8, 1, 1, 8], peroxide_at(5.0)[None], name="x")
    with pytest.raises(MoleculeError, match="in another order"):
        reaction_path(force_field(), at(5.0), other)


def test_an_angle_is_not_a_torsion():
    with pytest.raises(SettingsError, match="'H1-O2-O3' is not a torsion"):
        scan_torsion(force_field(), at(5.0), "H1-O2-O3")


def test_an_angle_at_which_nothing_can_be_relaxed_is_an_error():
    def torn(r):
        return torch.where((r[:, 0] - r[:, 3]).norm(dim=-1) < 2.3, float("nan"), peroxide(r))

    with pytest.raises(DataError, match=r"No relaxation succeeded at -?\d+° of H1-O2-O3-H4"):
        scan_torsion(ClosedForm(PEROXIDE.numbers, torn), at(175.0), points=6)


def test_a_step_that_is_longer_than_the_others_is_pointed_out():
    positions = np.zeros((5, 1, 3))
    positions[:, 0, 0] = [0.0, 0.2, 0.4, 1.4, 1.6]
    path = ReactionPath(positions, np.array([0.0, 0.5, 1.0, 0.7, 0.1]), 0 * positions, 0.01, True, (-300.0,))
    assert "The step to image 3 (counted from 0) is 2.5 times as long as the mean" in path.sentences()[-1]
    positions[:, 0, 0] = np.linspace(0, 1, 5)
    assert len(replace(path, positions=positions).sentences()) == 2
