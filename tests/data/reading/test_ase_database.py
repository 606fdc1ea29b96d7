"""Databases of ASE and SchNetPack, HDF5 and archives: what their rows hold, in the units that they state."""

import base64
import gzip

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from toy import toy_dataset

import supple
from supple.data.dataset import Dataset
from supple.data.units import ENERGY, LENGTH
from supple.data.writing import write
from supple.errors import DataError

PER_EV = 23.060547830619026


def atoms_of(data, m, **results):
    atoms = Atoms(data.numbers, data.positions[m])
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


@pytest.mark.parametrize("name", ["a.json", "a.db", "a.json.gz", "a.db.gz"])
def test_databases_of_ase_also_compressed(name, tmp_path):
    clean = toy_dataset(3)
    path = tmp_path / name.removesuffix(".gz")
    with ase.db.connect(path) as database:
        for m in range(3):
            atoms = atoms_of(clean, m, energy=float(clean.energies[m]), forces=clean.forces[m])
            database.write(atoms, temperature=300.0 + m, data={"charges": np.arange(6.0)})
    if name.endswith(".gz"):
        (tmp_path / name).write_bytes(gzip.compress(path.read_bytes()))
    data = supple.read(tmp_path / name)
    np.testing.assert_allclose(data.energies, clean.energies)
    np.testing.assert_allclose(data.forces, clean.forces)
    assert data.extras["temperature"].tolist() == [300, 301, 302]
    assert data.extras["charges"].shape == (3, 6)


def test_rows_whose_energy_is_not_known_are_read_when_it_is_named(tmp_path):
    clean = toy_dataset(3)
    with ase.db.connect(tmp_path / "a.db") as database:
        for m in range(3):
            energy = {} if m == 1 else {"energy": float(clean.energies[m])}
            database.write(atoms_of(clean, m, forces=clean.forces[m], **energy))
    with pytest.raises(DataError, match="frame 1 has no energy"):
        supple.read(tmp_path / "a.db")
    assert np.isnan(supple.read(tmp_path / "a.db", keys="energy=energy").energies).tolist() == [False, True, False]


def test_a_molecule_in_a_box_is_joined(tmp_path):
    clean = toy_dataset(1)
    atoms = Atoms(clean.numbers, clean.positions[0], cell=[12.0] * 3, pbc=True)
    atoms.wrap()
    atoms.calc = SinglePointCalculator(atoms, energy=0.0, forces=clean.forces[0])
    with ase.db.connect(tmp_path / "a.db") as database:
        database.write(atoms)
    data = supple.read(tmp_path / "a.db")
    there, here = (np.linalg.norm(r[:, None] - r, axis=2) for r in (clean.positions[0], data.positions[0]))
    np.testing.assert_allclose(here, there)


def schnetpack(path, data, metadata, rows):
    with ase.db.connect(path) as database:
        for m in range(len(data)):
            database.write(Atoms(data.numbers, data.positions[m]), data=rows(m))
    database.metadata = metadata


def test_schnetpack_before_2_has_arrays_as_text(tmp_path):
    clean = toy_dataset(3)

    def rows(m):
        row = {}
        for name, values in (("energy", clean.energies[m : m + 1]), ("forces", clean.forces[m])):
            row[name] = base64.b64encode(np.ascontiguousarray(values)).decode()
            row |= {f"_shape_{name}": list(values.shape), f"_dtype_{name}": str(values.dtype)}
        return row

    schnetpack(tmp_path / "old.db", clean, {}, rows)
    data = supple.read(tmp_path / "old.db", "eV")
    np.testing.assert_array_equal(data.energies, clean.energies)
    np.testing.assert_array_equal(data.forces, clean.forces)
    with pytest.raises(DataError, match="'forces' of row 1 cannot be read"):
        schnetpack(tmp_path / "bad.db", clean, {}, lambda m: rows(m) | {"_shape_forces": [7, 3]})
        supple.read(tmp_path / "bad.db", "eV")


def test_data_of_a_row_that_are_damaged(tmp_path):
    with ase.db.connect(tmp_path / "a.db") as database:
        database.write(Atoms("H2", [[0, 0, 0], [0, 0, 0.7]]), data={"name of the property": [1.0]})
    content = (tmp_path / "a.db").read_bytes()
    (tmp_path / "a.db").write_bytes(content.replace(b"of the property", b"of the \xe6roperty"))
    with pytest.raises(DataError, match="cannot be read as an ASE database"):
        supple.read(tmp_path / "a.db", "eV")


def test_a_unit_of_none_is_not_stated(tmp_path):
    clean = toy_dataset(8)
    units = {"_distance_unit": "Ang", "_property_unit_dict": {"energy": None, "forces": None}}
    rows = {"energy": clean.energies * PER_EV, "forces": clean.forces * PER_EV}
    schnetpack(tmp_path / "a.db", clean, units, lambda m: {"energy": [rows["energy"][m]], "forces": rows["forces"][m]})
    data = supple.read(tmp_path / "a.db", "kcal/mol")
    np.testing.assert_allclose(data.forces, clean.forces)


def test_a_name_that_is_not_among_the_properties_is_refused(tmp_path):
    clean = toy_dataset(3)
    units = {"_distance_unit": "Ang", "_property_unit_dict": {"energy": "eV", "forces": "eV/Ang"}}
    schnetpack(
        tmp_path / "a.db", clean, units, lambda m: {"energy": clean.energies[m : m + 1], "forces": clean.forces[m]}
    )
    with pytest.raises(DataError, match=r"has no 'U'.*it has energy, forces"):
        supple.read(tmp_path / "a.db", keys="energy=U")


def test_hdf5_states_the_unit_of_its_forces_and_the_name_of_its_molecule(tmp_path):
    h5py = pytest.importorskip("h5py")
    clean = toy_dataset(3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("methanol")
        group["atomic_numbers"] = clean.numbers
        group["conformations"] = clean.positions / LENGTH["bohr"]
        group["dft_total_energy"] = clean.energies / ENERGY["hartree"]
        group["dft_total_gradient"] = -clean.forces
        group["dft_total_gradient"].attrs["units"] = "eV/Å"
    data = supple.read(tmp_path / "a.h5")
    np.testing.assert_allclose(data.forces, clean.forces)
    assert data.source.about["name"] == "methanol"
    write(tmp_path / "b.h5", data)
    assert supple.read(tmp_path / "b.h5").source.about["name"] == "methanol"


def test_what_an_archive_of_one_frame_says_of_it_is_of_the_frame(tmp_path):
    clean = toy_dataset(1)
    one = Dataset.of(clean.numbers, clean.positions, clean.energies, clean.forces, extras={"origin": np.array(["md"])})
    write(tmp_path / "a.npz", one)
    data = supple.read(tmp_path / "a.npz")
    assert data.extras["origin"].tolist() == ["md"]
    assert data.source.theory is None  # which sGDML must have a word for
