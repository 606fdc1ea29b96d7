"""Sampling as a whole: what is written, and what survives an interruption."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from ase.build import molecule
from ase.io import write
from cli.conftest import Shell
from inline_workers import sample_here

import supple
from supple.checks import examine
from supple.errors import DataError, SettingsError
from supple.models.kernel.direct_fit import small_kernel_model
from supple.sampling import Recipe, sample
from supple.sampling.profiles import profiles

pytest.importorskip("tblite")
MD = "md:temperature=300,frames=12,every=3,settle=3"
#: `supple`, killed by its worker as soon as four frames are on disk. Worker processes run this file as well.
KILLED = """
import os, signal
from supple.cli.main import run
from supple.sampling.segment_file import SegmentFile

append = SegmentFile.append

def append_and_kill(self, frame):
    append(self, frame)
    if len(self) == 4:
        {kill}

SegmentFile.append = append_and_kill
if __name__ == "__main__":
    run()
"""


@pytest.fixture
def water(tmp_path):
    write(tmp_path / "water.xyz", molecule("H2O"))
    return tmp_path / "water.xyz"


def recipe(water, **settings):
    draws = [{"kind": "md", "temperature": 300, "frames": 8, "every": 2, "settle": 2}]
    return Recipe.of(**{"molecule": str(water), "draws": draws} | settings)


def test_frames_are_labelled_and_have_their_origin(water, tmp_path, here):
    made = sample(recipe(water), tmp_path / "out.xyz")
    data = supple.read(tmp_path / "out.xyz")
    assert len(data) == 8
    assert made.failures == ()
    assert made.missing == 0
    assert set(data.extras["origin"]) == {"md_water_300K"}
    assert data.source.theory.startswith("GFN2-xTB (tblite")
    assert [finding.name for finding in examine(data, small_kernel_model) if finding.severity == "serious"] == []


def test_the_same_again_is_the_same_and_another_recipe_is_refused(water, tmp_path, monkeypatch):
    sample(recipe(water), tmp_path / "a.xyz", jobs=2)
    sample_here(monkeypatch)
    sample(recipe(water), tmp_path / "b.xyz")
    assert (tmp_path / "a.xyz").read_bytes() == (tmp_path / "b.xyz").read_bytes()
    with pytest.raises(SettingsError, match="seed was 0, is now 1"):
        sample(recipe(water, seed=1), tmp_path / "a.xyz")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a sampling writes that nothing disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder / "water.xyz", molecule("H2O"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        sample_here(monkeypatch)
        Shell(folder)("sample", "water.xyz", "--draw", MD, "--jobs", 1, "--out", "whole.xyz")
    return (folder / "whole.xyz").read_bytes()


@pytest.mark.parametrize(
    "kill",
    ["os.killpg(0, signal.SIGKILL)", "os.kill(os.getppid(), signal.SIGKILL)"],
    ids=["with its processes", "alone"],
)
def test_killed_at_any_moment_it_is_resumed_to_the_same_file(kill, water, whole, tmp_path, here):
    """Killed alone, it leaves worker processes behind; they exit by themselves, before they disturb the next run."""
    (tmp_path / "killed.py").write_text(KILLED.format(kill=kill))
    command = ["sample", "water.xyz", "--draw", MD, "--jobs", "1", "--out", "killed.xyz"]
    killed = subprocess.run(
        [sys.executable, "killed.py", *command], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=120, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    lines = tmp_path / "killed.sample" / "segments" / "md_water_300K.jsonl"
    assert lines.read_bytes().count(b"\n") >= 4
    assert not (tmp_path / "killed.xyz").exists()
    if "killpg" in kill:
        with lines.open("ab") as half:
            half.write(b'{"positions": [[0.0')
    shell = Shell(tmp_path)
    resume = shell if "killpg" in kill else shell.process  # beside a worker that is left, with workers of its own
    resume(*command)
    assert (tmp_path / "killed.xyz").read_bytes() == whole


def test_failures_are_recorded_and_the_others_kept(water, tmp_path, here):
    asked = recipe(
        water, method="fake_calculators:sometimes", drive="GFN2-xTB",
        draws=[{"kind": "md", "temperature": 300, "frames": 20, "every": 2, "settle": 2}],
    )  # fmt: skip
    made = sample(asked, tmp_path / "out.xyz")
    assert 0 < len(made.failures) < 20
    assert len(made.dataset) == 20 - len(made.failures)
    assert made.failures[0] == ("md_water_300K", "no self-consistency")
    lines = (tmp_path / "out.sample" / "failed.jsonl").read_text().splitlines()
    assert len(lines) == len(made.failures)
    assert np.array(json.loads(lines[0])["positions"]).shape == (3, 3)


def test_a_sampling_without_a_single_label_is_an_error(water, tmp_path, here):
    asked = recipe(water, method="fake_calculators:nothing", drive="GFN2-xTB")
    with pytest.raises(DataError, match="No calculation succeeded: ArithmeticError: energy or forces are not finite"):
        sample(asked, tmp_path / "out.xyz")


@pytest.mark.slow
def test_the_relaxed_scan_of_azobenzene_shows_both_minima_and_the_barrier(tmp_path):
    asked = Recipe.of(molecule="azobenzene", draws=[{"kind": "scan", "points": 19}])
    made = sample(asked, tmp_path / "scan.xyz")
    (profile,) = profiles(made.dataset)
    assert profile.name == "C1-N7-N8-C9"
    assert (profile.coordinate[0], profile.coordinate[-1]) == (-180, 180)
    minima = [abs(profile.coordinate[k]) for k in profile.minima]
    assert any(value < 30 for value in minima)
    assert any(value > 150 for value in minima)
    barriers = [k for k in profile.barriers if 60 < abs(profile.coordinate[k]) < 120]
    assert barriers
    assert all(12 < profile.energies[k] < 20 for k in barriers)
