"""Labels for the frames of a file."""

import numpy as np
import pytest
from ase.build import molecule
from fake_calculators import Springs
from inline_workers import sample_here

import supple
from supple.checks import examine
from supple.data.writing import write_extxyz
from supple.errors import DataError, SettingsError
from supple.methods.label_frames import label_frames
from supple.methods.level import Level
from supple.models.kernel.direct_fit import small_kernel_model
from supple.sampling import Recipe, sample


@pytest.fixture
def file(tmp_path):
    """Sixty geometries of water."""
    water = molecule("H2O")
    positions = water.positions + 0.05 * np.random.default_rng(0).standard_normal((60, 3, 3))
    write_extxyz(tmp_path / "left.xyz", (water.numbers, positions, None, None))
    return tmp_path / "left.xyz"


def labels(file, method="fake_calculators:springs", **settings):
    return Recipe.of(molecule=str(file), method=method, draws=[{"kind": "frames", "file": str(file)}], **settings)


def test_every_frame_is_labelled_in_its_order(file, tmp_path, monkeypatch):
    monkeypatch.setattr(Springs, "rest", None)
    monkeypatch.setenv(
        "PYTHONPATH", str(pytest.importorskip("fake_calculators").__file__.rpartition("/")[0]), prepend=":"
    )
    made = sample(labels(file), tmp_path / "out.xyz", jobs=2)
    data, given = supple.read(tmp_path / "out.xyz"), supple.read(file, labels=False)
    assert (len(data), made.failures, made.missing) == (60, (), 0)
    np.testing.assert_array_equal(data.positions, given.positions)
    assert sorted(set(data.extras["origin"])) == ["frames_left_0", "frames_left_25", "frames_left_50"]
    sample_here(monkeypatch)
    again = sample(labels(file), tmp_path / "out.xyz", jobs=1)
    np.testing.assert_array_equal(again.dataset.energies, data.energies)


def test_labels_are_those_of_the_method(file, tmp_path, here):
    tblite = pytest.importorskip("tblite.ase")
    sample(labels(file, "GFN2-xTB"), tmp_path / "out.xyz", jobs=2)
    data = supple.read(tmp_path / "out.xyz")
    atoms = molecule("H2O")
    atoms.positions = data.positions[31]
    atoms.calc = tblite.TBLite(method="GFN2-xTB", accuracy=0.1, verbosity=0)
    assert atoms.get_potential_energy() == pytest.approx(data.energies[31], abs=1e-8)
    np.testing.assert_allclose(atoms.get_forces(), data.forces[31], atol=1e-7)
    assert not [finding for finding in examine(data, small_kernel_model) if finding.severity == "serious"]
    potential = supple.SGDML(sigma=5.0).fit(*data.split(train=30, valid=10, seed=0)[:2])  # it can be trained on
    assert potential.numbers.tolist() == [8, 1, 1]


def test_another_content_or_molecule_is_refused(file, tmp_path, here):
    pytest.importorskip("tblite")
    sample(labels(file, "GFN2-xTB"), tmp_path / "out.xyz", jobs=1)
    given = supple.read(file, labels=False)
    write_extxyz(file, given.select(np.arange(59)))
    with pytest.raises(SettingsError, match=r"out\.sample contains a run with other settings \(geometries"):
        sample(labels(file, "GFN2-xTB"), tmp_path / "out.xyz")
    recipe = Recipe.of(molecule="azobenzene", draws=[{"kind": "frames", "file": str(file)}])
    with pytest.raises(SettingsError, match=r"left\.xyz contains H2O, which is not azobenzene"):
        recipe.segments()
    file.write_text("3\nwater\nO 0 0 nonsense\n")
    with pytest.raises(DataError, match=r"left\.xyz"):
        labels(file, "GFN2-xTB").segments()


def test_energies_alone(file, tmp_path, here, monkeypatch):
    """Of a method without forces: geometries that are there are labelled, by their content as well; none can be drawn."""
    pytest.importorskip("pyscf")
    monkeypatch.setattr("supple.methods.record_file._writable", lambda folder: tmp_path / "labels")
    few, level = tmp_path / "few.xyz", "pyscf:CCSD(T)/sto-3g"
    given = supple.read(file, labels=False).select(range(4))
    write_extxyz(few, given)
    sample(labels(few, level), tmp_path / "out.xyz", jobs=1)
    data = supple.read(tmp_path / "out.xyz", labels="optional")
    assert data.forces is None
    for _ in range(2):  # calculated, and then read
        found = label_frames(Level(level), given.numbers, given.positions, tmp_path)
        np.testing.assert_allclose(found.energies, data.energies, atol=1e-7)
        assert not found.failures and np.isnan(found.forces).all()
    with pytest.raises(SettingsError, match=r"What moves the molecule \(--drive\) needs forces, and pyscf:CCSD"):
        Recipe.of(molecule=str(few), method=level).segments()
    assert Recipe.of(molecule=str(few), method=level, drive="GFN2-xTB").segments()
