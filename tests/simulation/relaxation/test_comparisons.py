"""A force field beside a reference, both known in closed form."""

import numpy as np
import pytest
from ase import Atoms
from closed_forms import PEROXIDE, V1, V2, ClosedForm, peroxide, peroxide_at, spring

from supple import Dataset
from supple.data.units import ENERGY
from supple.simulation.relaxation import relax, scan_torsion
from supple.simulation.relaxation.minima_comparison import compare_minima, shared_conformers
from supple.simulation.relaxation.reference_files import write_frequencies
from supple.simulation.relaxation.scan_comparison import compare_scan

KCAL = ENERGY["kcal/mol"]
OWN = ClosedForm(PEROXIDE.numbers, peroxide)


def shifted(amount):
    """The peroxide with a torsion energy that is larger by this part."""
    flat = ClosedForm(PEROXIDE.numbers, lambda r: peroxide(r) + amount * (peroxide(r) - _without_torsion(r)))
    return flat.calculator


def _without_torsion(r):
    b1, b2, b3 = (r[:, k + 1] - r[:, k] for k in range(3))
    n1, n2 = b1.cross(b2, dim=-1), b2.cross(b3, dim=-1)
    c = (n1 * n2).sum(-1) / (n1.norm(dim=-1) * n2.norm(dim=-1))
    return peroxide(r) - (V1 / 2 * (1 + c) + V2 * (2 - 2 * c**2))


def test_profiles_differ_by_what_the_torsion_energies_do():
    start = Atoms(PEROXIDE.numbers, peroxide_at(47.0))
    own = scan_torsion(OWN, Dataset.of(PEROXIDE.numbers, start.positions[None]), points=8)
    found = compare_scan(own, start, None, "larger", shifted(0.5))
    energies = own.energies - own.energies.min()
    assert found.profiles.mean_difference == pytest.approx(0.5 * energies.mean() / KCAL, abs=0.01)
    off, at = found.profiles.largest_difference
    assert off == pytest.approx(-0.5 * energies.max() / KCAL, abs=0.01)
    assert abs(at) == 90
    points = found.profiles.stationary_points
    assert [point.kind for point in points].count("minimum") == 2
    for point in points:
        assert point.difference == pytest.approx(-point.energy / 2, abs=0.01)
        assert point.at == point.reference_at
    assert found.rmsds.max() < 0.02
    assert f"differ from those of larger by {found.profiles.mean_difference:.2f} kcal/mol" in found.sentences()[0]


def test_a_barrier_that_only_one_of_them_has_is_shown_alone():
    start = Atoms(PEROXIDE.numbers, peroxide_at(47.0))
    own = scan_torsion(OWN, Dataset.of(PEROXIDE.numbers, start.positions[None]), points=8)
    found = compare_scan(own, start, None, "flat", shifted(-1.0))
    assert {(point.reference_at, point.difference) for point in found.profiles.stationary_points} >= {(None, None)}


def test_conformers_are_compared_one_by_one(tmp_path):
    frames = np.array([peroxide_at(10.0), peroxide_at(170.0)])
    minima = relax(OWN, Dataset.of(PEROXIDE.numbers, frames), frequencies=True)
    found = compare_minima(minima, PEROXIDE.numbers, shifted(0.5), 0.001, 1000, frequencies=True)
    assert [one.own.conformer for one in found] == [1, 2]
    assert found[1].energy == pytest.approx(V1 / KCAL, abs=1e-3)
    assert found[1].reference_energy == pytest.approx(1.5 * V1 / KCAL, abs=1e-3)
    assert max(one.rmsd for one in found) < 0.02
    off = found[0].wavenumber_differences
    # of the torsion, whose force constant is 1.5 times as large
    assert found[0].own.wavenumbers[0] == pytest.approx(found[0].reference.wavenumbers[0] / 1.5**0.5, rel=1e-3)
    assert np.abs(off[1:]).max() < 5
    assert shared_conformers(found, "larger") == []
    drawn = write_frequencies(tmp_path / "out.xyz", found, "larger")
    assert [file.name for file in drawn] == ["out-frequencies.png", "out-frequencies.pdf"]
    assert [file.read_bytes()[1:4] for file in drawn] == [b"PNG", b"PDF"]


def test_conformers_that_the_reference_does_not_tell_apart_are_named():
    frames = np.array([peroxide_at(10.0), peroxide_at(170.0)])
    minima = relax(OWN, Dataset.of(PEROXIDE.numbers, frames))

    def one_well(r):
        b1, b2, b3 = (r[:, k + 1] - r[:, k] for k in range(3))
        n1, n2 = b1.cross(b2, dim=-1), b2.cross(b3, dim=-1)
        return _without_torsion(r) + (n1 * n2).sum(-1) / (n1.norm(dim=-1) * n2.norm(dim=-1))

    minima[1].positions[3] += [0.0, 0.0, 0.05]  # from the top, where no force acts along the torsion
    found = compare_minima(minima, PEROXIDE.numbers, ClosedForm(PEROXIDE.numbers, one_well).calculator, 0.001, 1000,
                           frequencies=False)  # fmt: skip
    assert shared_conformers(found, "flat") == ["Conformers 1 and 2 of the force field relax to the same one of flat."]


def test_a_reference_that_fails_is_said():
    minima = relax(ClosedForm([7, 7], spring(10.0, 1.1)), Dataset.of([7, 7], [[[0, 0, 0], [0, 0, 1.2]]]))
    broken = ClosedForm([7, 7], lambda r: r.sum((1, 2)) * float("nan"))
    (one,) = compare_minima(minima, np.array([7, 7]), broken.calculator, 0.001, 10, frequencies=True)
    assert "the relaxation failed" in one.reference.remark
    assert one.to_dict()["difference_kcal_per_mol"] is None
