"""Error bars on the command line: calibrate, and what evaluate and predict make of them."""

import ase.io
import numpy as np
import pytest
from cli.conftest import SETTINGS
from toy import toy_dataset

from supple import load, read
from supple.data.writing import write_extxyz

KINDS = list(SETTINGS)


def without_error_bars(shared, kind, name):
    potential = load(shared.folder / f"{kind}.safetensors")
    potential.error_bars = None
    potential.save(shared.folder / name)
    return name


@pytest.mark.parametrize("kind", KINDS)
def test_evaluate_json(shared, kind):
    found = shared.json("evaluate", f"{kind}.safetensors", "toy.xyz")["uncertainty"]
    for quantity in ("energy", "forces"):
        assert set(found[quantity]) == {"coverage68", "coverage95", "spearman", "auroc"}
        assert 0.3 < found[quantity]["coverage68"] <= found[quantity]["coverage95"] <= 1
        assert -1 <= found[quantity]["spearman"] <= 1


def test_a_model_without_error_bars(shared):
    model = without_error_bars(shared, "sgdml", "old.safetensors")
    result = shared.json("evaluate", model, "toy.xyz")
    assert result["uncertainty"] == {"energy": None, "forces": None}
    out, _ = shared("evaluate", model, "toy.xyz")
    assert "no error bars: 'supple calibrate old.safetensors FILE' adds them" in out
    _, err = shared("predict", model, "toy.xyz", "--out", "plain.xyz")
    assert "no error bars" in err
    assert "uncertainty" not in (shared.folder / "plain.xyz").read_text()


def test_evaluate_for_people(shared):
    out, _ = shared("evaluate", "sgdml.safetensors", "toy.xyz")
    assert "Error bars of the energy: the 68 % interval holds" in out
    assert "Error bars of the forces: the 68 % interval holds" in out


@pytest.mark.parametrize("kind", KINDS)
def test_predict_writes_columns(shared, kind):
    fresh = toy_dataset(5, seed=77)
    write_extxyz(shared.folder / "five.xyz", (fresh.numbers, fresh.positions, None, None))
    shared("predict", f"{kind}.safetensors", "five.xyz", "--out", f"{kind}-bars.xyz", "--out-units", "kcal/mol")
    expected = load(shared.folder / f"{kind}.safetensors").predict(fresh.positions, uncertainty=True)
    kcal = 0.0433641
    for k, atoms in enumerate(ase.io.read(shared.folder / f"{kind}-bars.xyz", ":")):
        assert atoms.info["energy_uncertainty"] * kcal == pytest.approx(expected.energies_std[k], rel=1e-3)
        np.testing.assert_allclose(atoms.arrays["forces_uncertainty"] * kcal, expected.forces_std[k], rtol=1e-3)
    again = read(shared.folder / f"{kind}-bars.xyz")  # the new names do not make labels ambiguous
    np.testing.assert_allclose(again.forces, expected.forces, atol=1e-4)


