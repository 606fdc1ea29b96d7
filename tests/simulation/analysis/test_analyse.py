"""An analysis as a whole: what is found, what is missing, and what is refused."""

import dataclasses

import numpy as np
import pytest
from ase.data import atomic_masses
from simulation.analysis.harmonic import trajectory
from toy import toy_dataset

from supple import Dataset
from supple.data.writing import write_extxyz
from supple.errors import DataError, MoleculeError, SettingsError
from supple.simulation.analysis import AnalysisSettings, analyse, read_trajectory
from supple.simulation.trajectories import Trajectory


@pytest.fixture(scope="module")
def short():
    return trajectory(n=200)


def test_geometries_alone_are_a_trajectory_too(tmp_path):
    write_extxyz(tmp_path / "plain.xyz", toy_dataset(12), "eV")
    found = analyse([read_trajectory(tmp_path / "plain.xyz")])
    assert found.equipartition is None
    assert found.spectrum is None
    assert found.drifts == ()
    assert "No temperatures and no spectrum: some frames have no momenta." in found.remarks
    assert any("No energy drift" in remark for remark in found.remarks)


def test_what_is_refused(short):
    with pytest.raises(DataError, match="has 200 frames: after --skip 199, fewer than two remain"):
        analyse([short], settings=AnalysisSettings.of(skip=199))
    with pytest.raises(SettingsError, match="The setting temperature of the analysis: input should be greater than 0"):
        AnalysisSettings.of(temperature=0.0)
    with pytest.raises(MoleculeError, match=r"toy\.xyz is of a different molecule from water\.traj"):
        analyse([short], toy_dataset(5))

    known = Dataset.of(short.numbers, short.positions[:5])
    with pytest.raises(DataError, match="Fewer than two frames are stable"):
        analyse([dataclasses.replace(short, positions=3 * short.positions)], known)


def test_a_whole_analysis_of_the_harmonic_molecule():
    whole = trajectory(n=8000)
    energies = -whole.kinetic_energies
    found = analyse([dataclasses.replace(whole, energies=energies)], settings=AnalysisSettings.of(constant_energy=True))
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
    assert "Everything below is based on the 150 stable frames." in found.sentences()


def test_frames_too_far_apart_give_no_spectrum_but_a_remark():
    (remark,) = [r for r in analyse([trajectory(n=300, step=10.0)]).remarks if "spectrum" in r]
    assert "10 fs apart, vibrations above 1668 cm⁻¹" in remark
    assert "save a frame every 4 fs" in remark


def test_a_drift_is_judged_by_its_size_and_by_its_error(short):
    rng = np.random.default_rng(0)
    for slope, noise, said in (
        (0.2, 0.0, "which is negligible"),
        (30.0, 0.0, "with a good force field and time step it is below 1"),
        (3.0, 1e-2, "which may be zero; a longer run is needed"),
    ):
        energies = 3e-3 * slope * short.times / 1e3 + noise * rng.standard_normal(200)
        found = analyse([dataclasses.replace(short, conserved=energies), dataclasses.replace(short, name="b")])
        assert any("drifts by" in sentence and said in sentence for sentence in found.sentences()), found.sentences()
        assert sum("No energy drift of b:" in remark for remark in found.remarks) == 1


def test_times_given_by_the_user_replace_those_of_the_file(short):
    found = analyse([short], settings=AnalysisSettings.of(frame_time=2.0, skip=10))
    assert found.stabilities[0].span == 2.0 * 189


def methanol(n, step):
    """Methanol, which has a torsion, `n` frames `step` fs apart."""
    data = toy_dataset(n)
    masses = atomic_masses[data.numbers]
    momenta = np.random.default_rng(0).normal(scale=np.sqrt(masses * 0.02585)[:, None], size=data.positions.shape)
    return Trajectory("m.h5", data.numbers, data.positions, masses, momenta, data.energies, times=step * np.arange(n))


def test_a_long_canonical_run_gives_free_energies():
    assert len(analyse([methanol(120, 100.0)]).free_energies) == 1


def test_a_run_too_short_for_free_energies_gives_none_but_says_so():
    found = analyse([methanol(101, 2.0), methanol(101, 2.0)])
    assert found.free_energies == ()
    assert any("No free energies: the trajectories are 400 fs long in all" in remark for remark in found.remarks)


def test_a_run_at_constant_energy_gives_no_free_energies():
    canonical = methanol(120, 100.0)
    total = canonical.energies + canonical.kinetic_energies
    found = analyse([dataclasses.replace(canonical, conserved=total)])
    assert found.free_energies == ()
    assert any("at constant energy" in remark for remark in found.remarks)
    assert (
        len(analyse([dataclasses.replace(canonical, conserved=total + 0.1 * canonical.times / 1e3)]).free_energies) == 1
    )
