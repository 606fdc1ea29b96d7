"""The same wrapped molecule in every format that has boxes; crystals, and boxes that mean nothing."""

import ase.db
import ase.io
import h5py
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from toy import toy_dataset

import supple
from supple.data.reading import survey
from supple.data.units import Units
from supple.data.writing import write as write_dataset
from supple.errors import DataError

CLEAN = toy_dataset(4)
CELLS = {
    "cubic": np.eye(3) * 12.0,
    "skewed": np.array([[12.0, 0.0, 0.0], [-5.0, 11.0, 0.0], [4.0, -5.0, 10.0]]),
}


def wrapped(cell):
    frames = []
    for positions, energy, forces in zip(CLEAN.positions, CLEAN.energies, CLEAN.forces, strict=True):
        atoms = Atoms(CLEAN.numbers, positions, cell=cell, pbc=True)
        atoms.wrap()
        atoms.calc = SinglePointCalculator(atoms, energy=float(energy), forces=forces)
        frames.append(atoms)
    return frames


def write(path, frames, cell):
    positions = np.array([atoms.positions for atoms in frames])
    arrays = {"positions": positions, "energy": CLEAN.energies, "forces": CLEAN.forces, "numbers": CLEAN.numbers}
    if path.suffix == ".npz":
        np.savez(path, **arrays, e_unit="eV", r_unit="Ang", cell=cell)
    elif path.name == "arrays.h5":
        with h5py.File(path, "w") as file:
            for name, array in (*arrays.items(), ("cell", np.array([cell] * len(frames))), ("pbc", [True] * 3)):
                file[name] = array
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file.create_group("h5md")
            group = file.create_group("particles/all")
            group["species"] = CLEAN.numbers
            group["position/value"], group["force/value"] = positions, CLEAN.forces
            group["force/value"].attrs["unit"] = "eV Angstrom-1"
            group["box/edges/value"] = np.array([cell / 10] * len(frames))
            group["box/edges/value"].attrs["unit"] = "nm"
            group["box"].attrs["boundary"] = [b"periodic"] * 3
            file["observables/all/potential_energy/value"] = CLEAN.energies
            file["observables/all/potential_energy/value"].attrs["unit"] = "eV"
    elif path.suffix == ".db":
        with ase.db.connect(path) as database:
            for atoms in frames:
                database.write(atoms)
    else:
        ase.io.write(path, frames)


@pytest.mark.parametrize("shape", CELLS)
@pytest.mark.parametrize("name", ["a.xyz", "a.traj", "a.db", "a.npz", "arrays.h5", "md.h5"])
def test_a_wrapped_molecule_is_joined(name, shape, tmp_path):
    write(tmp_path / name, wrapped(CELLS[shape]), CELLS[shape])
    for labels in (True, False):
        data = supple.read(tmp_path / name, labels=labels, units="eV")
        for there, here in zip(CLEAN.positions, data.positions, strict=True):
            ours, theirs = (np.linalg.norm(r[:, None] - r, axis=2) for r in (here, there))
            np.testing.assert_allclose(ours, theirs, atol=1e-6)
    data = supple.read(tmp_path / name, units="eV")
    np.testing.assert_allclose(data.forces, CLEAN.forces, atol=1e-6)
    np.testing.assert_allclose(data.energies, CLEAN.energies, atol=1e-6)


XYZ = '2\nLattice="{}" Properties=species:S:1:pos:R:3:forces:R:3 energy=-31.7 {}\nH 0.1 0 0 0 0 0\nH 0.84 0 0 0 0 0\n'


@pytest.mark.parametrize(
    ("lattice", "pbc"),
    [
        ("2.4 0 0 0 2.4 0 0 0 2.4", 'pbc="F F F"'),  # a box that is drawn, as some write it
        ("900 0 0 0 900 0 0 0 900", 'pbc="F F F"'),
        ("900 0 0 0 900 0 0 0 900", ""),
        ("0 0 0 0 0 0 0 0 0", 'pbc="T T T"'),
    ],
)
def test_boxes_that_change_nothing(lattice, pbc, tmp_path):
    (tmp_path / "a.xyz").write_text(XYZ.format(lattice, pbc))
    np.testing.assert_array_equal(supple.read(tmp_path / "a.xyz").positions[0, :, 0], [0.1, 0.84])