def test_atoms_in_another_order_have_their_own_error_bars(shared):
    fresh = toy_dataset(4, seed=78)
    order = np.argsort(fresh.numbers, kind="stable")
    write_extxyz(shared.folder / "sorted.xyz", (fresh.numbers[order], fresh.positions[:, order], None, None))
    shared("predict", "sgdml.safetensors", "sorted.xyz", "--out", "sorted-out.xyz")
    expected = load(shared.folder / "sgdml.safetensors").predict(fresh.positions, uncertainty=True).forces_std
    found = np.array(
        [atoms.arrays["forces_uncertainty"] for atoms in ase.io.read(shared.folder / "sorted-out.xyz", ":")]
    )
    equal = [np.sort(values[:, order == i].ravel()) for values, i in ((found, 0), (expected[:, order], 0))]
    np.testing.assert_allclose(*equal, rtol=1e-4)
    np.testing.assert_allclose(np.sort(found, axis=1), np.sort(expected, axis=1), rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_calibrate_adds_them(shared, kind):
    model = without_error_bars(shared, kind, f"{kind}-old.safetensors")
    write_extxyz(shared.folder / "more.xyz", toy_dataset(60, seed=5), "kcal/mol")
    result = shared.json("calibrate", model, "more.xyz")
    assert result["out"] == f"{kind}-old-calibrated.safetensors"
    assert result["n_excluded"] == 0
    assert (result["n_frames"], result["n_reference"]) == ((60, 0) if kind == "sgdml" else (30, 30))
    made, before = (load(shared.folder / name) for name in (result["out"], model))
    assert made.provenance == before.provenance
    positions = toy_dataset(5, seed=6).positions
    found = made.predict(positions, uncertainty=True)
    np.testing.assert_array_equal(found.forces, before.predict(positions)[1])
    assert (found.forces_std > 0).all() and (found.energies_std > 0).all()
    assert shared.json("evaluate", result["out"], "toy.xyz")["uncertainty"]["forces"]["coverage95"] > 0.7
    if kind == "sgdml":  # all frames of the file served the calibration
        assert "trained, validated or calibrated on every frame" in shared.refused(
            "evaluate", result["out"], "more.xyz"
        )


def test_calibrate_never_uses_training_frames(shared):
    model = without_error_bars(shared, "sgdml", "old2.safetensors")
    result = shared.json("calibrate", model, "toy.xyz", "--out", "of-its-own-file.safetensors")
    assert (result["n_frames"], result["n_excluded"]) == (60, 40)


def test_calibrate_refuses(shared):
    write_extxyz(shared.folder / "few.xyz", toy_dataset(6, seed=5), "kcal/mol")
    assert "few.xyz has 6 frames for a calibration" in shared.refused("calibrate", "sgdml.safetensors", "few.xyz")
    blind = toy_dataset(20, seed=5)
    write_extxyz(shared.folder / "no-forces.xyz", (blind.numbers, blind.positions, blind.energies, None), "kcal/mol")
    assert "no forces" in shared.refused("calibrate", "sgdml.safetensors", "no-forces.xyz")
    assert "swapped" in shared.refused("calibrate", "toy.xyz", "sgdml.safetensors")
    assert "input file" in shared.refused("calibrate", "sgdml.safetensors", "toy.xyz", "--out", "sgdml.safetensors")
    (shared.folder / "there.safetensors").write_text("mine")
    assert "exists" in shared.refused("calibrate", "sgdml.safetensors", "toy.xyz", "--out", "there.safetensors")


def test_select(shared):
    candidates = toy_dataset(30, seed=8)
    write_extxyz(shared.folder / "candidates.xyz", (candidates.numbers, candidates.positions, None, None))
    result = shared.json("select", "candidates.xyz", "--model", "sgdml.safetensors", "--count", 12)
    assert (result["out"], result["n_frames"], result["unit"]) == ("candidates-selected.xyz", 12, "kcal/mol/Å")
    written = ase.io.read(shared.folder / "candidates-selected.xyz", ":")
    np.testing.assert_allclose(
        [atoms.positions for atoms in written], candidates.positions[result["frames"]], atol=1e-9
    )
    np.testing.assert_allclose(
        [atoms.info["expected_force_error"] for atoms in written], result["expected_force_errors"], rtol=1e-6
    )
    out, _ = shared("select", "candidates.xyz", "--model", "sgdml.safetensors", "--count", 12, "--overwrite")
    assert f"frame {result['frames'][0]}: " in out
    assert "... and 2 more" in out
    assert out.rstrip().endswith("supple sample --label candidates-selected.xyz")
    assert len(read(shared.folder / "candidates-selected.xyz", labels=False)) == 12


def test_select_refuses(shared):
    potential, data = load(shared.folder / "sgdml.safetensors"), read(shared.folder / "toy.xyz")
    seen = set(potential.provenance.seen_frames)
    own = data.select([k for k, frame in enumerate(data.frame_hashes) if frame in seen])
    write_extxyz(shared.folder / "its-own.xyz", own, "kcal/mol")
    assert "validated on every frame" in shared.refused("select", "its-own.xyz", "--model", "sgdml.safetensors")
    model = without_error_bars(shared, "sgdml", "old3.safetensors")
    assert "no error bars" in shared.refused("select", "toy.xyz", "--model", model)
    assert "swapped" in shared.refused("select", "sgdml.safetensors", "--model", "toy.xyz")
