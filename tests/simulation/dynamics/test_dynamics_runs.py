"""Runs as a whole: interrupted, gone on with, side by side, and what happens when one leaves."""

import json
import shutil

import ase.io
import numpy as np
import pytest
from simulation.dynamics.closed_form import Springs, start
from toy import ATOMS

from supple.errors import DataError, MoleculeError, SettingsError
from supple.runtime.progress import Silence
from supple.simulation.dynamics import DynamicsSettings, run, sentences
from supple.simulation.dynamics.run_files import Record

ENSEMBLES = ["nve", "langevin", "nose-hoover"]


def settings(**values):
    return DynamicsSettings.of(**{"time": "200fs", "damping": "20fs"} | values)


class Interrupts(Silence):
    """Presses Ctrl-C when the run has come so far."""

    def __init__(self, at):
        self.at = at

    def step(self, task, done, total, detail=""):
        if done >= self.at:
            raise KeyboardInterrupt


def content(folder):
    """Of all files of a run but the one that says how long ago it was."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} | {
        "state": (folder / "md.run" / "state.json").read_text()
    }


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_interrupted_and_gone_on_with_it_is_the_same_to_the_bit(tmp_path, ensemble, replicas):
    made_by = settings(ensemble=ensemble)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(Springs(), start(2), made_by, whole / "md.xyz", replicas=replicas)
    for at in (100, 260):
        with pytest.raises(KeyboardInterrupt):
            run(Springs(), start(2), made_by, broken / "md.xyz", replicas=replicas, progress=Interrupts(at))
        step = min(state["step"] for state in json.loads((broken / "md.run" / "state.json").read_text())["replicas"])
        assert step == at  # nothing before the last frame is lost
    outcomes = run(Springs(), start(2), made_by, broken / "md.xyz", replicas=replicas)
    assert content(whole) == content(broken)
    assert [outcome.time for outcome in outcomes] == [200.0] * replicas
    assert len(ase.io.read(outcomes[0].out, ":")) == 21


@pytest.mark.parametrize("ending", [".xyz", ".traj", ".h5"])
def test_killed_between_any_two_files_it_goes_on_to_the_same(tmp_path, monkeypatch, ending):
    """Killed while frames are written: those of some replicas are there, those of others are not, the state is old."""
    made_by, out = settings(time="100fs"), f"md{ending}"
    run(Springs(), start(), made_by, tmp_path / "whole" / out, replicas=3)
    calls, dead = [], []
    monkeypatch.setattr(Record, "due", property(lambda self: True))  # write at every frame
    writes = type(Record(tmp_path / "x" / out, ATOMS.numbers, 1, {}).trajectories[0])
    extend, commit = writes.extend, Record.commit

    def killed(self, frames):
        calls.append(self.path)
        if len(calls) in (5, 12, 16):
            dead.append(True)
            raise KeyboardInterrupt
        extend(self, frames)

    monkeypatch.setattr(writes, "extend", killed)
    monkeypatch.setattr(Record, "commit", lambda self: None if dead else commit(self))  # the dead write nothing
    for _ in range(3):
        dead.clear()
        with pytest.raises(KeyboardInterrupt):
            run(Springs(), start(), made_by, tmp_path / "broken" / out, replicas=3)
    dead.clear()
    run(Springs(), start(), made_by, tmp_path / "broken" / out, replicas=3)
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
    made_by = settings(ensemble=ensemble)
    potential = Springs()
    run(potential, start(3), made_by, tmp_path / "all" / "md.xyz", replicas=3)
    assert set(potential.calls) == {3}  # in one call
    for k in range(3):
        run(Springs(), start(3).select([k]), made_by, tmp_path / f"{k}" / "md-0.xyz", first=k)
        together, alone = read(tmp_path / "all", k), read(tmp_path / f"{k}", 0)
        if ensemble == "nve":
            assert np.array_equal(together, alone)
        else:
            np.testing.assert_allclose(together, alone, rtol=0, atol=1e-9)
    assert not np.allclose(read(tmp_path / "all", 0)[-1], read(tmp_path / "all", 1)[-1], atol=0.01)


def test_longer_it_goes_on_where_it_ended(tmp_path):
    run(Springs(), start(), settings(time="80fs"), tmp_path / "a" / "md.xyz", replicas=2)
    run(Springs(), start(), settings(), tmp_path / "a" / "md.xyz", replicas=2)
    run(Springs(), start(), settings(), tmp_path / "b" / "md.xyz", replicas=2)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    potential = Springs()
    (again, _) = run(potential, start(), settings(), tmp_path / "a" / "md.xyz", replicas=2)
    assert potential.calls == []
    assert (again.time, again.steps_per_second) == (200.0, None)


def test_another_seed_is_another_run(tmp_path):
    for seed in (0, 1):
        run(Springs(), start(), settings(seed=seed), tmp_path / f"{seed}" / "md.xyz")
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


def test_one_that_leaves_does_not_stop_the_others(tmp_path):
    potential, data, which = torn()
    outcomes = run(potential, data, settings(**QUIET), tmp_path / "md.xyz", replicas=4)
    for k, outcome in enumerate(outcomes):
        if k % 2 == which:
            assert "the bond O2-H4 is" in outcome.stopped
            assert outcome.time < 200
            assert outcome.left == (tmp_path / f"md-{k}-left.xyz", 1)
            (left,) = ase.io.read(outcome.left[0], ":")
            assert left.info["guard"] == "bonds"
            assert outcome.time < left.info["time_fs"] <= outcome.time + 10
            assert left.get_distance(1, 3) > 1.4
        else:
            assert (outcome.stopped, outcome.time, outcome.sound) == (None, 200.0, True)
        frames = ase.io.read(outcome.out, ":")
        assert len(frames) == outcome.time / 10 + 1
        assert all(0.5 < frame.get_distance(1, 3) < 1.5 for frame in frames)
    assert min(potential.calls) == 2
    assert max(potential.calls) == 4
    text = "\n".join(sentences(outcomes))
    assert text.count("Stopped by a guard: at ") == 2
    assert "All guards kept silent in 2 of 4 replicas" in text
    calls = len(potential.calls)
    again = run(potential, data, settings(**QUIET), tmp_path / "md.xyz", replicas=4)
    assert len(potential.calls) == calls
    assert [o.stopped for o in again] == [o.stopped for o in outcomes]
    assert [o.left for o in again] == [o.left for o in outcomes]


def test_one_that_was_stopped_goes_on_when_it_is_only_to_be_warned_of(tmp_path):
    potential, data, which = torn()
    run(potential, data, settings(**QUIET), tmp_path / "a" / "md.xyz", replicas=2)
    warned = run(potential, data, settings(**QUIET, on_leave="warn"), tmp_path / "a" / "md.xyz", replicas=2)
    straight = run(potential, data, settings(**QUIET, on_leave="warn"), tmp_path / "b" / "md.xyz", replicas=2)
    assert [outcome.time for outcome in warned] == [200.0, 200.0]
    assert warned[which].tally.outside.keys() >= {"bonds"}
    assert not warned[which].sound
    assert warned[1 - which].sound
    assert warned[which].left[1] == straight[which].left[1] == 2  # 100 fs apart
    for k in range(2):
        np.testing.assert_allclose(read(tmp_path / "a", k), read(tmp_path / "b", k), rtol=0, atol=1e-9)
    assert "Outside its range (bonds, " in "\n".join(warned[which].sentences())


def test_restrained_it_is_put_back_with_new_velocities(tmp_path):
    potential = Springs(0.03)  # so soft that bonds leave now and then
    made_by = settings(on_leave="restrain", temperature=800, time="1ps", every="20fs")
    (outcome,) = run(potential, start(amplitude=0.0), made_by, tmp_path / "md.xyz")
    assert outcome.stopped is None
    assert outcome.tally.returns > 3
    frames = ase.io.read(outcome.out, ":")
    assert len(frames) == 51
    rest = ATOMS.get_all_distances()
    for frame in frames:  # none is outside
        assert np.abs(frame.get_all_distances() - rest)[[0, 1], [1, 3]].max() <= 0.5 + 1e-9
    counts = [frame.info["returns"] for frame in frames]
    assert counts == sorted(counts)
    assert counts[-1] == outcome.tally.returns
    assert f"Put back {outcome.tally.returns} times to the last frame inside" in "\n".join(outcome.sentences())
    assert 1 <= outcome.left[1] <= 10
    with pytest.raises(KeyboardInterrupt):
        run(potential, start(amplitude=0.0), made_by, tmp_path / "b" / "md.xyz", progress=Interrupts(1000))
    run(potential, start(amplitude=0.0), made_by, tmp_path / "b" / "md.xyz")
    assert (tmp_path / "b" / "md.xyz").read_bytes() == (tmp_path / "md.xyz").read_bytes()


@pytest.mark.parametrize("ensemble", ["nve", "nose-hoover"])
def test_restraint_keeps_an_honest_account_of_the_energy(tmp_path, ensemble):
    made_by = settings(ensemble=ensemble, on_leave="restrain", temperature=1000, time="1ps", every="20fs")
    (outcome,) = run(Springs(0.03), start(amplitude=0.0), made_by, tmp_path / "md.xyz")
    assert outcome.tally.returns > 0
    assert outcome.stopped is None
    assert abs(outcome.tally.drift) < 1.0  # new velocities are no drift


def test_one_that_cannot_be_kept_inside_is_stopped(tmp_path):
    potential, data, which = torn(pull=40.0)
    outcomes = run(potential, data, settings(**QUIET, on_leave="restrain"), tmp_path / "md.xyz", replicas=2)
    assert "beyond its range of 0.43 to 1.43 Å (again after 20 returns)" in outcomes[which].stopped
    assert outcomes[which].tally.returns == 20
    assert outcomes[1 - which].sound


def test_energy_that_is_not_conserved_is_no_reason_to_go_back(tmp_path):
    made_by = settings(ensemble="nve", timestep="4fs", every="8fs", time="800fs", temperature=300, on_leave="restrain")
    (outcome,) = run(Springs(), start(), made_by, tmp_path / "md.xyz")
    assert "the energy that should stay constant has changed" in outcome.stopped
    assert outcome.tally.returns == 0


class Explodes(Springs):
    """Forces that are no numbers after some calls."""

    def energy_and_forces(self, positions):
        energies, forces = super().energy_and_forces(positions)
        return energies, forces * (float("nan") if len(self.calls) > 60 else 1.0)


@pytest.mark.parametrize("on_leave", ["stop", "warn", "restrain"])
@pytest.mark.parametrize("replicas", [1, 2])
def test_numbers_that_are_none_end_the_run_in_any_case(tmp_path, on_leave, replicas):
    outcomes = run(Explodes(), start(), settings(on_leave=on_leave), tmp_path / "md.xyz", replicas=replicas)
    for outcome in outcomes:
        assert "positions or velocities are not numbers any more" in outcome.stopped
        assert np.isfinite([atoms.positions for atoms in ase.io.read(outcome.out, ":")]).all()


def test_what_is_refused(tmp_path):
    out = tmp_path / "md.xyz"
    with pytest.raises(SettingsError, match="one replica at least, not 0"):
        run(Springs(), start(), settings(), out, replicas=0)
    wrong = start().of(ATOMS.numbers[::-1].copy(), start().positions, name="other.xyz")
    with pytest.raises(MoleculeError, match=r"other\.xyz has the atoms of CH4O in another order"):
        run(Springs(), wrong, settings(), out)
    with pytest.raises(MoleculeError, match=r"other\.xyz has the atoms"):
        run(Springs(), start(), settings(), out, reference=wrong)
    with pytest.raises(SettingsError, match="Trajectories are written as"):
        run(Springs(), start(), settings(), tmp_path / "md.dcd")
    far = start().positions.copy()
    far[0, 3] += 2.0
    broken = start().of(ATOMS.numbers, far, name="broken.xyz")
    with pytest.raises(MoleculeError, match=r"Frame 0 of broken\.xyz is no geometry to begin from, for the bond O2-H4"):
        run(Springs(), broken, settings(), out, reference=start(20))
    assert list(tmp_path.iterdir()) == []
    run(Springs(), start(), settings(), tmp_path / "other.xyz")
    with pytest.raises(SettingsError, match=r'format is "\.xyz" there, "\.h5" now'):
        run(Springs(), start(), settings(), tmp_path / "other.h5")
    out.write_text("mine")
    with pytest.raises(SettingsError, match=r"md\.xyz is there already, but not the folder"):
        run(Springs(), start(), settings(), out)
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"temperature": 400}, "temperature is 300.0 there, 400.0 now"),
        ({"seed": 1}, "seed is 0 there, 1 now"),
        ({"ensemble": "nve"}, 'ensemble is "langevin" there, "nve" now'),
        ({"replicas": 3}, "replicas is 2 there, 3 now"),
        ({"potential": Springs(0.9)}, "model is"),
        ({"start": start(2, seed=9)}, "start is"),
    ],
)
def test_a_run_of_other_settings_is_not_gone_on_with(tmp_path, changes, says):
    asked = {"potential": Springs(), "start": start(2), "replicas": 2}
    run(asked["potential"], asked["start"], settings(time="20fs"), tmp_path / "md.xyz", replicas=2)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    asked |= {key: value for key, value in changes.items() if key in asked}
    made_by = settings(time="20fs", **{key: value for key, value in changes.items() if key not in asked})
    with pytest.raises(SettingsError, match=says):
        run(asked["potential"], asked["start"], made_by, tmp_path / "md.xyz", replicas=asked["replicas"])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_trajectory_that_was_changed_is_not_gone_on_with(tmp_path):
    run(Springs(), start(), settings(time="50fs"), tmp_path / "md.xyz")
    text = (tmp_path / "md.xyz").read_text()
    (tmp_path / "md.xyz").write_text(text[: len(text) // 2])
    with pytest.raises(DataError, match=r"md\.xyz has fewer than the 6 frames that were written to it"):
        run(Springs(), start(), settings(), tmp_path / "md.xyz")
    (tmp_path / "md.run" / "state.json").write_text("{")
    with pytest.raises(SettingsError, match=r"state\.json cannot be read"):
        run(Springs(), start(), settings(), tmp_path / "md.xyz")
    shutil.rmtree(tmp_path / "md.run")
    with pytest.raises(SettingsError, match="choose another --out, or move it"):
        run(Springs(), start(), settings(), tmp_path / "md.xyz")


def test_two_processes_do_not_share_a_run(tmp_path):
    record = Record(tmp_path / "md.xyz", ATOMS.numbers, 1, {"a": 1})
    other = Record(tmp_path / "md.xyz", ATOMS.numbers, 1, {"a": 1})
    with record.claimed(), pytest.raises(SettingsError, match="Another process is at work in"), other.claimed():
        pass


class Listens(Silence):
    """Keeps what is said."""

    def __init__(self):
        self.said = []

    def step(self, task, done, total, detail=""):
        self.said.append((task, done, total, detail))


def test_progress_says_temperature_drift_speed_and_the_time_left(tmp_path):
    listens = Listens()
    run(Springs(), start(), settings(ensemble="nve"), tmp_path / "md.xyz", replicas=2, progress=listens)
    task, done, total, detail = listens.said[4]
    assert (task, done, total) == ("md.xyz", 100, 400)
    for part in (" K, ", "energy ", " meV/atom, ", "2 of 2 replicas, ", " steps/s, ", " left"):
        assert part in detail
