"""Reading trajectories: energies, forces, momenta and times where a file has them, geometries all the same."""

import ase.io
import h5py
import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.singlepoint import SinglePointCalculator

from supple.data.dataset import Dataset
from supple.data.reading import read
from supple.data.reading.arrays.h5md import read_h5md
from supple.data.reading.arrays.open_hdf5 import open_hdf5
from supple.data.writing import write, write_extxyz
from supple.errors import DataError, UnitsError

TIMES = 0.5 * np.arange(5)


@pytest.fixture
def momenta(water):
    return np.random.default_rng(0).normal(size=water.positions.shape)


@pytest.fixture
def trajectory(water, momenta, tmp_path, request):
    """The same trajectory in the format that the test wants."""
    path = tmp_path / f"md{request.param}"
    if request.param == ".xyz":
        extras = {"momenta": momenta, "time_fs": TIMES, "conserved_eV": TIMES + 1}
        data = Dataset.of(water.numbers, water.positions, water.energies, water.forces, extras=extras)
        write_extxyz(path, data, "kcal/mol")
    elif request.param == ".traj":
        ase.io.write(path, [_atoms(water, momenta, k) for k in range(len(water))])
    else:
        _write_h5md(path, water, momenta)
    return path


def _atoms(water, momenta, k):
    info = {"time_fs": TIMES[k], "conserved_eV": TIMES[k] + 1}
    atoms = Atoms(water.numbers, water.positions[k], momenta=momenta[k], info=info)
    atoms.calc = SinglePointCalculator(atoms, energy=water.energies[k], forces=water.forces[k])
    return atoms


def _write_h5md(path, water, momenta):
    """In nm, ps and kJ/mol, with the times as an interval and the first."""
    with h5py.File(path, "w") as file:
        file.create_group("h5md")
        group = file.create_group("particles/all")
        group["species"] = water.numbers
        group.create_group("box").attrs["boundary"] = ["none"] * 3
        velocities = momenta / Atoms(water.numbers).get_masses()[:, None]
        columns = {
            "position": (water.positions / 10, "nm"),
            "velocity": (velocities / (units.nm / (1e3 * units.fs)), "nm ps-1"),
            "force": (water.forces / (units.kJ / units.mol), "kJ mol-1 Angstrom-1"),
        }
        for name, (values, unit) in columns.items():
            group[f"{name}/value"] = values
            group[f"{name}/value"].attrs["unit"] = unit
        group["position/time"] = 5e-4
        group["position/time"].attrs["unit"] = "ps"
        group["position/step"] = 10 * np.arange(5)
        file["observables/all/potential_energy/value"] = water.energies / (units.kJ / units.mol)
        file["observables/all/potential_energy/value"].attrs["unit"] = "kJ mol-1"
        file["observables/all/conserved_eV/value"] = TIMES + 1


@pytest.mark.parametrize("trajectory", [".xyz", ".traj", ".h5"], indirect=True)
@pytest.mark.parametrize("labels", [True, "optional"])
def test_trajectories_are_read_alike(trajectory, labels, water, momenta):
    data = read(trajectory, labels=labels)
    np.testing.assert_allclose(data.positions, water.positions, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(data.energies, water.energies, rtol=1e-7)
    np.testing.assert_allclose(data.forces, water.forces, rtol=1e-7)
    np.testing.assert_allclose(data.extras["momenta"], momenta, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(data.extras["time_fs"], TIMES, atol=1e-14)
    np.testing.assert_allclose(data.extras["conserved_eV"], TIMES + 1)


@pytest.mark.parametrize("trajectory", [".xyz", ".traj", ".h5"], indirect=True)
def test_momenta_survive_a_conversion(trajectory, momenta, tmp_path):
    write(tmp_path / "new.xyz", read(trajectory))
    np.testing.assert_allclose(read(tmp_path / "new.xyz").extras["momenta"], momenta, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain.xyz", "1\n\nHe 0 0 0\n1\n\nHe 0 0 1\n"),
        ("velocities.xyz", "1\n-1.0\nHe 0 0 0 1 2 3\n1\n-1.0\nHe 0 0 1 1 2 3\n"),
        ("two.xyz", "".join(f"1\nE_energy={k} U_energy=2 time_fs={k}\nHe 0 0 {k}\n" for k in range(2))),
        ("columns.xyz", "".join(f"1\nProperties=species:S:1:pos:R:3 time_fs={k}\nHe 0 0 {k}\n" for k in range(2))),
    ],
)
def test_geometries_without_usable_labels(file, name, text):
    path = file(name, text)
    with pytest.raises(DataError):
        read(path)
    data = read(path, labels="optional")
    assert data.positions[:, 0, 2].tolist() == [0.0, 1.0]
    assert data.forces is None
    assert not data.has_energies
    assert ("time_fs" in data.extras) == ("time_fs" in text)


def test_frames_of_unknown_energy_stay(file):
    head = "1\nProperties=species:S:1:pos:R:3"
    data = read(file("a.xyz", f"{head} energy=-1\nHe 0 0 0\n{head}\nHe 0 0 1\n{head} energy=nan\nHe 0 0 2\n"),
                labels="optional", units="eV")  # fmt: skip
    np.testing.assert_array_equal(data.energies, [-1, np.nan, np.nan])


def test_forces_of_some_frames_are_a_defect(file):
    head = "1\nProperties=species:S:1:pos:R:3"
    path = file("a.xyz", f"{head}:forces:R:3 energy=-1\nHe 0 0 0 0 0 0\n{head} energy=-1\nHe 0 0 1\n")
    with pytest.raises(DataError, match=r"frame 1 \(line 5\) and the frames before do not all have forces"):
        read(path, labels="optional")


@pytest.mark.parametrize("suffix", [".npz", ".db", ".h5"])
def test_other_formats_without_forces(suffix, water, tmp_path):
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        np.savez(path, z=water.numbers, R=water.positions, E=water.energies, e_unit="eV", r_unit="Ang")
    elif suffix == ".db":
        from ase.db import connect

        with connect(path) as database:
            for positions in water.positions:
                database.write(Atoms(water.numbers, positions))
    else:
        with h5py.File(path, "w") as hdf5:
            hdf5["atomic_numbers"], hdf5["conformations"] = water.numbers, water.positions / 0.529177210903
    with pytest.raises(DataError):
        read(path)
    data = read(path, labels="optional")
    np.testing.assert_allclose(data.positions, water.positions, atol=1e-12)
    assert data.forces is None
    assert data.has_energies == (suffix == ".npz")


def test_h5md_that_is_damaged(water, momenta, tmp_path):
    path = tmp_path / "md.h5"
    _write_h5md(path, water, momenta)
    with open_hdf5(path) as file:
        frames = read_h5md(file, path.name)
        assert not frames.periodic
        assert frames.steps.tolist() == [0, 10, 20, 30, 40]
    with h5py.File(path, "r+") as file:
        file["particles/all/velocity/value"].attrs["unit"] = "knots"
    with pytest.raises(
        UnitsError, match="uses the unit 'knots', which Supple does not support in H5MD files: use Angstrom"
    ):
        read(path)
    with h5py.File(path, "r+") as file:
        del file["particles/all/velocity"]
        file["particles/all/velocity/value"] = momenta[:3]
    with pytest.raises(DataError, match="has 5 frames, but velocities of 3"):
        read(path)
