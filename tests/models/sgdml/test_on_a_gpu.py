"""Whole trainings with all arrays on a device that is not the CPU."""

import numpy as np
import pytest
from simulated_gpu import DEVICE, simulated_gpu

import supple
from supple import SGDML
from supple.models.sgdml import learn_metric


@pytest.fixture(scope="module")
def frames():
    return supple.read("glycine").split(8, 10, 10)


@pytest.mark.parametrize("solver", ["direct", "iterative"])
@pytest.mark.parametrize("energies", ["learned", "integrated"])
def test_a_uniform_metric(frames, solver, energies):
    train, valid, test = frames
    settings = {"sigma": 20, "lam": 1e-8, "solver": solver, "energies": energies, "permutations": "none"}
    _, expected = SGDML(**settings, device="cpu").fit(train, valid, examined=[]).predict(test.positions)
    with simulated_gpu():
        potential = SGDML(**settings, device=str(DEVICE)).fit(train, valid, examined=[])
        _, forces = potential.predict(test.positions)
    np.testing.assert_allclose(forces, expected, atol=1e-5 if solver == "direct" else 1e-2)


@pytest.mark.slow
def test_a_learned_metric(frames, tmp_path, monkeypatch):
    monkeypatch.setattr(learn_metric, "_ITERATIONS", dict.fromkeys(learn_metric._ITERATIONS, 1))
    train, valid, test = frames
    _, expected = SGDML(device="cpu").fit(train, valid, examined=[]).predict(test.positions)
    with simulated_gpu():
        potential = SGDML(device=str(DEVICE)).fit(train, valid, examined=[])
        _, forces = potential.predict(test.positions)
        potential.save(tmp_path / "model.safetensors")
    np.testing.assert_allclose(forces, expected, atol=1e-4)
    np.testing.assert_allclose(
        supple.load(tmp_path / "model.safetensors").predict(test.positions)[1], forces, atol=1e-8
    )
