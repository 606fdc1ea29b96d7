"""Models of the sGDML package: what is written is read again, and its arrays mean what they mean there."""

import numpy as np
import pytest
from ase.data import atomic_numbers
from toy import toy_dataset

from supple import SGDML
from supple.errors import ModelFileError, UnitsError
from supple.models.kernel.sgdml_package import load_sgdml_model, save_sgdml_model
from supple.molecule.descriptors import InverseDistances


@pytest.fixture(scope="module")
def fitted():
    data = toy_dataset(60)
    train, valid, test = data.split(train=20, valid=10)
    settings = SGDML(sigma=8.0, descriptor="inverse-distances", energies="integrated")
    return settings.fit(train, valid), test


@pytest.mark.parametrize("units", ["eV", "kcal/mol", "hartree,bohr"])
def test_there_and_back(fitted, units, tmp_path):
    potential, test = fitted
    save_sgdml_model(potential, tmp_path / "m.npz", units)
    back = load_sgdml_model(tmp_path / "m.npz")
    for mine, theirs in zip(potential.predict(test.positions), back.predict(test.positions), strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=1e-11, atol=1e-9)


def test_the_arrays_mean_what_they_mean_there(fitted, tmp_path):
    """The package's own formula, written out: permuted copies of the training points, one geometry at a time."""
    potential, test = fitted
    save_sgdml_model(potential, tmp_path / "m.npz", "kcal/mol")
    m = np.load(tmp_path / "m.npz")
    n_perms, n_entries = len(m["perms"]), len(m["R_desc"])
    points, weights = (
        np.tile(array, n_perms)[:, m["tril_perms_lin"]].reshape(len(array), n_entries, n_perms)
        for array in (m["R_desc"].T, m["R_d_desc_alpha"])
    )
    i, j = np.tril_indices(6, -1)
    for r, energy in zip(test.positions[:5], potential.predict(test.positions[:5])[0], strict=True):
        x = 1 / np.linalg.norm(r[i] - r[j], axis=1)
        d = x[None, :, None] - points
        q = np.sqrt(5) * np.linalg.norm(d, axis=1) / m["sig"]
        raw = ((d * weights).sum(axis=1) * 5 / (3 * m["sig"] ** 2) * (1 + q) * np.exp(-q)).sum()
        assert raw * m["std"] + m["c"] == pytest.approx(energy * 23.060547830619026, rel=1e-12)


def changed(path, **fields):
    with np.load(path) as archive:
        content = {name: archive[name] for name in archive.files if not name.endswith("_err")} | fields
    np.savez(path, **{k: v for k, v in content.items() if v is not None})


@pytest.mark.parametrize(
    ("fields", "error", "sentence"),
    [
        ({"type": "d"}, ModelFileError, "is not a model of the sGDML package"),
        ({"sig": None}, ModelFileError, "lacks sig"),
        ({"lattice": np.eye(3)}, ModelFileError, "is periodic"),
        ({"R_desc": np.zeros((3, 2))}, ModelFileError, "do not match"),
        ({"perms": np.array([[0, 1, 4, 3, 5, 2]])}, ModelFileError, "form no group"),
        ({"perms": np.array([[0, 1, 2, 3, 4, 5], [1, 0, 2, 3, 4, 5]])}, ModelFileError, "another element"),
        ({"perms": np.array([[0, 1, 2, 3, 4, 9]])}, ModelFileError, "one that there is not"),
        ({"perms": np.array([[0.5] * 6])}, ModelFileError, "perms holds float64 values"),
        ({"sig": 0}, ModelFileError, "sig is 0"),
        ({"sig": np.ones(3)}, ModelFileError, "sig is not a number"),
        ({"std": np.nan}, ModelFileError, "std is nan"),
        ({"c": np.inf}, ModelFileError, "c is inf"),
        ({"z": np.array([6, 8, 1, 1, 1, 200])}, ModelFileError, "no element"),
        ({"R_desc": np.full((15, 20), np.nan)}, ModelFileError, "not finite"),
        ({"e_unit": "unknown"}, UnitsError, "does not state its units"),
    ],
)
def test_what_is_no_such_model_is_refused(fitted, tmp_path, fields, error, sentence):
    save_sgdml_model(fitted[0], tmp_path / "m.npz")
    changed(tmp_path / "m.npz", **fields)
    with pytest.raises(error, match=sentence):
        load_sgdml_model(tmp_path / "m.npz")


def test_noise_and_nothing(tmp_path):
    (tmp_path / "noise.npz").write_bytes(b"noise")
    for name, sentence in (("noise.npz", "is not a model"), ("nowhere.npz", "no model file")):
        with pytest.raises(ModelFileError, match=sentence):
            load_sgdml_model(tmp_path / name)


def test_atoms_are_those_of_the_molecule(fitted, tmp_path):
    save_sgdml_model(fitted[0], tmp_path / "m.npz")
    assert np.load(tmp_path / "m.npz")["z"].tolist() == [atomic_numbers[s] for s in toy_dataset(1).symbols]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"sigma": 8.0, "energies": "integrated"}, "only supports inverse distances of all pairs as descriptor"),
        (
            {"sigma": 8.0, "descriptor": "reduced", "energies": "integrated"},
            "only supports inverse distances of all pairs",
        ),
        (
            {"sigma": 8.0, "descriptor": "inverse-distances", "energies": "learned"},
            "has learned energies, which the sGDML package does not support",
        ),
        (
            {"sigma": 8.0, "descriptor": "inverse-distances", "energies": "integrated", "kernel": "matern-7/2"},
            "only supports a Matérn 5/2 kernel with one length scale",
        ),
        (
            {"descriptor": "inverse-distances", "energies": "integrated", "environments": ["molecule"]},
            "one length scale, and this force field has a learned metric",
        ),
        ({"descriptor": "inverse-distances", "kernel": "matern-5/2", "environments": [1]}, "has a learned metric"),
    ],
)
def test_what_the_package_does_not_have_is_refused(settings, complaint, tmp_path):
    train, valid, _ = toy_dataset(60).split(train=20, valid=10)
    potential = SGDML(**settings).fit(train, valid)
    if settings.get("descriptor") == "reduced":  # these few frames may need all distances
        potential.module.descriptor = InverseDistances(6, potential.module.descriptor.entries[1:])
    with pytest.raises(ModelFileError, match=complaint) as caught:
        save_sgdml_model(potential, tmp_path / "m.npz")
    assert str(caught.value).endswith(
        "train with --set metric=uniform --set descriptor=inverse-distances --set energies=integrated to export."
    )
    assert not list(tmp_path.iterdir())


def test_what_the_sentence_says_can_be_exported(tmp_path):
    train, valid, test = toy_dataset(60).split(train=20, valid=10)
    potential = SGDML(metric="uniform", descriptor="inverse-distances", energies="integrated").fit(train, valid)
    save_sgdml_model(potential, tmp_path / "m.npz")
    back = load_sgdml_model(tmp_path / "m.npz")
    assert float(np.load(tmp_path / "m.npz")["sig"]) == pytest.approx(potential.provenance.settings["sigma"])
    np.testing.assert_allclose(
        back.predict(test.positions)[1], potential.predict(test.positions)[1], rtol=1e-9, atol=1e-9
    )
