"""Files that are not a model, or not a whole one, or not ours."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from supple import Dataset, load
from supple.errors import ModelFileError, MoleculeError, SettingsError
from supple.models.upgrades import FORMAT_VERSION

NETWORKS = ("schnet", "bespoke")


@pytest.fixture
def file(potential, tmp_path):
    path = tmp_path / "model.safetensors"
    potential.save(path)
    return path


def rewrite_header(path, change):
    with safe_open(path, framework="pt") as opened:
        header = json.loads(opened.metadata()["supple"])
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    change(header, arrays)
    save_file(arrays, path, metadata={"supple": json.dumps(header)})


def test_missing(tmp_path):
    with pytest.raises(ModelFileError, match="no model file"):
        load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("fraction", [0.0, 0.01, 0.5, 0.99])
def test_cut_short(file, fraction):
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(ModelFileError, match=r"not a Supple model, or it is cut short"):
        load(file)


def test_text_is_not_a_model(tmp_path):
    path = tmp_path / "notes.safetensors"
    path.write_text("these are my notes, and they are longer than a header\n" * 10)
    with pytest.raises(ModelFileError, match="not a Supple model"):
        load(path)


def test_safetensors_of_another_program(file):
    with safe_open(file, framework="pt") as opened:
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    save_file(arrays, file, metadata={"format": "pt"})
    with pytest.raises(ModelFileError, match="no Supple header"):
        load(file)


def test_newer_version(file):
    rewrite_header(file, lambda header, arrays: header.update(format_version=99))
    with pytest.raises(
        ModelFileError,
        match=f"newer version of Supple: it has format version 99, this version reads up to {FORMAT_VERSION}",
    ):
        load(file)


def test_another_kind(file):
    rewrite_header(file, lambda header, arrays: header.update(kind="oracle"))
    with pytest.raises(ModelFileError, match="oracle"):
        load(file)


def test_missing_array(file):
    rewrite_header(file, lambda header, arrays: arrays.pop(sorted(arrays)[-1]))
    with pytest.raises(ModelFileError, match="contents do not match"):
        load(file)


def test_another_molecule(potential, toy):
    with pytest.raises(MoleculeError, match=r"contains C2H6, but the force field was trained on CH4O"):
        potential.evaluate(Dataset.of([6, 6, 1, 1, 1, 1, 1, 1], np.zeros((1, 8, 3)), [0.0], np.zeros((1, 8, 3))))


def test_another_atom_order(potential, toy):
    test = toy[2]
    order = np.argsort(test.numbers, kind="stable")
    shuffled = Dataset.of(test.numbers[order], test.positions[:, order], test.energies, test.forces[:, order])
    expected, found = (potential.evaluate(data, "eV") for data in (test, shuffled))
    assert found.forces.rmse == pytest.approx(expected.forces.rmse, rel=1e-4)
    assert found.energy.rmse == pytest.approx(expected.energy.rmse, rel=1e-4)


def test_an_atom_order_that_no_bonds_explain(potential, toy):
    test = toy[2]
    order = np.argsort(test.numbers, kind="stable")
    shuffled = Dataset.of(test.numbers[order], 3 * test.positions[:, order], test.energies, test.forces[:, order])
    with pytest.raises(MoleculeError, match=r"another order.*atom 1 is H there and C in the force field"):
        potential.evaluate(shuffled)
    with pytest.raises(MoleculeError, match="another order"):
        potential.require_molecule(shuffled)


def test_connectivity_is_kept_in_the_file(potential, file):
    assert load(file).connectivity == potential.connectivity
    rewrite_header(file, lambda header, arrays: header.pop("connectivity"))
    recovered = load(file).connectivity  # as of an older version: sGDML has the distances of its training frames
    if potential.kind in NETWORKS:
        assert recovered is None
        return
    assert (recovered.lasting, recovered.frequent) == (potential.connectivity.lasting, potential.connectivity.frequent)
    handed, expected = ({centre[:4]: centre[4] for centre in one.handed} for one in (recovered, potential.connectivity))
    assert len({handed[centre] * sign for centre, sign in expected.items()}) == 1  # the same, or all mirrored


def test_damaged_connectivity(file):
    def change(header, arrays):
        header["connectivity"]["lasting"][0] = [0, 17]

    rewrite_header(file, change)
    with pytest.raises(ModelFileError, match="contents do not match"):
        load(file)
    rewrite_header(file, lambda header, arrays: header["connectivity"].update(lasting=[], n_atoms=7))
    with pytest.raises(ModelFileError, match="another molecule"):
        load(file)


def test_wrong_number_of_atoms(potential):
    with pytest.raises(MoleculeError, match="6 atoms"):
        potential.predict(np.zeros((2, 5, 3)))


@pytest.mark.parametrize("n_atoms", [5, 7])
def test_another_number_of_atoms_in_a_tensor(potential, n_atoms):
    with pytest.raises(MoleculeError, match="6 atoms"):
        potential.energy_and_forces(torch.zeros(1, n_atoms, 3))


@pytest.mark.parametrize("shape", [(6, 3), (1, 6, 2), (1, 1, 6, 3), (18,), ()])
def test_other_shapes(potential, shape):
    for given in (torch.zeros(shape), np.zeros(shape), np.zeros(shape).tolist()):
        with pytest.raises(MoleculeError, match="6 atoms"):
            potential.checked(given)


def test_arrays_of_any_real_type(potential, toy):
    frames = toy[2].positions[:2].round(3)
    for given in (
        frames.tolist(), frames.astype(">f8"), frames.astype(object), np.asfortranarray(frames), torch.tensor(frames),
        frames[::-1][::-1],
    ):  # fmt: skip
        found = potential.checked(given)
        assert found.dtype is torch.float64
        np.testing.assert_array_equal(found.numpy(), frames)
    energies, _ = potential.predict(frames)
    for other in (potential.predict(frames.astype(">f8"))[0], potential.energy_and_forces(torch.tensor(frames))[0]):
        np.testing.assert_allclose(other, energies, rtol=1e-12)
    for given in (
        frames + 0j, frames.astype(str), [[["far"] * 3] * 6], [[[None] * 3] * 6], [[[1.0], [2.0, 3.0]]], None,
        torch.tensor(frames) + 0j,
    ):  # fmt: skip
        with pytest.raises(MoleculeError, match="must be real numbers"):
            potential.checked(given)


def test_nan_gives_nan_in_that_geometry_alone(potential, toy):
    frames = toy[2].positions[:3].copy()
    expected, _ = potential.predict(frames)
    for bad in (np.nan, np.inf):
        frames[1, 2, 0] = bad
        energies, forces = potential.predict(frames)
        assert np.isnan(energies[1]) and np.isnan(forces[1]).any()
        np.testing.assert_allclose(energies[[0, 2]], expected[[0, 2]], rtol=1e-9)


def test_another_precision_is_refused(potential, file, toy):
    for convert in ("float", "half"):
        other = load(file)
        getattr(other.module, convert)()
        with pytest.raises(SettingsError, match="load it again"):
            other.predict(toy[2].positions[:1])
    other = load(file)
    other.module.double()  # what sGDML is anyway
    if potential.kind not in NETWORKS:
        np.testing.assert_array_equal(*(p.predict(toy[2].positions[:1])[0] for p in (other, potential)))
    else:
        with pytest.raises(SettingsError, match="load the force field again"):
            other.predict(toy[2].positions[:1])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there(file):
    for device in ("cuda", "cuda:7", "abacus"):
        with pytest.raises(SettingsError, match=f"device '{device}' cannot be used on this machine"):
            load(file, device=device)
