"""`supple export` through its real entry point."""

import json
import subprocess
import sys

import numpy as np
import pytest

from supple import load


def test_a_kernel_model_goes_to_the_sgdml_package_and_comes_back(shared, shell):
    out, _ = shell("export", shared.folder / "sgdml.safetensors", "--out", "model.npz", "--out-units", "kcal/mol")
    assert "model.npz" in out
    mine, theirs = load(shared.folder / "sgdml.safetensors"), load(shell.folder / "model.npz")
    r = np.random.default_rng(0).normal(size=(1, 6, 3)) * 2
    np.testing.assert_allclose(theirs.predict(r)[1], mine.predict(r)[1], rtol=1e-9, atol=1e-12)


def test_a_network_does_not(shared, shell):
    assert "can only store kind sgdml" in shell.refused("export", shared.folder / "schnet.safetensors")
    assert "choose one of sgdml, torch" in shell.refused(
        "export", shared.folder / "sgdml.safetensors", "--to", "gromacs"
    )


def test_units_are_for_sgdml_alone(shared, shell):
    words = ("export", shared.folder / "schnet.safetensors", "--to", "torch", "--out", "net.pt2")
    assert "The units of the format torch are fixed" in shell.refused(*words, "--out-units", "kcal/mol")


def test_the_force_field_itself_is_not_overwritten(shared, shell):
    model = shared.folder / "schnet.safetensors"
    assert "choose another name" in shell.refused("export", model, "--to", "torch", "--out", model)


@pytest.mark.slow
def test_a_package_is_read_without_supple(shared, shell):
    shell("export", shared.folder / "schnet.safetensors", "--to", "torch", "--out", "net.pt2")
    reader = (
        "import json, sys, torch\n"
        "about = {'supple.json': ''}\n"
        "program = torch.export.load('net.pt2', extra_files=about).module()\n"
        "r = torch.arange(36.0, dtype=torch.float64).reshape(2, 6, 3).sin() * 3\n"
        "energies, forces = program(r)\n"
        "assert 'supple' not in sys.modules\n"
        "print(json.dumps([energies.tolist(), forces.tolist(), json.loads(about['supple.json'])]))"
    )
    done = subprocess.run([sys.executable, "-c", reader], cwd=shell.folder, capture_output=True, text=True, check=True)
    energies, forces, about = json.loads(done.stdout)
    potential = load(shared.folder / "schnet.safetensors")
    expected = potential.predict(np.sin(np.arange(36.0)).reshape(2, 6, 3) * 3)
    np.testing.assert_allclose(energies, expected[0], rtol=1e-8)
    np.testing.assert_allclose(forces, expected[1], rtol=0, atol=2e-5 * np.abs(expected[1]).max())
    assert about["numbers"] == potential.numbers.tolist()
    assert about["units"]["forces"] == "eV/angstrom"
