"""Trajectory files: what is written is read again, and frames that do not count are cut off."""

import sys

import ase.io
import h5py
import numpy as np
import pytest
from toy import ATOMS

import supple
from supple.errors import DataError, SettingsError, UnitsError
from supple.simulation.trajectories import Frame, read_trajectory, trajectory_file

ENDINGS = [".xyz", ".traj", ".h5"]
#: Å, √(eV u) and eV/Å to which a format keeps its numbers.
DIGITS = {".xyz": 1e-14, ".traj": 1e-14, ".h5": 1e-6}


def frames(n, seed=0):
    rng = np.random.default_rng(seed)
    return [
        Frame(
            ATOMS.positions + 0.1 * rng.standard_normal((6, 3)), 10.0 * k, 20 * k, rng.standard_normal((6, 3)),
            -3100.123456789 + k, rng.standard_normal((6, 3)), temperature=300.0 + k, returns=0, conserved=-3099.5 + k,
        )
        for k in range(n)
    ]  # fmt: skip


@pytest.fixture(params=ENDINGS)
def path(request, tmp_path):
    return tmp_path / "new" / f"md{request.param}"


#: Attributes of a trajectory and of a frame.
SCALARS = {"energies": "energy", "conserved": "conserved", "temperatures": "temperature", "times": "time"}
VECTORS = {"positions": "positions", "momenta": "momenta", "forces": "forces"}


def test_what_is_written_is_read(path):
    written = frames(7)
    file = trajectory_file(path, ATOMS.numbers)
    file.append(written[:3])
    file.append(written[3:4])
    file.append(written[4:])
    found = read_trajectory(path)
    assert found.numbers.tolist() == ATOMS.numbers.tolist()
    np.testing.assert_array_equal(found.masses, ATOMS.get_masses())
    for name, of_frame in VECTORS.items():
        wanted = np.array([getattr(frame, of_frame) for frame in written])
        np.testing.assert_allclose(getattr(found, name), wanted, rtol=1e-12, atol=DIGITS[path.suffix])
    for name, of_frame in SCALARS.items():
        np.testing.assert_array_equal(getattr(found, name), [getattr(frame, of_frame) for frame in written])
    assert found.interval == 10.0


@pytest.mark.parametrize("ending", [".xyz", ".traj"])
def test_ase_reads_them_too(tmp_path, ending):
    path, written = tmp_path / f"md{ending}", frames(3)
    trajectory_file(path, ATOMS.numbers).append(written)
    for frame, atoms in zip(written, ase.io.read(path, ":"), strict=True):
        np.testing.assert_allclose(atoms.get_momenta(), frame.momenta, rtol=1e-12)
        assert atoms.get_potential_energy() == pytest.approx(frame.energy, rel=1e-14)
        assert atoms.info["time_fs"] == frame.time


@pytest.mark.parametrize("ending", [".xyz", ".h5"])
def test_supple_reads_its_trajectories_as_data(tmp_path, ending):
    path, written = tmp_path / f"md{ending}", frames(5)
    trajectory_file(path, ATOMS.numbers).append(written)
    data = supple.read(path)
    assert data.numbers.tolist() == ATOMS.numbers.tolist()
    np.testing.assert_allclose(data.positions, [frame.positions for frame in written], atol=DIGITS[ending])
    np.testing.assert_allclose(data.energies, [frame.energy for frame in written], rtol=1e-14)
    np.testing.assert_allclose(data.forces, [frame.forces for frame in written], atol=DIGITS[ending])
    assert not supple.read(path, labels=False).has_energies


def test_frames_after_the_last_that_counts_are_cut_off(path):
    file, written = trajectory_file(path, ATOMS.numbers), frames(6)
    file.append(written)
    file.truncate(6)
    assert len(read_trajectory(path)) == 6
    file.truncate(2)
    file.append(frames(3, seed=1))
    positions = read_trajectory(path).positions
    wanted = [frame.positions for frame in (*written[:2], *frames(3, seed=1))]
    np.testing.assert_allclose(positions, wanted, atol=DIGITS[path.suffix])
    file.truncate(0)
    assert not path.exists()
    file.truncate(0)


def test_a_file_that_has_lost_frames_is_refused(path):
    file = trajectory_file(path, ATOMS.numbers)
    with pytest.raises(DataError, match="has fewer than the 3 frames"):
        file.truncate(3)
    file.append(frames(2))
    with pytest.raises(
        DataError, match="has fewer than the 3 frames that were written to it: it has been changed or cut short"
    ):
        file.truncate(3)
    path.write_bytes(b"2\nno frames\n")
    with pytest.raises(DataError, match="has fewer than the 2 frames"):
        file.truncate(2)


