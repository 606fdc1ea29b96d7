"""Trajectories of other programs and of `supple convert`: what is read, and what is refused."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from ase.io.trajectory import Trajectory as AseTrajectory
from simulation.analysis.harmonic import trajectory

from supple import Dataset
from supple.data.writing import write_extxyz
from supple.errors import DataError
from supple.simulation.trajectories import read_trajectory


def atoms_of(one, k, **info):
    atoms = Atoms(one.numbers, one.positions[k], momenta=one.momenta[k], info=info)
    atoms.calc = SinglePointCalculator(atoms, energy=-3.0 - k, forces=np.zeros((3, 3)))
    return atoms


@pytest.fixture(scope="module")
def short():
    return trajectory(n=200)


@pytest.mark.parametrize("suffix", ["traj", "xyz"])
def test_momenta_energies_and_times_are_read(short, suffix, tmp_path):
    frames = [atoms_of(short, k, time_fs=2.0 * k, conserved_eV=-2.0) for k in range(20)]
    path = tmp_path / f"md.{suffix}"
    if suffix == "traj":
        with AseTrajectory(path, "w") as file:
            for atoms in frames:
                file.write(atoms)
    else:
        write(path, frames, format="extxyz", columns=["symbols", "positions", "momenta"])
    found = read_trajectory(path)
    np.testing.assert_allclose(found.conserved, -2.0)
    np.testing.assert_allclose(found.momenta, short.momenta[:20], atol=1e-7)
    np.testing.assert_allclose(found.energies, -3.0 - np.arange(20))
    assert found.interval == 2.0
    assert found.with_interval(5.0).interval == 5.0
    kinetic = np.array([atoms.get_kinetic_energy() for atoms in frames])
    np.testing.assert_allclose(found.kinetic_energies, kinetic, rtol=1e-5)


def test_frames_that_this_package_writes_are_read_with_their_units(short, tmp_path):
    extras = {"momenta": short.momenta[:30], "time_fs": np.arange(30.0), "conserved_eV": np.full(30, 1.5)}
    data = Dataset.of(short.numbers, short.positions[:30], np.full(30, -1.0), extras=extras)
    write_extxyz(tmp_path / "md.xyz", data, "kcal/mol")
    found = read_trajectory(tmp_path / "md.xyz")
    np.testing.assert_allclose(found.energies, -1.0)
    np.testing.assert_allclose(found.positions, short.positions[:30])
    assert found.momenta is not None
    assert found.interval == 1.0
    write_extxyz(tmp_path / "bohr.xyz", data, "hartree,bohr")
    with pytest.raises(DataError, match=r"is in bohr: convert it to Å"):
        read_trajectory(tmp_path / "bohr.xyz")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read as a trajectory|contains no frames"),
        ("3\n\nO 0 0 0\nH 0 0 1\n", "Is its last frame cut short"),
        ("1\n\nO 0 0 nan\n", "the positions of frame 0 contain NaN"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1"\nO 0 0 0\n', "frame 0 is periodic"),
        ("1\n\nO 0 0 0\n1\n\nH 0 0 0\n", "frame 1 is of another molecule"),
    ],
)
def test_files_that_are_no_trajectory_are_refused_in_a_sentence(text, said, tmp_path):
    (tmp_path / "bad.xyz").write_text(text)
    with pytest.raises(DataError, match=said):
        read_trajectory(tmp_path / "bad.xyz")


def test_files_that_are_missing_or_damaged(tmp_path):
    with pytest.raises(DataError, match=r"There is no trajectory .*nowhere\.traj"):
        read_trajectory(tmp_path / "nowhere.traj")
    (tmp_path / "noise.traj").write_bytes(b"\x00\x01 no trajectory")
    with pytest.raises(DataError, match="cannot be read as a trajectory"):
        read_trajectory(tmp_path / "noise.traj")
    (tmp_path / "noise.xyz.gz").write_bytes(b"no gzip")
    with pytest.raises(DataError, match="not a gzip file"):
        read_trajectory(tmp_path / "noise.xyz.gz")
