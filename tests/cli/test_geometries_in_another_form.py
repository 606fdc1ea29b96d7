"""Geometries with their atoms in another order or cut by a box, and labels in units that the file does not state."""

import re

import ase.io
import numpy as np
import pytest
from ase import Atoms
from toy import toy_dataset

from supple import Dataset
from supple.data.writing import write_extxyz
from supple.models.loading import load

FRESH = toy_dataset(4, seed=11)
ORDER = np.array([5, 0, 3, 1, 2, 4])


@pytest.fixture(scope="module")
def written(shared):
    frames = [Atoms(FRESH.numbers, r) for r in FRESH.positions]
    ase.io.write(shared.folder / "turned.xyz", [atoms[ORDER] for atoms in frames])
    for atoms in frames:
        atoms.set_cell([11.0, 12.0, 13.0])
        atoms.pbc = True
        atoms.wrap()
    ase.io.write(shared.folder / "cut.traj", frames)
    return shared


@pytest.mark.parametrize("name", ["turned.xyz", "cut.traj"])
def test_predict(written, name):
    _, err = written("predict", "sgdml.safetensors", name, "--out", f"{name}.out.xyz")
    assert ("All 4 frames of turned.xyz have their atoms in another order" in err) == (name == "turned.xyz")
    energies, forces = load(written.folder / "sgdml.safetensors").predict(FRESH.positions)
    found = ase.io.read(written.folder / f"{name}.out.xyz", ":")
    order = ORDER if name == "turned.xyz" else np.arange(6)
    np.testing.assert_array_equal(found[0].numbers, FRESH.numbers[order])
    np.testing.assert_allclose([atoms.get_potential_energy() for atoms in found], energies, atol=1e-6)
    np.testing.assert_allclose([atoms.get_forces() for atoms in found], forces[:, order], atol=1e-5)


def test_evaluate(written):
    turned = Dataset.of(
        FRESH.numbers[ORDER], FRESH.positions[:, ORDER], FRESH.energies, FRESH.forces[:, ORDER], name="turned"
    )
    write_extxyz(written.folder / "labelled.xyz", FRESH, "eV")
    write_extxyz(written.folder / "labelled-turned.xyz", turned, "eV")
    right, found = (
        written.json("evaluate", "sgdml.safetensors", name) for name in ("labelled.xyz", "labelled-turned.xyz")
    )
    assert found["forces"]["rmse"] == pytest.approx(right["forces"]["rmse"], rel=1e-4)
    assert found["energy"]["rmse"] == pytest.approx(right["energy"]["rmse"], rel=1e-4)


def test_geometries_with_other_bonds_are_pointed_out(written):
    ase.io.write(
        written.folder / "far.xyz", [Atoms(FRESH.numbers, factor * FRESH.positions[0]) for factor in (1, 1, 1.6)]
    )
    _, err = written("predict", "sgdml.safetensors", "far.xyz", "--out", "far-out.xyz")
    assert "1 of 3 frames of far.xyz, the first of them frame 2, have bonds that the training frames do not have" in err


def test_dynamics_and_scans(written):
    words = ["--time", "1fs", "--every", "1fs", "--temperature", "50", "--on-leave", "warn"]
    _, err = written("md", "sgdml.safetensors", "--start", "turned.xyz", "--out", "t.xyz", *words)
    assert "the results have the order of the force field" in err
    start = ase.io.read(written.folder / "t.xyz", "0")
    np.testing.assert_array_equal(start.numbers, FRESH.numbers)
    np.testing.assert_allclose(
        np.ptp(start.get_all_distances()), np.ptp(Atoms(positions=FRESH.positions[0]).get_all_distances()), atol=0.05
    )
    _, err = written(
        "md", "sgdml.safetensors", "--start", "cut.traj", "--reference", "turned.xyz", "--out", "r.xyz", *words
    )
    assert "All 4 frames of turned.xyz have their atoms in another order" in err
    for words in (
        ["scan", "sgdml.safetensors", "turned.xyz", "--torsion", "H3-C1-O2-H4"],
        ["path", "sgdml.safetensors", "turned.xyz"],
    ):
        sentence = written.refused(*words)
        assert "Frame 0 of turned.xyz has its atoms in another order" in sentence
        assert re.search(r"give them in the order 2 4 \d 3 \d \d\.", sentence)


def test_units_that_a_file_does_not_state(shell):
    data, kcal = toy_dataset(60), 23.060547830619026
    arrays = {"z": data.numbers, "R": data.positions, "E": data.energies * kcal, "F": data.forces * kcal}
    np.savez(shell.folder / "a.npz", **arrays)
    shell(
        "train",
        "a.npz",
        "--units",
        "kcal/mol",
        "--train",
        20,
        "--valid",
        10,
        "--set",
        "sigma=8",
        "--out",
        "m.safetensors",
    )
    stated = shell.json("evaluate", "m.safetensors", "a.npz", "--units", "kcal/mol")
    _, err = shell("evaluate", "m.safetensors", "a.npz", "--json")
    assert shell.json("evaluate", "m.safetensors", "a.npz") == stated
    assert "a.npz holds the training data, which were read with --units kcal/mol" in err
    for name, change in (("R", 1e-3), ("F", 1e-9)):  # other frames; other labels
        np.savez(shell.folder / "b.npz", **(arrays | {name: arrays[name] + change * np.sin(np.arange(6))[:, None]}))
        sentence = shell.refused("evaluate", "m.safetensors", "b.npz")
        assert sentence.endswith("The force field was trained on a.npz with --units kcal/mol.")
