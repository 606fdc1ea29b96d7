"""Level of theory, charge and multiplicity: found under the usual names in every format, stated once where they agree."""

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

import supple
from supple.checks import examine
from supple.checks.context import CheckContext
from supple.checks.dataset_card import card
from supple.data.concatenate import concatenate
from supple.data.writing import write
from supple.models.kernel.direct_fit import small_kernel_model


def xyz(water, *comments):
    text = ""
    for m, comment in enumerate(comments):
        rows = [
            f"{s} {' '.join(map(repr, [*r, *f]))}"
            for s, r, f in zip(water.symbols, water.positions[m].tolist(), water.forces[m].tolist(), strict=True)
        ]
        head = f"energy={water.energies[m]} Properties=species:S:1:pos:R:3:forces:R:3"
        text += "\n".join(["3", f"{head} {comment}", *rows]) + "\n"
    return text


def state(data):
    return {name: data.source.about.get(name) for name in ("charge", "multiplicity")}


def names(data):
    return [finding.name for finding in examine(data, small_kernel_model)]


@pytest.mark.parametrize(
    "comment", ["charge=-1 multiplicity=2", "total_charge=-1.0 mult=2", "Charge=-1 spin_multiplicity=2"]
)
def test_of_the_comments_of_xyz(comment, water, file):
    data = supple.read(file("a.xyz", xyz(water, *[comment] * 5)))
    assert state(data) == {"charge": "-1", "multiplicity": "2"}
    assert data.extras == {}


def test_what_differs_between_frames_is_said_of_each(water, file):
    data = supple.read(file("a.xyz", xyz(water, *["total_charge=0 mult=1"] * 3, *["total_charge=1 mult=2"] * 2)))
    assert data.extras["charge"].tolist() == [0, 0, 0, 1, 1]
    assert data.extras["multiplicity"].tolist() == [1, 1, 1, 2, 2]
    (charge, multiplicity) = (f for f in examine(data, small_kernel_model) if f.name == "mixed-charge")
    assert charge.severity == "serious"
    assert charge.frames == (3, 4)
    assert charge.sentence == "the frames are of different electronic states: charge 0 (3), 1 (2)"
    assert "multiplicity 1 (3), 2 (2)" in multiplicity.sentence


def test_the_card_shows_them(water, file):
    same = card_rows(supple.read(file("a.xyz", xyz(water, *["charge=-1 mult=2 theory=PBE"] * 5))))
    assert (same["level of theory"], same["charge"], same["multiplicity"]) == ("PBE", "-1", "2")
    mixed = card_rows(supple.read(file("a.xyz", xyz(water, *["charge=0"] * 4, "charge=1"))))
    assert (mixed["level of theory"], mixed["charge"]) == ("not stated", "differs between frames")
    assert "multiplicity" not in mixed


def card_rows(data):
    return dict(card(CheckContext(data, small_kernel_model)).rows())


def test_a_spin_is_kept_as_it_is_but_must_not_differ(water, file):
    data = supple.read(file("a.xyz", xyz(water, *["spin=0"] * 4, "spin=1")))
    assert data.extras["spin"].tolist() == [0, 0, 0, 0, 1]
    assert "mixed-charge" in names(data)


def test_a_charge_that_only_some_frames_state_is_no_contradiction(water, file):
    data = supple.read(file("a.xyz", xyz(water, "charge=0", "charge=0", "", "", "charge=0")))
    assert "mixed-charge" not in names(data)


@pytest.mark.parametrize(
    ("comment", "impossible"),
    [("charge=0 multiplicity=1", False), ("charge=1 multiplicity=2", False), ("charge=0 multiplicity=3", False),
     ("charge=1 multiplicity=1", True), ("charge=0 multiplicity=2", True), ("charge=9 multiplicity=4", True)],
)  # fmt: skip
def test_a_multiplicity_that_the_electrons_cannot_have(comment, impossible, water, file):
    data = supple.read(file("a.xyz", xyz(water, *[comment] * 5)))
    found = [f for f in examine(data, small_kernel_model) if f.name == "impossible-multiplicity"]
    assert bool(found) == impossible
    assert all(f.severity == "warning" for f in found)


def test_charges_of_atoms_are_not_that_of_the_molecule(water, tmp_path):
    charges = np.tile([-0.8, 0.4, 0.4], (5, 1))
    np.savez(tmp_path / "a.npz", z=water.numbers, R=water.positions, E=water.energies, F=water.forces, charges=charges)
    data = supple.read(tmp_path / "a.npz", units="eV")
    assert state(data) == {"charge": None, "multiplicity": None}
    assert data.extras["charges"].shape == (5, 3)


def test_of_npz(water, tmp_path):
    arrays = {"z": water.numbers, "R": water.positions, "E": water.energies, "F": water.forces}
    np.savez(tmp_path / "one.npz", **arrays, charge=1, multiplicity=np.full(5, 2))
    np.savez(tmp_path / "each.npz", **arrays, total_charge=np.array([0, 1, 0, 1, 0]))
    assert state(supple.read(tmp_path / "one.npz", units="eV")) == {"charge": "1", "multiplicity": "2"}
    assert supple.read(tmp_path / "each.npz", units="eV").extras["charge"].tolist() == [0, 1, 0, 1, 0]


def test_of_databases_and_files_of_ase(water, tmp_path):
    images = []
    with ase.db.connect(tmp_path / "a.db") as database:
        for m in range(5):
            atoms = Atoms(water.numbers, water.positions[m], info={"charge": 1, "multiplicity": 2})
            atoms.calc = SinglePointCalculator(atoms, energy=float(water.energies[m]), forces=water.forces[m])
            database.write(atoms, total_charge=m % 2, mult=2)
            images.append(atoms)
    ase.io.write(tmp_path / "a.traj", images)
    data = supple.read(tmp_path / "a.db")
    assert data.extras["charge"].tolist() == [0, 1, 0, 1, 0]
    assert state(data) == {"charge": None, "multiplicity": "2"}
    assert state(supple.read(tmp_path / "a.traj")) == {"charge": "1", "multiplicity": "2"}


@pytest.mark.parametrize("name", ["a.xyz", "a.npz", "a.db"])
def test_it_is_written_and_read_again(name, water, file, tmp_path):
    data = supple.read(file("in.xyz", xyz(water, *["charge=-1 multiplicity=2 theory=PBE"] * 5)))
    write(tmp_path / name, data)
    again = supple.read(tmp_path / name)
    assert state(again) == {"charge": "-1", "multiplicity": "2"}
    assert again.source.theory == "PBE"


def test_merged_files_keep_the_state_of_each(water, file):
    parts = [
        supple.read(file(f"{k}.xyz", xyz(water, *[comment] * 5)))
        for k, comment in enumerate(["charge=0 multiplicity=1", "charge=1 multiplicity=2", "multiplicity=2"])
    ]
    both = concatenate(parts, ["a", "b", "c"], "all")
    np.testing.assert_array_equal(both.extras["charge"], [0] * 5 + [1] * 5 + [np.nan] * 5)
    assert both.extras["multiplicity"].tolist() == [1] * 5 + [2] * 10
    again = concatenate([both, parts[0]], ["d", "e"], "more")
    assert again.extras["charge"][-5:].tolist() == [0] * 5
    assert names(both).count("mixed-charge") == 2
