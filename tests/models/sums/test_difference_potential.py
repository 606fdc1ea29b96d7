"""The sum of a baseline and a model of the difference, and its file."""

import json
import sys

import numpy as np
import pytest
import torch
from fake_calculators import Cheap
from safetensors import safe_open
from safetensors.torch import save_file
from toy import toy_dataset

from supple import SGDML, load
from supple.errors import CalculationError, ModelFileError, SettingsError
from supple.methods.level import Level
from supple.models.sums.difference_potential import DifferencePotential
from supple.models.sums.method_potential import MethodPotential
from supple.models.sums.sample_point import SamplePoint

CHEAP = Level("fake_calculators:cheap")


@pytest.fixture(scope="module")
def toy():
    return toy_dataset(60).split(train=20, valid=10, test=8, seed=1)


@pytest.fixture(scope="module")
def potential(toy):
    return SGDML(sigma=8.0, lam=1e-8, energies="learned", baseline=CHEAP.name).fit(*toy[:2])


@pytest.fixture(scope="module")
def file(potential, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    potential.save(path)
    return path


def rewritten(file, folder, change):
    """A copy of a model file with another header."""
    with safe_open(file, framework="pt") as opened:
        header = json.loads(opened.metadata()["supple"])
        arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    change(header["configuration"]["baseline"])
    save_file(arrays, folder / "changed.safetensors", metadata={"supple": json.dumps(header)})
    return folder / "changed.safetensors"


def test_it_is_the_sum(potential, toy):
    positions = toy[2].positions
    energies, forces = potential.predict(positions)
    of_model = potential.model.predict(positions)
    points = [point for point, _ in CHEAP.single_points(potential.numbers, positions)]
    np.testing.assert_allclose(energies, of_model[0] + [point.energy for point in points], rtol=0, atol=1e-9)
    np.testing.assert_allclose(forces, of_model[1] + np.array([point.forces for point in points]), rtol=0, atol=1e-9)


def test_one_file_names_the_baseline(potential, file, toy):
    with safe_open(file, framework="pt") as opened:
        header = json.loads(opened.metadata()["supple"])
    baseline = header["configuration"]["baseline"]["configuration"]
    assert header["kind"] == "difference"
    assert (baseline["method"], baseline["charge"], baseline["multiplicity"]) == (CHEAP.name, 0, 1)
    assert baseline["version"] == potential.baseline.version == CHEAP.version
    loaded = load(file)
    assert isinstance(loaded, DifferencePotential) and loaded.model_kind == "sgdml"
    for ours, theirs in zip(potential.predict(toy[2].positions), loaded.predict(toy[2].positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_reading_a_file_runs_nothing_that_it_names(file, tmp_path, toy):
    changed = rewritten(file, tmp_path, lambda part: part["configuration"].update(method="no_such_module:make"))
    loaded = load(changed)
    with pytest.raises(SettingsError, match="no_such_module:make cannot be imported"):
        loaded.predict(toy[2].positions)


@pytest.mark.parametrize("name", ["os:abort", "os.path:getcwd", "B3LYP"])
def test_what_is_not_a_method_is_refused(file, tmp_path, name):
    changed = rewritten(file, tmp_path, lambda part: part["configuration"].update(method=name))
    with pytest.raises(ModelFileError, match=rf"the sum of a model and of '{name}', which is not a method"):
        load(changed)


def test_a_method_that_is_not_installed(file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tblite.ase", None)
    changed = rewritten(file, tmp_path, lambda part: part["configuration"].update(method="GFN2-xTB"))
    with pytest.raises(ModelFileError, match=r"GFN2-xTB, which is missing: GFN2-xTB needs tblite.*pip install"):
        load(changed)


def test_another_version_is_said(file, tmp_path, caplog):
    pytest.importorskip("tblite")
    other = rewritten(
        file,
        tmp_path,
        lambda part: part["configuration"].update(method="GFN2-xTB", version="tblite 0.1.0", sample=None),
    )
    loaded = load(other)
    assert "made with GFN2-xTB of tblite 0.1.0, and tblite" in caplog.text
    with pytest.raises(CalculationError, match=r"install that version, or train again"):  # nothing to compare with
        loaded.predict(toy_dataset(1).positions)


@pytest.mark.parametrize(("offset", "is_same"), [(0.0, True), (1e-3, False)])
def test_another_version_is_compared(toy, caplog, offset, is_same):
    frame = toy[2].positions[:1]
    ((point, _),) = CHEAP.single_points(toy[2].numbers, frame)
    sample = SamplePoint.of(frame[0], point)
    sample = sample.model_copy(update={"energy": sample.energy + offset})
    potential = MethodPotential(toy[2].numbers, CHEAP, "fake_calculators of last year", sample)
    if is_same:
        assert potential.predict(frame)[0][0] == point.energy
        assert "gives the same energy and forces" in caplog.text
        return
    with pytest.raises(CalculationError, match=r"of last year.*gives other energies or forces"):
        potential.predict(frame)


def test_a_method_that_fails_names_the_geometry(toy, monkeypatch):
    level = Level("fake_calculators:sometimes_cheap")
    positions = toy[2].positions.copy()
    positions[:, 0, 0] = [1e-6, 2e-6, 3e-6, 4e-6, 6e-6, 7e-6, 5e-6, 8e-6]
    potential = MethodPotential(toy[2].numbers, level)
    monkeypatch.setattr(potential, "batch_size", 4)
    with pytest.raises(CalculationError, match=r"failed for geometry 6 of those given.*no self-consistency"):
        potential.predict(positions)


def test_positions_that_are_not_finite(potential, toy):
    positions = toy[2].positions[:3] + 1e-3  # no other test has calculated these
    positions[1, 0, 0] = np.nan
    before = Cheap.calls
    energies, forces = potential.predict(positions)
    assert Cheap.calls == before + 2
    assert np.isnan(energies[1]) and np.isnan(forces[1]).all()
    assert np.isfinite(energies[[0, 2]]).all()


def test_no_graph_holds_a_method(potential):
    with pytest.raises(ModelFileError, match="calls fake_calculators:cheap at every step"):
        potential.operations()


def test_a_force_field_as_baseline_is_in_the_file_and_in_the_graph(potential, file, toy, tmp_path):
    low = SGDML(sigma=8.0, lam=1e-8, energies="learned").fit(*toy[:2])
    low.save(tmp_path / "low.safetensors")
    high_level = [data_with_more(part) for part in toy]
    high = SGDML(sigma=8.0, lam=1e-8, energies="learned", baseline=str(tmp_path / "low.safetensors")).fit(
        *high_level[:2]
    )
    assert high.name == "sgdml@sgdml"
    high.save(tmp_path / "high.safetensors")
    (tmp_path / "low.safetensors").unlink()
    loaded = load(tmp_path / "high.safetensors")
    positions = toy[2].positions
    for ours, theirs in zip(high.predict(positions), loaded.predict(positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert loaded.baseline.provenance == low.provenance
    energies, forces = loaded.operations()(torch.tensor(positions))
    np.testing.assert_allclose(energies.numpy(), loaded.predict(positions)[0], atol=1e-8)
    np.testing.assert_allclose(forces.numpy(), loaded.predict(positions)[1], atol=1e-8)
    third = SGDML(sigma=8.0, lam=1e-8, energies="learned", baseline=str(file)).fit(*high_level[:2])
    assert third.name == f"sgdml@sgdml@{CHEAP.name}"
    third.save(tmp_path / "third.safetensors")
    np.testing.assert_array_equal(
        load(tmp_path / "third.safetensors").predict(positions)[1], third.predict(positions)[1]
    )


def data_with_more(data):
    """The same frames at a level that differs by the error of `Cheap`."""
    points = [point for point, _ in CHEAP.single_points(data.numbers, data.positions)]
    energies, forces = [point.energy for point in points], np.array([point.forces for point in points])
    return type(data).of(data.numbers, data.positions, energies, forces)
