"""Minima of force fields whose minima are known."""

import numpy as np
import pytest
import torch
from ase import units
from closed_forms import PEROXIDE, V1, V2, ClosedForm, peroxide, peroxide_at, spring, torsion_energy
from toy import toy_dataset

from supple import Dataset
from supple.errors import MoleculeError
from supple.simulation.relaxation import relax
from supple.simulation.relaxation.formatting import format_frequencies, format_torsions

HOOH = ClosedForm(PEROXIDE.numbers, peroxide)


def geometries(*degrees):
    rng = np.random.default_rng(0)
    frames = [peroxide_at(d) + 0.03 * rng.standard_normal((4, 3)) for d in degrees]
    return Dataset.of(PEROXIDE.numbers, np.array(frames))


def test_geometries_relax_to_the_two_minima_of_the_torsion():
    found = relax(HOOH, geometries(10, 170, -165, -20, 150))
    assert [one.conformer for one in found] == [1, 1, 1, 2, 2]
    assert {one.frame for one in found[:3]} == {1, 2, 4}
    assert all(one.converged and one.remark is None for one in found)
    assert all(np.linalg.norm(one.forces, axis=1).max() <= 1e-3 for one in found)
    assert found[0].energy == pytest.approx(torsion_energy(180.0), abs=1e-5)
    assert found[-1].energy == pytest.approx(V1, abs=1e-5)
    assert format_torsions(PEROXIDE.numbers, found[-1].positions).endswith(("0°", "1°"))


def test_a_mirror_image_and_exchanged_equivalent_atoms_are_the_same_conformer():
    one = peroxide_at(90.0)
    mirrored, renamed = one * [1, 1, -1], one[[3, 2, 1, 0]]
    flat = ClosedForm(PEROXIDE.numbers, lambda r: 0 * r.sum((1, 2)))
    found = relax(flat, Dataset.of(PEROXIDE.numbers, np.array([one, mirrored, renamed, peroxide_at(60.0)])))
    labels = {m.frame: m.conformer for m in found}
    assert labels[0] == labels[1] == labels[2] != labels[3]


def test_the_frequency_of_a_diatomic_molecule_is_that_of_its_spring():
    k, masses = 100.0, (14.007, 14.007)
    found = relax(
        ClosedForm([7, 7], spring(k, 1.1)),
        Dataset.of([7, 7], [[[0, 0, 0], [0, 0.3, 1.2]]]),
        frequencies=True,
        fmax=1e-5,
    )
    mass = masses[0] * masses[1] / sum(masses)
    exact = np.sqrt(k / mass) * units._hbar * units.J * units.s / units.invcm
    assert found[0].wavenumbers == pytest.approx([exact], rel=1e-4)
    assert np.linalg.norm(np.diff(found[0].positions, axis=0)) == pytest.approx(1.1, abs=1e-4)


def test_the_lowest_of_each_conformer_has_frequencies_and_a_saddle_point_one_that_is_imaginary():
    found = relax(HOOH, geometries(10, 170, 165), frequencies=True)
    assert [one.wavenumbers is not None for one in found] == [True, False, True]
    assert all((one.wavenumbers > 0).all() for one in found if one.wavenumbers is not None)
    top = np.degrees(np.arccos(V1 / 8 / V2))
    (one,) = relax(HOOH, Dataset.of(PEROXIDE.numbers, peroxide_at(top)[None]), fmax=50.0, frequencies=True)
    assert (one.wavenumbers < -50).sum() == 1
    assert "imaginary" in format_frequencies(one.wavenumbers)
    assert format_frequencies(np.array([100.0, 2000.4])) == "100 2000 cm⁻¹."


def test_a_bond_that_breaks_is_remarked():
    repelling = ClosedForm([7, 7], lambda r: 3 * (-((r[:, 0] - r[:, 1]).norm(dim=-1))).exp())
    (one,) = relax(repelling, Dataset.of([7, 7], [[[0, 0, 0], [0, 0, 1.1]]]), fmax=0.1)
    assert "the bond N1-N2 broke: the force field was not trained on such geometries" in one.remark
    (cut,) = relax(HOOH, geometries(90), steps=2)
    assert not cut.converged
    assert "eV/Å remains after 2 steps" in cut.remark


def test_a_relaxation_to_nan_does_not_stop_the_others():
    def torn(r):
        return torch.where(r[:, 0, 0] > 5, float("nan"), spring(10.0, 1.1)(r))

    start = [[[0, 0, 0], [0, 0, 1.2]], [[9, 0, 0], [9, 0, 1.2]]]
    found = relax(ClosedForm([7, 7], torn), Dataset.of([7, 7], start))
    assert [one.converged for one in found] == [True, False]
    assert "energy or forces are not finite" in found[1].remark


def test_another_molecule_is_refused():
    with pytest.raises(MoleculeError, match="describes no other molecule"):
        relax(HOOH, toy_dataset(2))
