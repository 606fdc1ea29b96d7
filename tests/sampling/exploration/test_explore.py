"""Exploration by tight binding: every conformer and barrier within reach, the same after an interruption."""

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import molecule
from ase.io import write

from supple.errors import CalculationError, SettingsError
from supple.methods.level import Level
from supple.molecule.torsions import rotatable_torsions, torsion_angles
from supple.runtime.progress import NO_PROGRESS, NoProgress
from supple.sampling.exploration.explore import BARRIERS, explore
from supple.sampling.exploration.first_batch import first_batch
from supple.sampling.exploration.starts import starting_geometries

pytest.importorskip("tblite")
DRIVE = Level("GFN2-xTB")


@pytest.fixture(scope="module")
def disulfane(tmp_path_factory):
    """A file with disulfane, planar, which is no minimum, and what is found from it."""
    folder = tmp_path_factory.mktemp("disulfane")
    atoms = Atoms("HSSH", [[1.3, 0.1, 0.0], [0.0, 0.0, 0.0], [0.0, 2.06, 0.0], [-1.3, 1.96, 0.0]])
    write(folder / "h2s2.xyz", atoms)
    return folder / "h2s2.xyz", explore(str(folder / "h2s2.xyz"), DRIVE, 300.0, frames=40, folder=folder)


def angles(found):
    return torsion_angles(found.positions, rotatable_torsions(found.numbers, found.positions[:1]))[:, 0]


def test_both_mirror_images_are_one_conformer(disulfane):
    _, found = disulfane
    assert len(found.conformers) == 1
    assert abs(angles(found)[0]) == pytest.approx(90, abs=10)
    assert found.energies[0] <= found.energies.min() + 1e-6


def test_barriers_within_reach_are_on_the_scan(disulfane):
    """The torsion goes all the way around: both barriers, at 0° and at 180°, are lower than the reach."""
    _, found = disulfane
    scanned = np.array([origin.startswith("scan of") for origin in found.origins])
    assert np.isfinite(found.values[scanned]).all() and not np.isfinite(found.values[~scanned]).any()
    covered = np.histogram(angles(found)[scanned] % 360, np.arange(0, 361, 45))[0]
    assert covered.all()
    heights = found.energies[scanned] - found.energies.min()
    assert 0.2 < heights.max() <= BARRIERS * units.kB * 300


def test_frames_are_about_the_conformers_and_along_the_scans(disulfane):
    _, found = disulfane
    for kind in ("modes of conformer 1", "dynamics from conformer 1", "dynamics from scan of H"):
        assert any(origin.startswith(kind) for origin in found.origins)
    assert len(found.origins) == len(found.positions) == len(found.energies)
    assert np.isfinite(found.energies).all()
    modes = [m for m, origin in enumerate(found.origins) if origin.startswith("modes")]
    expected = 6 / 2 * units.kB * 300  # of six harmonic vibrations
    assert 0.3 * expected < np.median(found.energies[modes] - found.energies.min()) < 3 * expected


class Interrupted(NoProgress):
    """Interrupts after some steps."""

    def __init__(self, after):
        self.left = after

    def step(self, task, done, total, detail=""):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [4, pytest.param(2, marks=pytest.mark.slow), pytest.param(9, marks=pytest.mark.slow)])
def test_an_interrupted_exploration_goes_on_to_the_same(disulfane, tmp_path, after):
    file, found = disulfane
    with pytest.raises(KeyboardInterrupt):
        explore(str(file), DRIVE, 300.0, frames=40, folder=tmp_path, progress=Interrupted(after))
    (kept,) = (tmp_path / "supple-labels").glob("*explored*.jsonl")
    before = kept.read_bytes()
    again = explore(str(file), DRIVE, 300.0, frames=40, folder=tmp_path, progress=NO_PROGRESS)
    assert kept.read_bytes().startswith(before)
    assert again.origins == found.origins
    np.testing.assert_array_equal(again.positions, found.positions)
    np.testing.assert_array_equal(again.energies, found.energies)


def test_the_first_batch_covers_the_torsion(disulfane):
    _, found = disulfane
    batch = first_batch(found, 20)
    assert len(set(batch.tolist())) == 20
    assert batch[0] == found.conformers[0]
    np.testing.assert_array_equal(
        first_batch(found, 20, select="farthest"), first_batch(found, 30, select="farthest")[:20]
    )
    assert np.histogram(angles(found)[batch] % 360, np.arange(0, 361, 90))[0].min() >= 2
    with pytest.raises(SettingsError, match="is not a way to choose"):
        first_batch(found, 20, select="nearest")


def test_all_rotamers_are_starts(tmp_path):
    pytest.importorskip("rdkit")
    from supple.sampling.molecules import starting_geometry

    start = starting_geometry("OCCF")
    starts = starting_geometries("OCCF", start, 0)
    assert len(starts) > 9  # two rotors, three positions each, and those of RDKit
    np.testing.assert_allclose(starts[0].positions, start.positions, atol=1e-12)
    torsions = rotatable_torsions(start.numbers, start.positions[None])
    found = torsion_angles(np.stack([atoms.positions for atoms in starts]), torsions)
    assert len({tuple(np.round(row / 120).astype(int) % 3) for row in found}) == 9
    rigid = molecule("H2O")
    assert len(starting_geometries("O", rigid, 0)) == 1


def test_a_method_that_fails(tmp_path):
    write(tmp_path / "h2o.xyz", molecule("H2O"))
    with pytest.raises(
        CalculationError, match=r"fake_calculators:breaks relaxes no geometry of .*h2o.xyz: no orbitals"
    ):
        explore(str(tmp_path / "h2o.xyz"), Level("fake_calculators:breaks"), 300.0, folder=tmp_path)


@pytest.mark.slow
def test_all_conformers_of_fluoroethanol(tmp_path):
    """Gg', Gg, Gt, Tg and Tt, and their mirror images; the lowest has OH...F. The same from SMILES and from a geometry."""
    pytest.importorskip("rdkit")
    found = explore("OCCF", DRIVE, 300.0, frames=60, folder=tmp_path)
    assert len(found.conformers) == 5
    write(tmp_path / "tt.xyz", Atoms(found.numbers, found.positions[found.conformers[2]]))
    other = explore(str(tmp_path / "tt.xyz"), DRIVE, 300.0, frames=60, folder=tmp_path)
    np.testing.assert_allclose(other.energies[other.conformers], found.energies[found.conformers], atol=2e-3)