def test_half_a_frame_is_cut_off(tmp_path):
    path = tmp_path / "md.xyz"
    file = trajectory_file(path, ATOMS.numbers)
    file.append(frames(2))
    whole = path.read_bytes()
    path.write_bytes(whole + b"6\nProperties=species:S:1:pos:R:3\nC 0.0 0")
    file.truncate(2)
    assert path.read_bytes() == whole


def test_half_an_hdf5_file_never_takes_the_place_of_a_whole_one(tmp_path, monkeypatch):
    path = tmp_path / "md.h5"
    file = trajectory_file(path, ATOMS.numbers)
    file.append(frames(3))
    whole = path.read_bytes()

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("supple.simulation.trajectories.h5md._extend", killed)
    with pytest.raises(KeyboardInterrupt):
        file.append(frames(1))
    assert path.read_bytes() == whole
    assert [entry.name for entry in tmp_path.iterdir()] == ["md.h5"]


def test_the_layout_is_that_of_h5md(tmp_path):
    path = tmp_path / "md.h5"
    trajectory_file(path, ATOMS.numbers).append(frames(4))
    with h5py.File(path) as file:
        assert file["h5md"].attrs["version"].tolist() == [1, 1]
        assert {"name", "version"} <= set(file["h5md/creator"].attrs)
        assert "name" in file["h5md/author"].attrs
        group = file["particles/trajectory"]
        assert group["box"].attrs["dimension"] == 3
        assert list(group["box"].attrs["boundary"]) == ["none"] * 3
        assert group["species"][()].tolist() == ATOMS.numbers.tolist()
        for element in (
            *(group[name] for name in ("position", "velocity", "force")),
            *file["observables/trajectory"].values(),
        ):
            assert element["step"] == group["position/step"]  # one array, shared
            assert element["step"][()].tolist() == [0, 20, 40, 60]
            assert len(element["value"]) == 4
        assert group["position/value"].attrs["unit"] == "Angstrom"
        assert group["velocity/value"].attrs["unit"] == "Angstrom fs-1"


def test_a_file_of_h5md_with_units_that_nobody_knows(tmp_path):
    path = tmp_path / "md.h5"
    trajectory_file(path, ATOMS.numbers).append(frames(4))
    with h5py.File(path, "r+") as file:
        file["particles/trajectory/position/value"].attrs["unit"] = "furlong"
    with pytest.raises(DataError, match=r"md\.h5 is in furlong, a unit that Supple does not support"):
        supple.read(path)
    with h5py.File(path, "r+") as file:
        del file["particles/trajectory/species"]
    with pytest.raises(DataError, match="without positions, or without atomic numbers"):
        supple.read(path)
    with h5py.File(path, "r+") as file:
        file.create_group("particles/solvent")
    with pytest.raises(DataError, match="2 groups of particles"):
        supple.read(path)


def test_h5md_of_other_programs(tmp_path):
    """Other units, an interval in place of times, nothing but positions and velocities; and HDF5 that is not H5MD."""
    path, written = tmp_path / "md.h5", frames(4)
    trajectory_file(path, ATOMS.numbers).append(written)
    with h5py.File(path, "r+") as file:
        group = file["particles/trajectory"]
        del file["observables"], group["force"], group["position/time"], group["velocity/time"]
        group["position"].create_dataset("time", data=0.01)
        group["position/time"].attrs.update(unit="ps", offset=1.0)
        group["velocity/value"][...] *= 1e3
        group["velocity/value"].attrs["unit"] = "Angstrom ps-1"
    found = read_trajectory(path)
    np.testing.assert_allclose(found.momenta, [frame.momenta for frame in written], atol=1e-6)
    np.testing.assert_allclose(found.times, [1000, 1010, 1020, 1030])
    assert (found.energies, found.forces, found.conserved, found.temperatures) == (None,) * 4
    with h5py.File(path, "r+") as file:
        file["particles/trajectory/velocity/value"].attrs["unit"] = "furlong fs-1"
    with pytest.raises(UnitsError, match=r"md\.h5 uses the unit 'furlong fs-1'"):
        read_trajectory(path)
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["atomic_numbers"], file["positions"] = ATOMS.numbers, np.array([frame.positions for frame in written])
    plain = read_trajectory(tmp_path / "plain.h5")
    assert len(plain) == 4
    assert plain.momenta is None


def test_a_format_that_does_not_exist(tmp_path):
    with pytest.raises(
        SettingsError, match=r"Trajectories are written as \.xyz, \.extxyz, \.traj, \.h5: \S*md\.dcd must end"
    ):
        trajectory_file(tmp_path / "md.dcd", ATOMS.numbers)


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    trajectory_file(tmp_path / "there.h5", ATOMS.numbers).append(frames(1))
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(SettingsError, match=r"needs h5py: pip install 'supple\[hdf5\]'"):
        trajectory_file(tmp_path / "md.h5", ATOMS.numbers)
    with pytest.raises(DataError, match=r"needs h5py: pip install 'supple\[hdf5\]'"):
        read_trajectory(tmp_path / "there.h5")
