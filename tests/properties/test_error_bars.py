"""What must hold for the error bars of every model."""

import dataclasses
import json

import numpy as np
import pytest
from properties.conftest import SETTINGS
from safetensors import safe_open
from safetensors.torch import save_file
from scipy.spatial.transform import Rotation

from supple import load
from supple.errors import ModelFileError, SettingsError
from supple.models.uncertainty.error_bars import Prediction

#: Relative: the networks compute features in float32, and whiten them.
TOLERANCE = {"sgdml": 1e-5, "difference": 1e-5, "schnet": 0.02, "bespoke": 0.02}


@pytest.fixture
def frames(toy):
    return toy[2].positions[:7]


def stds(potential, positions):
    found = potential.predict(positions, uncertainty=True)
    return found.energies_std, found.forces_std


def assert_same(potential, first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=TOLERANCE[potential.kind])


def test_the_prediction_is_what_it_is_without_error_bars(potential, frames):
    found = potential.predict(frames, uncertainty=True)
    assert isinstance(found, Prediction)
    for ours, plain in zip(found[:2], potential.predict(frames), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=0, atol=2e-5 * np.abs(plain).max())
    assert found.energies_std.shape == (7,)
    assert found.forces_std.shape == frames.shape[:2]
    assert (found.energies_std > 0).all() and (found.forces_std > 0).all()


def test_no_frames(potential):
    found = potential.predict(np.empty((0, len(potential.numbers), 3)), uncertainty=True)
    assert [array.shape for array in found] == [(0,), (0, 6, 3), (0,), (0, 6)]


def test_size_and_coverage_on_frames_that_nothing_has_seen(potential, toy):
    """One standard deviation, in the unit of the prediction."""
    test = toy[2]
    found = potential.predict(test.positions, uncertainty=True)
    calibrations = potential.error_bars.calibrations
    for errors, std, calibration in (
        (found.energies - test.energies, found.energies_std, calibrations.energy),
        (found.forces - test.forces, found.forces_std[:, :, None], calibrations.forces),
    ):
        ratios = np.abs(errors / std)
        assert 0.6 < np.sqrt((ratios**2).mean()) < 1.6
        for part, quantile in zip((0.68, 0.95), calibration.quantiles, strict=True):
            assert (ratios < quantile).mean() == pytest.approx(part, abs=0.2)


def test_rotation_reflection_translation(potential, frames):
    turn = Rotation.random(rng=np.random.default_rng(5)).as_matrix()
    expected = stds(potential, frames)
    for other in (frames @ turn, frames * [1.0, 1.0, -1.0], frames + np.array([1.0, -2.0, 3.0])):
        assert_same(potential, stds(potential, other), expected)


def test_equal_atoms_are_equal(potential, frames):
    h = [i for i in np.flatnonzero(potential.numbers == 1) if np.linalg.norm(frames[0, i] - frames[0, 0]) < 1.3]
    assert len(h) == 3
    order = np.arange(6)
    order[h] = np.roll(h, 1)
    energies, forces = stds(potential, frames)
    assert_same(potential, (energies, forces[:, order]), stds(potential, frames[:, order]))


def test_batch_equals_one_by_one(potential, frames):
    single = [stds(potential, frame[None]) for frame in frames]
    together = np.concatenate([e for e, _ in single]), np.concatenate([f for _, f in single])
    assert_same(potential, stds(potential, frames), together)


def test_save_and_load(potential, frames, tmp_path):
    file = tmp_path / "model.safetensors"
    potential.save(file)
    loaded = load(file)
    assert loaded.error_bars.calibrations == potential.error_bars.calibrations
    for ours, theirs in zip(stds(potential, frames), stds(loaded, frames), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_larger_far_from_the_training_frames_and_finite(potential, toy):
    near = stds(potential, toy[2].positions)
    distorted = toy[2].positions[:5] + np.random.default_rng(0).normal(scale=0.25, size=(5, 6, 3))
    far = stds(potential, distorted)
    for quantity in (0, 1):
        assert np.median(far[quantity]) > 1.5 * np.median(near[quantity])
    for size in (3.0, 30.0, 0.3):
        for found in stds(potential, size * toy[2].positions[:3]):
            assert np.isfinite(found).all()


def test_of_training_frames_no_smaller_than_the_smallest_of_the_calibration(potential, toy):
    of_training, of_calibration = (stds(potential, data.positions)[0].min() for data in toy[:2])
    assert of_training >= of_calibration * (1 - TOLERANCE[potential.kind])


def test_nan_gives_nan_in_that_geometry_alone(potential, frames):
    expected = stds(potential, frames)
    bad = frames.copy()
    bad[1, 2, 0] = np.nan
    energies, forces = stds(potential, bad)
    assert np.isnan(energies[1]) and np.isnan(forces[1]).any()
    others = [0, 2, 3, 4, 5, 6]
    assert_same(potential, (energies[others], forces[others]), (expected[0][others], expected[1][others]))


def test_forces_alone(potential, toy):
    if potential.kind not in ("sgdml", "difference"):
        pytest.skip("networks take too long; nothing here depends on the model")
    train, valid, test = (dataclasses.replace(d, energies=np.full(len(d), np.nan)) for d in toy)
    blind = SETTINGS[potential.kind].fit(train, valid, seed=3)
    energies, forces = stds(blind, test.positions)
    assert np.isnan(energies).all() and (forces > 0).all()


def rewritten(file, change):
    with safe_open(file, framework="pt") as opened:
        header = json.loads(opened.metadata()["supple"])
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    change(header, arrays)
    save_file(arrays, file, metadata={"supple": json.dumps(header)})


def test_a_file_of_an_older_version_has_none(potential, frames, tmp_path):
    def older(header, arrays):
        del header["error_bars"]
        header["format_version"] = 2
        for name in [name for name in arrays if name.startswith("error_bars.")]:
            del arrays[name]

    file = tmp_path / "model.safetensors"
    potential.save(file)
    rewritten(file, older)
    loaded = load(file)
    np.testing.assert_array_equal(loaded.predict(frames)[1], potential.predict(frames)[1])
    with pytest.raises(SettingsError, match=r"no error bars: add them with 'supple calibrate MODEL FILE'"):
        loaded.predict(frames, uncertainty=True)


@pytest.mark.parametrize("damage", ["groups", "offsets", "array", "header"])
def test_damaged_error_bars_are_refused(potential, tmp_path, damage):
    def change(header, arrays):
        name = next(name for name in sorted(arrays) if name.startswith("error_bars."))
        if damage == "groups":
            header["error_bars"]["groups"] = [0, 1]
        elif damage == "offsets":
            header["error_bars"]["forces"]["offsets"] = [0.0]
        elif damage == "array":
            arrays[name] = arrays[name][:0]
        else:
            del header["error_bars"]

    file = tmp_path / "model.safetensors"
    potential.save(file)
    rewritten(file, change)
    with pytest.raises(ModelFileError, match="contents do not match"):
        load(file)


def test_ase_calculator(potential, frames):
    from ase import Atoms

    atoms = Atoms(potential.numbers, frames[0], calculator=potential.calculator())
    atoms.get_potential_energy()
    expected = potential.predict(frames[:1], uncertainty=True)
    assert atoms.calc.results["energy_uncertainty"] == pytest.approx(expected.energies_std[0], rel=1e-6)
    np.testing.assert_allclose(atoms.calc.results["forces_uncertainty"], expected.forces_std[0], rtol=1e-6)
    atoms.calc = potential.calculator(uncertainty=False)
    atoms.get_potential_energy()
    assert "energy_uncertainty" not in atoms.calc.results
