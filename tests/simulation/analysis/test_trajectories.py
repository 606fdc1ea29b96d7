"""Files of trajectories: what is read of them, and what is refused."""

import dataclasses

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from ase.io.trajectory import Trajectory as AseFile
from simulation.analysis.harmonic import trajectory
from toy import toy_dataset

from supple import Dataset
from supple.data.writing import write_extxyz
from supple.errors import DataError, MoleculeError, SettingsError
from supple.simulation.analysis import analyse, read_trajectory


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
        with AseFile(path, "w") as file:
            for atoms in frames:
                file.write(atoms)
    else:
        write(path, frames, format="extxyz", columns=["symbols", "positions", "momenta"])
    found = read_trajectory(path)
    np.testing.assert_allclose(found.conserved, -2.0)
    np.testing.assert_allclose(found.momenta, short.momenta[:20], atol=1e-7)
    np.testing.assert_allclose(found.energies, -3.0 - np.arange(20))
    assert found.step == 2.0
    assert read_trajectory(path, frame_time=5.0).step == 5.0
    kinetic = np.array([atoms.get_kinetic_energy() for atoms in frames])
    np.testing.assert_allclose(found.kinetic, kinetic, rtol=1e-5)


def test_frames_that_this_package_writes_are_read_with_their_units(short, tmp_path):
    extras = {"momenta": short.momenta[:30], "time_fs": np.arange(30.0), "conserved_eV": np.full(30, 1.5)}
    data = Dataset.of(short.numbers, short.positions[:30], np.full(30, -1.0), extras=extras)
    write_extxyz(tmp_path / "md.xyz", data, "kcal/mol")
    found = read_trajectory(tmp_path / "md.xyz")
    np.testing.assert_allclose(found.energies, -1.0)
    np.testing.assert_allclose(found.positions, short.positions[:30])
    assert found.momenta is not None
    assert found.step == 1.0
    write_extxyz(tmp_path / "bohr.xyz", data, "hartree,bohr")
    with pytest.raises(DataError, match=r"is in bohr: write it in Å"):
        read_trajectory(tmp_path / "bohr.xyz")


def test_geometries_alone_are_a_trajectory_too(tmp_path):
    write_extxyz(tmp_path / "plain.xyz", toy_dataset(12), "eV")
    found = analyse([read_trajectory(tmp_path / "plain.xyz")])
    assert found.equipartition is None
    assert found.spectrum is None
    assert found.drifts == ()
    assert "No temperatures and no spectrum: not every frame has momenta." in found.remarks
    assert any("No energy drift" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read as a trajectory|holds no frames"),
        ("3\n\nO 0 0 0\nH 0 0 1\n", "is its last frame cut short"),
        ("1\n\nO 0 0 nan\n", "positions of frame 0 are not numbers"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1"\nO 0 0 0\n', "frame 0 is periodic"),
        ("1\n\nO 0 0 0\n1\n\nH 0 0 0\n", "frame 1 is of another molecule"),
    ],
)
def test_files_that_are_no_trajectory_are_refused_in_a_sentence(text, said, tmp_path):
    (tmp_path / "bad.xyz").write_text(text)
    with pytest.raises(DataError, match=said):
        read_trajectory(tmp_path / "bad.xyz")


def test_no_file_and_no_sense(short, tmp_path):
    with pytest.raises(DataError, match=r"There is no trajectory .*nowhere\.traj"):
        read_trajectory(tmp_path / "nowhere.traj")
    (tmp_path / "noise.traj").write_bytes(b"\x00\x01 no trajectory")
    with pytest.raises(DataError, match="cannot be read as a trajectory"):
        read_trajectory(tmp_path / "noise.traj")
    with pytest.raises(DataError, match="has 200 frames; 199 are left out"):
        analyse([short], skip=199)
    with pytest.raises(SettingsError, match="temperature of 0 K"):
        analyse([short], kelvin=0.0)
    with pytest.raises(MoleculeError, match=r"toy\.xyz is of another molecule than water\.traj"):
        analyse([short], toy_dataset(5))

    known = Dataset.of(short.numbers, short.positions[:5])
    with pytest.raises(DataError, match="Hardly a frame is stable"):
        analyse([dataclasses.replace(short, positions=3 * short.positions)], known)


def test_a_whole_analysis_of_the_harmonic_molecule():
    whole = trajectory(n=8000)
    energies = -whole.kinetic
    found = analyse([dataclasses.replace(whole, energies=energies)], constant_energy=True)
    assert found.stable
    assert found.spectrum.peaks == pytest.approx([500, 1600, 3700], abs=3)
    assert abs(found.drifts[0].slope) < 1e-6
    assert found.equipartition.vibration.kelvin == pytest.approx(300, rel=0.01)
    assert found.remarks == ()
    assert found.free_energies == ()


def test_what_comes_after_a_broken_bond_counts_for_nothing(short):
    positions = short.positions.copy()
    positions[150:, 1] += 3.0
    found = analyse([dataclasses.replace(short, positions=positions)])
    assert not found.stable
    assert found.n_frames == 150
    assert found.stabilities[0].time == 150.0
    assert found.of("bond")[0].mean == pytest.approx(0.97, abs=0.01)
    assert "What follows is of the 150 frames before." in found.sentences()


def test_frames_too_far_apart_give_no_spectrum_but_a_remark():
    (remark,) = [r for r in analyse([trajectory(n=300, step=10.0)]).remarks if "spectrum" in r]
    assert "10 fs apart fold vibrations above 1668 cm⁻¹" in remark
    assert "save one every 4 fs" in remark


def test_a_drift_is_judged_by_its_size_and_by_its_error(short):
    rng = np.random.default_rng(0)
    for slope, noise, said in (
        (0.2, 0.0, "conserved as it should be"),
        (30.0, 0.0, "more than the 1 that a sound force field"),
        (3.0, 1e-2, "a longer run is needed"),
    ):
        energies = 3e-3 * slope * short.times / 1e3 + noise * rng.standard_normal(200)
        found = analyse([dataclasses.replace(short, conserved=energies), dataclasses.replace(short, name="b")])
        assert any("drifts by" in sentence and said in sentence for sentence in found.sentences()), found.sentences()
        assert sum("No energy drift of b:" in remark for remark in found.remarks) == 1
