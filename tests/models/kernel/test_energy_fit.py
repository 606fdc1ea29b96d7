"""A model of energies alone, and the errors of frames that are left out."""

import dataclasses

import numpy as np
import pytest
from toy import toy_dataset

import supple
from supple.models.kernel import energy_fit
from supple.models.kernel.energy_fit import fit_energies, uniform_kernel
from supple.models.sgdml.fit_energies_alone import fit_energies_alone
from supple.models.sums.difference_potential import DifferencePotential
from supple.molecule.descriptors.registry import make_descriptor
from supple.molecule.symmetry.permutations import find_symmetries


def fitted(data):
    permutations = find_symmetries(data.numbers, data.positions).permutations
    assert len(permutations) > 1
    descriptor = make_descriptor("inverse-distances", data.numbers, data.positions, permutations)
    return fit_energies(data, [uniform_kernel(data, permutations, descriptor)])


@pytest.fixture(scope="module")
def data():
    return toy_dataset(60, amplitude=0.03)


def test_energies_of_other_frames(data):
    train, test = data.select(range(40)), data.select(range(40, 60))
    fit = fitted(train)
    errors = fit.potential.predict(test.positions)[0] - test.energies
    spread = test.energies.std()
    assert np.sqrt((errors**2).mean()) < 0.3 * spread
    of_left_out = np.sqrt((fit.left_out**2).mean())
    assert 0.5 < of_left_out / np.sqrt((errors**2).mean()) < 2  # it says how sure it is


def test_errors_of_what_is_left_out_are_those_of_models_without_it(data, monkeypatch):
    train = data.select(range(25))
    whole = fitted(train)
    monkeypatch.setattr(energy_fit, "_LENGTHS", (whole.length,))
    monkeypatch.setattr(energy_fit, "_LAMBDAS", (whole.lam,))
    for i in (0, 7, 24):
        others = train.select([k for k in range(25) if k != i])
        # the median distance changes a little, and with it the length scale
        predicted = fitted(others).potential.predict(train.positions[i : i + 1])[0][0]
        scale = np.sqrt((whole.left_out**2).mean())
        assert train.energies[i] - predicted == pytest.approx(whole.left_out[i], abs=0.3 * scale)


def test_zero_and_symmetry(data):
    train = data.select(range(30))
    fit = fitted(train)
    moved = fitted(dataclasses.replace(train, energies=train.energies + 1e4))
    positions = data.positions[40:45]
    np.testing.assert_allclose(
        moved.potential.predict(positions)[0] - 1e4, fit.potential.predict(positions)[0], rtol=0, atol=1e-5
    )
    permutations = find_symmetries(train.numbers, train.positions).permutations
    order = permutations[1]
    np.testing.assert_allclose(
        fit.potential.predict(positions[:, order])[0], fit.potential.predict(positions)[0], rtol=0, atol=1e-8
    )


def test_forces_are_derivatives(data):
    fit = fitted(data.select(range(30)))
    one = data.positions[50:51]
    _, forces = fit.potential.predict(one)
    for atom, axis in ((0, 0), (3, 2)):
        ends = []
        for step in (1e-4, -1e-4):
            moved = one.copy()
            moved[0, atom, axis] += step
            ends.append(fit.potential.predict(moved)[0][0])
        assert -(ends[0] - ends[1]) / 2e-4 == pytest.approx(forces[0, atom, axis], rel=1e-4)


def test_the_metric_of_a_baseline_is_used_where_it_predicts_better(data):
    """The baseline has half of the energy; the difference to the whole needs the same weights."""
    half = dataclasses.replace(data, energies=data.energies / 2, forces=data.forces / 2)
    baseline = supple.SGDML().fit(half.select(range(35)), half.select(range(35, 50)), examined=())
    rest = dataclasses.replace(half.select(range(35)), forces=None)
    permutations = find_symmetries(data.numbers, data.positions).permutations
    alone = fit_energies_alone(rest, "inverse-distances", permutations, None)
    both = fit_energies_alone(rest, "inverse-distances", permutations, DifferencePotential(baseline, baseline))
    assert "times the median distance" in alone.notes[0]
    assert "by the metric that the baseline has learned" in both.notes[0]
    assert both.validation.energy.rmse < 0.6 * alone.validation.energy.rmse
    test = half.select(range(35, 60))
    wrong = [np.abs(fit.potential.predict(test.positions)[0] - test.energies).mean() for fit in (alone, both)]
    assert wrong[1] < 0.6 * wrong[0]
    _, forces = both.potential.predict(test.positions[:1])
    ends = []
    for step in (1e-4, -1e-4):
        moved = test.positions[:1].copy()
        moved[0, 2, 1] += step
        ends.append(both.potential.predict(moved)[0][0])
    assert -(ends[0] - ends[1]) / 2e-4 == pytest.approx(forces[0, 2, 1], rel=1e-3)
