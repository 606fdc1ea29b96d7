"""`supple export` through its real entry point."""

import numpy as np

from supple import Potential


def test_a_kernel_model_goes_to_the_sgdml_package_and_comes_back(shared, shell):
    out, _ = shell("export", shared.folder / "sgdml.safetensors", "--out", "model.npz", "--out-units", "kcal/mol")
    assert "model.npz" in out
    mine, theirs = Potential.load(shared.folder / "sgdml.safetensors"), Potential.load(shell.folder / "model.npz")
    r = np.random.default_rng(0).normal(size=(1, 6, 3)) * 2
    np.testing.assert_allclose(theirs.predict(r)[1], mine.predict(r)[1], rtol=1e-9, atol=1e-12)


def test_a_network_does_not(shared, shell):
    assert "takes kernel models only" in shell.refused("export", shared.folder / "schnet.safetensors")
    assert "choose sgdml" in shell.refused("export", shared.folder / "sgdml.safetensors", "--to", "gromacs")