def test_crystals_are_left_out_or_refused(tmp_path):
    good, bad = XYZ.format("9 0 0 0 9 0 0 0 9", ""), XYZ.format("2.4 0 0 0 9 0 0 0 9", 'pbc="T T T"')
    (tmp_path / "a.xyz").write_text(good + bad + good)
    for labels in (True, False):
        with pytest.raises(DataError, match=r"a.xyz: frame 1 is a crystal, or a molecule that touches .* larger box"):
            supple.read(tmp_path / "a.xyz", labels=labels)
    found = survey(tmp_path / "a.xyz")
    assert [(defect.name, list(defect.frames)) for defect in found.defects] == [("periodic", [1])]
    assert found.dataset.frames.tolist() == [0, 2]


def test_the_box_is_in_the_unit_of_the_file(tmp_path):
    bohr = 0.529177210903
    box = " ".join(str(x / bohr) for x in (np.eye(3) * 3.3).ravel())  # touches, if it were in Å: 2.4 Å
    near = f'2\nLattice="{box}" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1.0\nH 0 0 0 0 0 0\nH {3.3 / bohr - 1.4} 0 0 0 0 0\n'
    (tmp_path / "a.xyz").write_text(near)
    data = supple.read(tmp_path / "a.xyz", units="hartree,bohr")
    assert np.linalg.norm(data.positions[0, 1] - data.positions[0, 0]) == pytest.approx(1.4 * bohr, abs=1e-9)


@pytest.mark.parametrize(
    ("lattice", "pbc", "match"),
    [
        ("1 2 3", "", "Lattice is '1 2 3' instead of nine"),
        ("9 0 0 0 9 0 0 0 9", "pbc=maybe", "pbc is 'maybe' instead of"),
    ],
)
def test_malformed_boxes(lattice, pbc, match, tmp_path):
    (tmp_path / "a.xyz").write_text(XYZ.format(lattice, pbc))
    with pytest.raises(DataError, match=rf"in frame 0 \(line 2\), {match}"):
        supple.read(tmp_path / "a.xyz")


def test_a_box_of_another_shape_is_refused(tmp_path):
    frames = wrapped(CELLS["cubic"])
    write(tmp_path / "a.npz", frames, np.eye(4))
    with pytest.raises(DataError, match=r"'cell' has shape \(4, 4\), but a box needs \(3, 3\)"):
        supple.read(tmp_path / "a.npz")


def test_columns_of_the_sgdml_package(tmp_path):
    frames = wrapped(CELLS["skewed"])
    np.savez(
        tmp_path / "a.npz", R=[atoms.positions for atoms in frames], z=CLEAN.numbers, E=CLEAN.energies, F=CLEAN.forces,
        lattice=CELLS["skewed"].T, e_unit="eV", r_unit="Ang", type="d",
    )  # fmt: skip
    data = supple.read(tmp_path / "a.npz")
    ours, theirs = (np.linalg.norm(r[0][:, None] - r[0], axis=2) for r in (data.positions, CLEAN.positions))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("name", ["a.xyz", "a.traj", "arrays.h5", "a.npz"])
@pytest.mark.parametrize("to", ["b.xyz", "b.npz", "b.db"])
def test_a_box_is_not_written_again(name, to, tmp_path):
    """In another unit it would be another box."""
    write(tmp_path / name, wrapped(CELLS["cubic"]), CELLS["cubic"])
    data = supple.read(tmp_path / name, units="eV")
    left_out = write_dataset(tmp_path / to, data, None if to == "b.db" else Units.of("hartree", "bohr"))
    assert set(left_out) >= {"cell", "pbc", "Lattice"} & set(data.extras)
    assert not {"cell", "pbc"} & set(supple.read(tmp_path / to).extras)
    np.testing.assert_allclose(supple.read(tmp_path / to).positions, data.positions, atol=1e-9)
