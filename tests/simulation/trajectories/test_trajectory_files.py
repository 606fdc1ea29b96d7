"""Files of trajectories: what they hold, and what is cut off."""

import ase.io
import h5py
import numpy as np
import pytest
from ase import units
from toy import ATOMS

import supple
from supple.errors import DataError, SettingsError
from supple.simulation.trajectories import Frame, trajectory

ENDINGS = [".xyz", ".traj", ".h5"]
#: Å, √(eV u) and eV/Å to which a format keeps its numbers.
DIGITS = {".xyz": 1e-14, ".traj": 1e-14, ".h5": 1e-6}


def frames(n, seed=0):
    rng = np.random.default_rng(seed)
    return [
        Frame(
            ATOMS.positions + 0.1 * rng.standard_normal((6, 3)),
            {"time_fs": 10.0 * k, "temperature_K": 300.0 + k, "returns": 0},
            20 * k, rng.standard_normal((6, 3)), -3100.123456789 + k, rng.standard_normal((6, 3)),
        )
        for k in range(n)
    ]  # fmt: skip


@pytest.fixture(params=ENDINGS)
def path(request, tmp_path):
    return tmp_path / "new" / f"md{request.param}"


def read_back(path):
    """Positions, momenta, energies, forces, times, whatever the format."""
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            group = file["particles/trajectory"]
            momenta = group["velocity/value"][()] / units.fs * ATOMS.get_masses()[:, None]
            forces = group["force/value"][()] / (units.mol / units.kJ)
            observed = file["observables/trajectory"]
            return (
                group["position/value"][()],
                momenta,
                observed["potential_energy/value"][()],
                forces,
                group["force/time"][()],
            )
    read = ase.io.read(path, ":")
    return (
        np.array([a.positions for a in read]), np.array([a.get_momenta() for a in read]),
        np.array([a.get_potential_energy() for a in read]), np.array([a.get_forces() for a in read]),
        np.array([a.info["time_fs"] for a in read]),
    )  # fmt: skip


def test_what_is_written_is_read(path):
    written = frames(7)
    file = trajectory(path, ATOMS.numbers)
    file.extend(written[:3])
    file.extend(written[3:4])
    file.extend(written[4:])
    found = read_back(path)
    for name, values in zip(("positions", "momenta", "energy", "forces"), found, strict=False):
        wanted = np.array([getattr(frame, name) for frame in written])
        np.testing.assert_allclose(values, wanted, rtol=1e-12, atol=DIGITS[path.suffix])
    np.testing.assert_array_equal(found[4], [frame.about["time_fs"] for frame in written])


@pytest.mark.parametrize("ending", [".xyz", ".h5"])
def test_supple_reads_its_trajectories_as_data(tmp_path, ending):
    path, written = tmp_path / f"md{ending}", frames(5)
    trajectory(path, ATOMS.numbers).extend(written)
    data = supple.read(path)
    assert data.numbers.tolist() == ATOMS.numbers.tolist()
    np.testing.assert_allclose(data.positions, [frame.positions for frame in written], atol=DIGITS[ending])
    np.testing.assert_allclose(data.energies, [frame.energy for frame in written], rtol=1e-14)
    np.testing.assert_allclose(data.forces, [frame.forces for frame in written], atol=DIGITS[ending])
    assert not supple.read(path, labels=False).has_energies


def test_frames_after_the_last_that_counts_are_cut_off(path):
    file, written = trajectory(path, ATOMS.numbers), frames(6)
    file.extend(written)
    file.keep(6)
    assert len(read_back(path)[0]) == 6
    file.keep(2)
    file.extend(frames(3, seed=1))
    positions = read_back(path)[0]
    wanted = [frame.positions for frame in (*written[:2], *frames(3, seed=1))]
    np.testing.assert_allclose(positions, wanted, atol=DIGITS[path.suffix])
    file.keep(0)
    assert not path.exists()
    file.keep(0)


def test_a_file_that_has_lost_frames_is_refused(path):
    file = trajectory(path, ATOMS.numbers)
    with pytest.raises(DataError, match="has fewer than the 3 frames"):
        file.keep(3)
    file.extend(frames(2))
    with pytest.raises(DataError, match="has fewer than the 3 frames that were written to it: it has been changed"):
        file.keep(3)
    path.write_bytes(b"2\nno frames\n")
    with pytest.raises(DataError, match="has fewer than the 2 frames"):
        file.keep(2)


def test_half_a_frame_is_cut_off(tmp_path):
    path = tmp_path / "md.xyz"
    file = trajectory(path, ATOMS.numbers)
    file.extend(frames(2))
    whole = path.read_bytes()
    path.write_bytes(whole + b"6\nProperties=species:S:1:pos:R:3\nC 0.0 0")
    file.keep(2)
    assert path.read_bytes() == whole


def test_half_an_hdf5_file_never_takes_the_place_of_a_whole_one(tmp_path, monkeypatch):
    path = tmp_path / "md.h5"
    file = trajectory(path, ATOMS.numbers)
    file.extend(frames(3))
    whole = path.read_bytes()

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("supple.simulation.trajectories.h5md._append", killed)
    with pytest.raises(KeyboardInterrupt):
        file.extend(frames(1))
    assert path.read_bytes() == whole
    assert [entry.name for entry in tmp_path.iterdir()] == ["md.h5"]


def test_the_layout_is_that_of_h5md(tmp_path):
    path = tmp_path / "md.h5"
    trajectory(path, ATOMS.numbers).extend(frames(4))
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
    trajectory(path, ATOMS.numbers).extend(frames(4))
    with h5py.File(path, "r+") as file:
        file["particles/trajectory/position/value"].attrs["unit"] = "furlong"
    with pytest.raises(DataError, match=r"md\.h5 is in furlong, a unit that Supple does not know"):
        supple.read(path)
    with h5py.File(path, "r+") as file:
        del file["particles/trajectory/species"]
    with pytest.raises(DataError, match="without positions, or without atomic numbers"):
        supple.read(path)
    with h5py.File(path, "r+") as file:
        file.create_group("particles/solvent")
    with pytest.raises(DataError, match="2 groups of particles"):
        supple.read(path)


def test_a_format_that_does_not_exist(tmp_path):
    with pytest.raises(
        SettingsError, match=r"Trajectories are written as \.xyz, \.extxyz, \.traj, \.h5: let .*md\.dcd end"
    ):
        trajectory(tmp_path / "md.dcd", ATOMS.numbers)


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(SettingsError, match=r"needs h5py: pip install 'supple\[hdf5\]'"):
        trajectory(tmp_path / "md.h5", ATOMS.numbers)
