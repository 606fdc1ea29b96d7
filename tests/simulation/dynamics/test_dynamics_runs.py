"""Runs as a whole: interrupted and resumed, in batches, and what happens when a guard triggers."""

import json
import os
import shutil

import ase.io
import numpy as np
import pytest
from simulation.dynamics.closed_form import Springs, start
from toy import ATOMS

from supple.errors import DataError, MoleculeError, OutputError, SettingsError
from supple.runtime.progress import NoProgress
from supple.simulation.dynamics import DynamicsSettings, run_md, summary
from supple.simulation.dynamics.run_files import RunFiles
from supple.simulation.trajectories import read_trajectory

ENSEMBLES = ["nve", "langevin", "nose-hoover"]


def settings(**values):
    return DynamicsSettings.of(**{"time": "200fs", "damping": "20fs"} | values)


class Interrupts(NoProgress):
    """Presses Ctrl-C at some step."""

    def __init__(self, at):
        self.at = at

    def step(self, task, done, total, detail=""):
        if done >= self.at:
            raise KeyboardInterrupt


def content(folder):
    """All files of a run, except run.json."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} | {
        "state": (folder / "md.run" / "state.json").read_text()
    }


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_interrupted_and_resumed_it_is_the_same_to_the_bit(tmp_path, ensemble, replicas):
    chosen = settings(ensemble=ensemble)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run_md(Springs(), start(2), chosen, whole / "md.xyz", replicas=replicas)
    for at in (100, 260):
        with pytest.raises(KeyboardInterrupt):
            run_md(Springs(), start(2), chosen, broken / "md.xyz", replicas=replicas, progress=Interrupts(at))
        step = min(state["step"] for state in json.loads((broken / "md.run" / "state.json").read_text())["replicas"])
        assert step == at  # nothing before the last frame is lost
    results = run_md(Springs(), start(2), chosen, broken / "md.xyz", replicas=replicas)
    assert content(whole) == content(broken)
    assert [result.time for result in results] == [200.0] * replicas
    assert len(ase.io.read(results[0].out, ":")) == 21


@pytest.mark.parametrize("ending", [".xyz", ".traj", ".h5"])
def test_killed_between_any_two_files_it_resumes_to_the_same(tmp_path, monkeypatch, ending):
    """Killed while frames are written: those of some replicas are there, those of others are not, the state is old."""
    chosen, out = settings(time="100fs"), f"md{ending}"
    run_md(Springs(), start(), chosen, tmp_path / "whole" / out, replicas=3)
    calls, dead = [], []
    monkeypatch.setattr(RunFiles, "due", property(lambda self: True))  # write at every frame
    writes = type(RunFiles(tmp_path / "x" / out, ATOMS.numbers, 1, {}).trajectories[0])
    append, commit = writes.append, RunFiles.commit

    def killed(self, frames):
        calls.append(self.path)
        if len(calls) in (5, 12, 16):
            dead.append(True)
            raise KeyboardInterrupt
        append(self, frames)

    monkeypatch.setattr(writes, "append", killed)
    monkeypatch.setattr(RunFiles, "commit", lambda self: None if dead else commit(self))  # the dead write nothing
    for _ in range(3):
        dead.clear()
        with pytest.raises(KeyboardInterrupt):
            run_md(Springs(), start(), chosen, tmp_path / "broken" / out, replicas=3)
    dead.clear()
    run_md(Springs(), start(), chosen, tmp_path / "broken" / out, replicas=3)
    whole, broken = (
        {k: np.array(read(folder, k)) for k in range(3)} for folder in (tmp_path / "whole", tmp_path / "broken")
    )
    for k in range(3):
        assert np.array_equal(whole[k], broken[k])


def read(folder, k):
    """Positions of a replica."""
    (path,) = [path for path in folder.glob(f"md-{k}.*") if path.is_file()]
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path) as file:
            return file["particles/trajectory/position/value"][()]
    return [atoms.positions for atoms in ase.io.read(path, ":")]


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_a_replica_is_what_it_would_be_alone(tmp_path, ensemble):
    chosen = settings(ensemble=ensemble)
    potential = Springs()
    run_md(potential, start(3), chosen, tmp_path / "all" / "md.xyz", replicas=3)
    assert set(potential.calls) == {3}  # in one call
    for k in range(3):
        run_md(Springs(), start(3).select([k]), chosen, tmp_path / f"{k}" / "md-0.xyz", first_replica=k)
        together, alone = read(tmp_path / "all", k), read(tmp_path / f"{k}", 0)
        if ensemble == "nve":
            assert np.array_equal(together, alone)
        else:
            np.testing.assert_allclose(together, alone, rtol=0, atol=1e-9)
    assert not np.allclose(read(tmp_path / "all", 0)[-1], read(tmp_path / "all", 1)[-1], atol=0.01)


def test_with_a_longer_time_it_is_extended(tmp_path):
    run_md(Springs(), start(), settings(time="80fs"), tmp_path / "a" / "md.xyz", replicas=2)
    run_md(Springs(), start(), settings(), tmp_path / "a" / "md.xyz", replicas=2)
    run_md(Springs(), start(), settings(), tmp_path / "b" / "md.xyz", replicas=2)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    potential = Springs()
    (again, _) = run_md(potential, start(), settings(), tmp_path / "a" / "md.xyz", replicas=2)
    assert potential.calls == []
    assert (again.time, again.steps_per_second) == (200.0, None)


def test_another_seed_is_another_run(tmp_path):
    for seed in (0, 1):
        run_md(Springs(), start(), settings(seed=seed), tmp_path / f"{seed}" / "md.xyz")
    first, second = (ase.io.read(tmp_path / f"{seed}" / "md.xyz", "-1").positions for seed in (0, 1))
    assert not np.allclose(first, second, atol=0.01)


class Tears(Springs):
    """Springs that give way in one of the geometries: the O-H bond of those whose first atom is on the right."""

    def energy_and_forces(self, positions):
        energies, forces = super().energy_and_forces(positions)
        away = positions[:, 3] - positions[:, 1]
        pull = self.pull * (positions[:, 0, 0] > 0)[:, None] * away / away.norm(dim=-1, keepdim=True)
        forces = forces.clone()
        forces[:, 3] += pull
        forces[:, 1] -= pull
        return energies - (pull * away).sum(-1), forces


def torn(pull=15.0):
    """A force field that lets go of one of two geometries, these, and which it is."""
    potential = Tears()
    potential.pull = pull
    data = start(2)
    positions = data.positions.copy()
    positions[1] *= [-1.0, 1.0, 1.0]
    assert np.sign(positions[0, 0, 0]) != np.sign(positions[1, 0, 0])
    data = data.of(data.numbers, positions, name="start.xyz")
    return potential, data, int(np.flatnonzero(positions[:, 0, 0] > 0)[0])


QUIET = {"temperature": 50.0, "damping": "1ps"}


def test_a_stopped_replica_does_not_stop_the_others(tmp_path):
    potential, data, which = torn()
    results = run_md(potential, data, settings(**QUIET), tmp_path / "md.xyz", replicas=4)
    for k, result in enumerate(results):
        if k % 2 == which:
            assert "the bond O2-H4 is" in result.stopped
            assert result.time < 200
            assert (result.triggered_file, result.n_triggered) == (tmp_path / f"md-{k}-left.xyz", 1)
            (left,) = ase.io.read(result.triggered_file, ":")
            assert left.info["guard"] == "bonds"
            assert result.time < left.info["time_fs"] <= result.time + 10
            assert left.get_distance(1, 3) > 1.4
        else:
            assert (result.stopped, result.time, result.triggered) == (None, 200.0, False)
        frames = ase.io.read(result.out, ":")
        assert len(frames) == result.time / 10 + 1
        assert all(0.5 < frame.get_distance(1, 3) < 1.5 for frame in frames)
    assert min(potential.calls) == 2
    assert max(potential.calls) == 4
    text = "\n".join(summary(results))
    assert text.count("Stopped by a guard: at ") == 2
    assert "No guard triggered in 2 of 4 replicas" in text
    calls = len(potential.calls)
    again = run_md(potential, data, settings(**QUIET), tmp_path / "md.xyz", replicas=4)
    assert len(potential.calls) == calls
    assert [o.stopped for o in again] == [o.stopped for o in results]
    assert [o.n_triggered for o in again] == [o.n_triggered for o in results]


def test_a_stopped_replica_continues_with_on_leave_warn(tmp_path):
    potential, data, which = torn()
    run_md(potential, data, settings(**QUIET), tmp_path / "a" / "md.xyz", replicas=2)
    warned = run_md(potential, data, settings(**QUIET, on_leave="warn"), tmp_path / "a" / "md.xyz", replicas=2)
    straight = run_md(potential, data, settings(**QUIET, on_leave="warn"), tmp_path / "b" / "md.xyz", replicas=2)
    assert [result.time for result in warned] == [200.0, 200.0]
    assert warned[which].averages.triggers.keys() >= {"bonds"}
    assert warned[which].triggered
    assert not warned[1 - which].triggered
    assert warned[which].n_triggered == straight[which].n_triggered == 2  # 100 fs apart
    for k in range(2):
        np.testing.assert_allclose(read(tmp_path / "a", k), read(tmp_path / "b", k), rtol=0, atol=1e-9)
    assert "Out of range (bonds, " in "\n".join(warned[which].sentences())


def test_with_restrain_it_is_put_back_with_new_velocities(tmp_path):
    potential = Springs(0.03)  # so soft that bonds leave now and then
    chosen = settings(on_leave="restrain", temperature=800, time="1ps", every="20fs")
    (result,) = run_md(potential, start(amplitude=0.0), chosen, tmp_path / "md.xyz")
    assert result.stopped is None
    assert result.averages.returns > 3
    frames = ase.io.read(result.out, ":")
    assert len(frames) == 51
    rest = ATOMS.get_all_distances()
    for frame in frames:  # none is outside
        assert np.abs(frame.get_all_distances() - rest)[[0, 1], [1, 3]].max() <= 0.5 + 1e-9
    counts = [frame.info["returns"] for frame in frames]
    assert counts == sorted(counts)
    assert counts[-1] == result.averages.returns
    assert f"Returned {result.averages.returns} times to the last frame within range" in "\n".join(result.sentences())
    assert 1 <= result.n_triggered <= 10
    with pytest.raises(KeyboardInterrupt):
        run_md(potential, start(amplitude=0.0), chosen, tmp_path / "b" / "md.xyz", progress=Interrupts(1000))
    run_md(potential, start(amplitude=0.0), chosen, tmp_path / "b" / "md.xyz")
    assert (tmp_path / "b" / "md.xyz").read_bytes() == (tmp_path / "md.xyz").read_bytes()


@pytest.mark.parametrize("ensemble", ["nve", "nose-hoover"])
def test_returns_are_not_counted_as_energy_drift(tmp_path, ensemble):
    chosen = settings(ensemble=ensemble, on_leave="restrain", temperature=1000, time="1ps", every="20fs")
    (result,) = run_md(Springs(0.03), start(amplitude=0.0), chosen, tmp_path / "md.xyz")
    assert result.averages.returns > 0
    assert result.stopped is None
    assert abs(result.averages.drift) < 1.0  # new velocities are no drift


def test_a_replica_that_cannot_be_kept_within_range_is_stopped(tmp_path):
    potential, data, which = torn(pull=40.0)
    results = run_md(potential, data, settings(**QUIET, on_leave="restrain"), tmp_path / "md.xyz", replicas=2)
    assert "outside its range of 0.43 to 1.43 Å (again after 20 returns)" in results[which].stopped
    assert results[which].averages.returns == 20
    assert not results[1 - which].triggered


def test_energy_drift_does_not_cause_returns(tmp_path):
    chosen = settings(ensemble="nve", timestep="4fs", every="8fs", time="800fs", temperature=300, on_leave="restrain")
    (result,) = run_md(Springs(), start(), chosen, tmp_path / "md.xyz")
    assert "the conserved energy has changed" in result.stopped
    assert result.averages.returns == 0


class Explodes(Springs):
    """Forces that are NaN after some calls."""

    def energy_and_forces(self, positions):
        energies, forces = super().energy_and_forces(positions)
        return energies, forces * (float("nan") if len(self.calls) > 60 else 1.0)


@pytest.mark.parametrize("on_leave", ["stop", "warn", "restrain"])
@pytest.mark.parametrize("replicas", [1, 2])
def test_nan_always_stops_a_replica(tmp_path, on_leave, replicas):
    results = run_md(Explodes(), start(), settings(on_leave=on_leave), tmp_path / "md.xyz", replicas=replicas)
    for result in results:
        assert "positions or velocities are NaN or infinite" in result.stopped
        assert np.isfinite([atoms.positions for atoms in ase.io.read(result.out, ":")]).all()


def test_what_is_refused(tmp_path):
    out = tmp_path / "md.xyz"
    with pytest.raises(SettingsError, match="At least one replica is needed, not 0"):
        run_md(Springs(), start(), settings(), out, replicas=0)
    wrong = start().of(ATOMS.numbers[::-1].copy(), start().positions, name="other.xyz")
    with pytest.raises(MoleculeError, match=r"other\.xyz has the atoms of CH4O in another order"):
        run_md(Springs(), wrong, settings(), out)
    with pytest.raises(MoleculeError, match=r"other\.xyz has the atoms"):
        run_md(Springs(), start(), settings(), out, reference=wrong)
    with pytest.raises(SettingsError, match="Trajectories are written as"):
        run_md(Springs(), start(), settings(), tmp_path / "md.dcd")
    far = start().positions.copy()
    far[0, 3] += 2.0
    broken = start().of(ATOMS.numbers, far, name="broken.xyz")
    with pytest.raises(MoleculeError, match=r"Frame 0 of broken\.xyz cannot be used to start a run: the bond O2-H4"):
        run_md(Springs(), broken, settings(), out, reference=start(20))
    assert list(tmp_path.iterdir()) == []
    run_md(Springs(), start(), settings(), tmp_path / "other.xyz")
    with pytest.raises(SettingsError, match=r'format was "\.xyz", is now "\.h5"'):
        run_md(Springs(), start(), settings(), tmp_path / "other.h5")
    out.write_text("mine")
    with pytest.raises(OutputError, match=r"md\.xyz already exists, but .*state\.json"):
        run_md(Springs(), start(), settings(), out)
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"temperature": 400}, "temperature was 300.0, is now 400.0"),
        ({"seed": 1}, "seed was 0, is now 1"),
        ({"ensemble": "nve"}, 'ensemble was "langevin", is now "nve"'),
        ({"replicas": 3}, "replicas was 2, is now 3"),
        ({"potential": Springs(0.9)}, "model was"),
        ({"start": start(2, seed=9)}, "start was"),
    ],
)
def test_a_run_with_other_settings_is_not_resumed(tmp_path, changes, says):
    asked = {"potential": Springs(), "start": start(2), "replicas": 2}
    run_md(asked["potential"], asked["start"], settings(time="20fs"), tmp_path / "md.xyz", replicas=2)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    asked |= {key: value for key, value in changes.items() if key in asked}
    chosen = settings(time="20fs", **{key: value for key, value in changes.items() if key not in asked})
    with pytest.raises(SettingsError, match=says):
        run_md(asked["potential"], asked["start"], chosen, tmp_path / "md.xyz", replicas=asked["replicas"])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_trajectory_that_was_changed_is_not_resumed(tmp_path):
    run_md(Springs(), start(), settings(time="50fs"), tmp_path / "md.xyz")
    text = (tmp_path / "md.xyz").read_text()
    (tmp_path / "md.xyz").write_text(text[: len(text) // 2])
    with pytest.raises(DataError, match=r"md\.xyz has fewer than the 6 frames that were written to it"):
        run_md(Springs(), start(), settings(), tmp_path / "md.xyz")
    (tmp_path / "md.run" / "state.json").write_text("{")
    with pytest.raises(SettingsError, match=r"state\.json cannot be read"):
        run_md(Springs(), start(), settings(), tmp_path / "md.xyz")


@pytest.mark.parametrize("ending", [".xyz", ".traj", ".h5"])
@pytest.mark.parametrize("lost", ["state", "folder", "trajectory and folder"])
def test_a_trajectory_without_its_state_is_kept(tmp_path, lost, ending):
    out = tmp_path / f"md{ending}"
    run_md(Springs(), start(), settings(time="50fs"), out)
    triggered = tmp_path / "md-left.xyz"
    triggered.write_text("geometries of another run")
    if lost == "state":
        (tmp_path / "md.run" / "state.json").unlink()
    else:
        shutil.rmtree(tmp_path / "md.run")
    if lost == "trajectory and folder":
        out.unlink()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    name = "md-left.xyz" if lost == "trajectory and folder" else out.name
    with pytest.raises(OutputError, match=rf"{name} already exists, but .*state\.json, .* or use --overwrite"):
        run_md(Springs(), start(), settings(time="50fs"), out)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    run_md(Springs(), start(), settings(time="50fs"), out, overwrite=True)
    assert len(read_trajectory(out).positions) == 6
    assert not triggered.exists()
    assert run_md(Springs(), start(), settings(time="60fs"), out)[0].time == 60.0  # and is resumed


def test_killed_before_the_first_state_it_begins_again(tmp_path, monkeypatch):
    """The trajectory is there, with a first frame; a state that counts none was written before."""

    def kill(self, saved):
        if any(saved):
            raise KeyboardInterrupt
        write(self, saved)

    write = RunFiles._write_state
    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(RunFiles, "_write_state", kill)
        run_md(Springs(), start(), settings(time="50fs"), tmp_path / "md.xyz")
    assert len(read_trajectory(tmp_path / "md.xyz").positions) == 1
    run_md(Springs(), start(), settings(time="50fs"), tmp_path / "md.xyz")
    assert len(read_trajectory(tmp_path / "md.xyz").positions) == 6


@pytest.mark.parametrize("ending", [".xyz", ".traj", ".h5"])
def test_a_trajectory_behind_a_link_is_written_there(tmp_path, ending):
    (tmp_path / "scratch").mkdir()
    out, target = tmp_path / f"md{ending}", tmp_path / "scratch" / f"md{ending}"
    out.symlink_to(target)
    for time in ("50fs", "60fs"):
        run_md(Springs(), start(), settings(time=time), out)
    assert out.is_symlink()
    assert len(read_trajectory(target).positions) == 7


def test_a_pipe_holds_no_trajectory(tmp_path):
    os.mkfifo(tmp_path / "md.xyz")
    with pytest.raises(OutputError, match="is a device or a pipe"):
        run_md(Springs(), start(), settings(), tmp_path / "md.xyz", overwrite=True)


def test_two_processes_do_not_share_a_run(tmp_path):
    record = RunFiles(tmp_path / "md.xyz", ATOMS.numbers, 1, {"a": 1})
    other = RunFiles(tmp_path / "md.xyz", ATOMS.numbers, 1, {"a": 1})
    with record.claimed(), pytest.raises(SettingsError, match="Another process is using"), other.claimed():
        pass


class Listens(NoProgress):
    """Keeps what is said."""

    def __init__(self):
        self.said = []

    def step(self, task, done, total, detail=""):
        self.said.append((task, done, total, detail))


def test_progress_says_temperature_drift_speed_and_the_time_left(tmp_path):
    listens = Listens()
    run_md(Springs(), start(), settings(ensemble="nve"), tmp_path / "md.xyz", replicas=2, progress=listens)
    task, done, total, detail = listens.said[4]
    assert (task, done, total) == ("md.xyz", 100, 400)
    for part in (" K, ", "energy ", " meV/atom, ", "2 of 2 replicas, ", " steps/s, ", " left"):
        assert part in detail
