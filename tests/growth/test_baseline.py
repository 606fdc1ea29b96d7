"""The cheap method is a baseline where the first calculations say that it helps, and is learned once."""

import numpy as np
import pytest
from ase.build import molecule as named
from fake_calculators import Springs
from inline_workers import sample_here

from supple import SGDML, load, read
from supple.data.dataset import Dataset
from supple.growth import baseline as of_growth
from supple.growth.baseline import DriveBaseline
from supple.growth.growth import grow
from supple.growth.labelled_frames import LabelledFrames
from supple.growth.settings import Goal, GrowthSettings
from supple.runtime.progress import NO_PROGRESS

METHANOL = named("CH3OH")


@pytest.fixture(autouse=True)
def springs(monkeypatch):
    """Whose rest lengths are of another geometry, so that the molecule is under tension."""
    rest = METHANOL.positions + 0.02 * np.random.default_rng(0).standard_normal((6, 3))
    monkeypatch.setattr(Springs, "rest", np.linalg.norm(rest[:, None] - rest, axis=2))


@pytest.fixture
def labelled(springs):
    """The first calculations."""
    positions = METHANOL.positions + 0.1 * np.random.default_rng(1).standard_normal((25, 6, 3))
    energies, forces = [], []
    for frame in positions:
        atoms = METHANOL.copy()
        atoms.positions, atoms.calc = frame, Springs()
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
    extras = {"reason": np.full(25, "exploration")}
    return LabelledFrames.of(
        [Dataset.of(METHANOL.numbers, positions, np.array(energies), np.array(forces), extras=extras)], 0
    )


def not_needed():
    """Where to begin learning, of what is not learned, or was before."""
    raise AssertionError("nothing is to be learned")


def baseline(folder, drive):
    settings = GrowthSettings(molecule="CO", method="fake_calculators:springs", drive=f"fake_calculators:{drive}")
    return DriveBaseline(settings, folder, NO_PROGRESS)


def test_a_cheap_method_that_helps_is_learned_once(labelled, tmp_path, monkeypatch):
    learned = []
    monkeypatch.setattr(DriveBaseline, "_learn", lambda self, data, starts, file: learned.append(file.write_text("")))
    drive = baseline(tmp_path, "softer")
    assert drive.decision is None
    assert drive.file(labelled, lambda: labelled.data.positions) == tmp_path / "baseline.safetensors"
    assert drive.decision.used
    assert "fake_calculators:softer is used as a baseline: a small model" in drive.decision.reason
    assert drive.file(labelled, not_needed) == tmp_path / "baseline.safetensors"
    assert len(learned) == 1


@pytest.mark.parametrize(
    ("drive", "reason"),
    [
        ("valleys", "is not used as a baseline: a small model of the first calculations has a force RMSE"),
        ("breaks", "is not used as a baseline: The baseline fails for too many frames"),
        ("springs", "is not used as a baseline: The forces of"),
    ],
)
def test_one_that_does_not_help_is_left_out(labelled, tmp_path, drive, reason):
    found = baseline(tmp_path, drive)
    assert found.file(labelled, not_needed) is None
    assert reason in found.decision.reason
    assert found.file(labelled, not_needed) is None


@pytest.mark.slow
def test_a_growth_on_a_learned_baseline(tmp_path, monkeypatch):
    sample_here(monkeypatch)
    for name, value in (("_SHORTEST", 100.0), ("_LONGEST", 100.0), ("_OF_TEST", 50.0), ("EVERY", 10.0)):
        monkeypatch.setattr(f"supple.growth.dynamics.{name}", value)
    monkeypatch.setattr("supple.growth.growth._EXPLORED", 60)
    monkeypatch.setattr(of_growth, "_GEOMETRIES", 60)
    monkeypatch.setattr(of_growth, "_MODEL", "sgdml")  # which is quick
    monkeypatch.setattr(of_growth, "_SETTINGS", {"sigma": 8.0, "lam": 1e-8, "energies": "learned"})
    METHANOL.write(tmp_path / "methanol.xyz")
    names = {"method": "fake_calculators:springs", "drive": "fake_calculators:softer"}
    settings = GrowthSettings(molecule=str(tmp_path / "methanol.xyz"), **names)

    def quick(self, learned="", before=None):
        return SGDML(sigma=8.0, lam=1e-8, energies="learned", **({"baseline": str(learned)} if learned else {}))

    monkeypatch.setattr(GrowthSettings, "model_settings", quick)
    grown = grow(settings, Goal.of("1e-6 meV/Å", 30), tmp_path / "out")
    potential = load(grown.model)
    assert [part.kind for part in (potential.baseline, potential.model)] == ["sgdml", "sgdml"]
    page = grown.report.read_text()
    assert "the difference to a network that has learned fake_calculators:softer" in page
    assert "fake_calculators:softer is used as a baseline" in page
    assert len(read(grown.data)) == 30
