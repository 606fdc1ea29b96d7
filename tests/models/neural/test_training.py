"""The training loop: it resumes to the same bits, keeps the best, stops by itself."""

import json
import sys

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple import SchNet, load
from supple.errors import ModelFileError, SettingsError
from supple.models.neural.compiled.probe import compile_failure
from supple.models.neural.fit import refit_shift
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.schedule import LoopState
from supple.models.neural.schnet.network import SchNetNetwork
from supple.models.neural.training_state import TrainingState
from supple.runtime.run_directory import RunDirectory

SMALL = SchNet(features=32, interactions=1, steps=60, validate_every=10, batch_size=7, warmup=5, device="cpu")


@pytest.fixture(scope="module")
def parts():
    return toy_dataset(60).split(train=30, valid=10, test=20)


class StopAt:
    """Presses Ctrl-C when training has reached a step."""

    def __init__(self, step):
        self.at = step

    def note(self, sentence):
        pass

    def step(self, task, done, total, detail=""):
        if done >= self.at:
            raise KeyboardInterrupt


def test_interrupted_and_resumed_is_the_same_to_the_bit(parts, tmp_path):
    train, valid, test = parts
    undisturbed = SMALL.fit(train, valid, seed=4, run=RunDirectory.open(tmp_path / "whole", {}))
    for step in (20, 40):
        run = RunDirectory.open(tmp_path / "broken", {})
        with pytest.raises(KeyboardInterrupt):
            SMALL.fit(train, valid, seed=4, run=run, progress=StopAt(step))
        assert run.checkpoint_file.exists()
        load(run.model_file)  # the best so far is whole
    resumed = SMALL.fit(train, valid, seed=4, run=RunDirectory.open(tmp_path / "broken", {}))
    for ours, theirs in zip(undisturbed.predict(test.positions), resumed.predict(test.positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    steps = [json.loads(line)["step"] for line in (tmp_path / "broken" / "metrics.jsonl").read_text().splitlines()]
    assert steps == [10, 20, 30, 40, 50, 60]


def test_tensorboard_has_the_numbers_of_the_log(parts, tmp_path):
    from tensorboardX.proto.event_pb2 import Event

    settings = SMALL.model_copy(update={"tensorboard": True, "steps": 40})
    run = RunDirectory.open(tmp_path / "run", {})
    with pytest.raises(KeyboardInterrupt):
        settings.fit(*parts[:2], run=run, progress=StopAt(20))
    settings.fit(*parts[:2], run=run)
    found = {}
    for file in sorted((run.path / "tensorboard").iterdir()):
        data = file.read_bytes()
        while data:  # each record: its length in 8 bytes, a checksum in 4, the event, and a checksum again
            length = int.from_bytes(data[:8], "little")
            event = Event.FromString(data[12 : 12 + length])
            found |= {(event.step, value.tag): value.simple_value for value in event.summary.value}
            data = data[16 + length :]
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 30, 40]
    for line in lines:
        assert found[line["step"], "forces/rmse"] == pytest.approx(line["forces"]["rmse"])
        assert found[line["step"], "loss"] == pytest.approx(line["loss"])


def test_missing_tensorboard_is_reported(parts, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    settings = SMALL.model_copy(update={"tensorboard": True})
    with pytest.raises(SettingsError, match=r"pip install 'supple\[tensorboard\]'"):
        settings.fit(*parts[:2], run=RunDirectory.open(tmp_path / "run", {}))


def test_a_damaged_checkpoint_is_reported(parts, tmp_path):
    run = RunDirectory.open(tmp_path / "run", {})
    run.checkpoint_file.write_bytes(b"not a checkpoint")
    with pytest.raises(ModelFileError, match=r"checkpoint.*damaged.*delete it"):
        SMALL.fit(parts[0], parts[1], run=run)


def test_the_best_model_is_kept_not_the_last(parts, tmp_path):
    train, valid, _ = parts
    run = RunDirectory.open(tmp_path / "run", {})
    potential = SMALL.model_copy(update={"steps": 200, "learning_rate": 0.05, "warmup": 1}).fit(train, valid, run=run)
    log = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    errors = [0.01 * row["energy"]["rmse"] ** 2 + 0.99 * row["forces"]["rmse"] ** 2 for row in log]
    assert potential.provenance.notes[-1].endswith(f"at step {log[int(np.argmin(errors))]['step']}.")
    assert potential.evaluate(valid).forces.rmse == pytest.approx(log[int(np.argmin(errors))]["forces"]["rmse"])


def test_stops_when_validation_no_longer_improves(parts):
    train, valid, _ = parts
    settings = SMALL.model_copy(update={"steps": 5000, "patience": 2, "learning_rate": 1e-12, "ema_decay": 0.0})
    potential = settings.fit(train, valid)
    assert int(potential.provenance.notes[-1].split()[2]) < 5000


def test_energies_keep_their_last_digits(parts):
    """10⁴ eV of constant energy must not eat the digits: float32 knows that number to a millielectronvolt only."""
    train, valid, test = parts

    def shifted(data, by):
        return type(data).of(data.numbers, data.positions, data.energies + by, data.forces)

    near = SMALL.fit(train, valid)
    far = SMALL.fit(shifted(train, 1e5), shifted(valid, 1e5))
    np.testing.assert_allclose(far.predict(test.positions)[0] - 1e5, near.predict(test.positions)[0], rtol=0, atol=2e-5)


def test_the_constant_is_refitted(parts):
    train, valid, _ = parts
    potential = SMALL.fit(train, valid)
    energies, _ = potential.predict(train.positions)
    assert (energies - train.energies).mean() == pytest.approx(0, abs=1e-9)
    potential.module.shift += 1
    refit_shift(potential, train)
    assert (potential.predict(train.positions)[0] - train.energies).mean() == pytest.approx(0, abs=1e-9)


def test_missing_energies_do_not_contribute_to_the_loss(parts):
    train, valid, test = parts
    some = train.energies.copy()
    some[::2] = np.nan
    partly = type(train).of(train.numbers, train.positions, some, train.forces)
    potential = SMALL.fit(partly, valid)
    assert np.isfinite(potential.predict(test.positions)[0]).all()
    assert potential.evaluate(test).energy.mae < 4.0


def test_divergence_is_reported(parts):
    with pytest.raises(SettingsError, match="lower learning_rate"):
        SMALL.model_copy(update={"learning_rate": 1e30, "warmup": 0, "clip": 1e30}).fit(parts[0], parts[1])


def test_an_unknown_device_is_reported(parts):
    with pytest.raises(SettingsError, match="device 'abacus'"):
        SMALL.model_copy(update={"device": "abacus"}).fit(parts[0], parts[1])


def options(**changes):
    return SMALL.model_copy(update=changes)


def trained(parts, **changes):
    """A network in training on 30 frames, with its energies in eV."""
    torch.manual_seed(0)
    train = parts[0]
    network = SchNetNetwork(train.numbers, features=32, interactions=1, gaussians=25, cutoff=5.0, knots=256)
    data = LabelledFrames(
        *(torch.tensor(a, dtype=torch.float32) for a in (train.positions, train.energies, train.forces))
    )
    return TrainingState(network, data, options(**changes), 0, lambda sentence: None)


def test_every_epoch_sees_other_frames_and_begins_anywhere(parts):
    some = trained(parts, batch_size=10)
    first = [some.batch(step).tolist() for step in range(6)]
    assert sorted(row for rows in first[:3] for row in rows) == list(range(30))
    assert first[:3] != first[3:]
    assert trained(parts, batch_size=10).batch(4).tolist() == first[4]


def test_the_rate_rises_and_falls():
    rates = [LoopState().learning_rate(options(), step) for step in range(60)]
    assert rates[4] == max(rates) == SMALL.learning_rate
    assert rates[0] == SMALL.learning_rate / 5
    assert rates[-1] < 0.02 * SMALL.learning_rate


def test_the_cosine_ends_with_the_time():
    limited = options(steps=10**6, max_time=2.0)
    assert LoopState(seconds=60.0).learning_rate(limited, 100) == pytest.approx(0.505 * SMALL.learning_rate, rel=1e-3)
    assert LoopState(seconds=120.0).learning_rate(limited, 100) == pytest.approx(0.01 * SMALL.learning_rate)
    assert "time limit of 2 minutes was reached" in LoopState(step=100, seconds=121.0).stop_reason(limited)


def test_what_the_time_allows_is_validated(parts, tmp_path):
    """The last steps, at the lowest rates, count, though no validation is due."""
    run = RunDirectory.open(tmp_path / "run", {})
    settings = SMALL.model_copy(update={"steps": 10**6, "validate_every": 10**6, "max_time": 1 / 60})
    settings.fit(*parts[:2], run=run)
    (line,) = (json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines())
    assert line["seconds"] >= 1
    assert line["rate"] == pytest.approx(0.01 * SMALL.learning_rate)


def test_the_rate_halves_at_plateaus():
    stairs = options(schedule="plateau", plateau=2)
    state = LoopState()
    for step, error in ((10, 1.0), (20, 2.0), (30, 2.0), (40, 2.0), (50, 2.0)):
        state.step = step
        assert state.record_validation(error, stairs) == (step == 10)
    assert state.learning_rate(stairs, 50) == SMALL.learning_rate / 4
    state.factor = 0.001
    assert "learning rate has reached its lowest value" in state.stop_reason(stairs)


def test_the_average_is_a_running_one(parts):
    some = trained(parts, ema_decay=0.9)
    before = some.weights.values.detach().clone()
    some.take_steps(1, [1e-2])
    torch.testing.assert_close(some.averages, 0.9 * before + 0.1 * some.weights.values.detach())
    assert not torch.equal(before, some.weights.values)


def test_large_gradients_are_clipped(parts):
    some = trained(parts)
    some.weights.gradient.fill_(3.0)
    norm = some.weights.clip(10.0)
    assert norm > 10
    assert some.weights.gradient.norm() == pytest.approx(10.0, rel=1e-5)
    some.weights.clip(100.0)
    assert some.weights.gradient.norm() == pytest.approx(10.0, rel=1e-5)


def test_without_a_limit_on_time_training_does_not_ask_the_clock(parts):
    """The same seed gives the same bits, whatever else the machine does."""
    assert LoopState(seconds=0.0).learning_rate(options(), 7) == LoopState(seconds=1e9).learning_rate(options(), 7)


def test_compiled_and_uncompiled_agree(parts):
    train, valid, test = parts
    torch.manual_seed(0)
    settings = SMALL.model_copy(update={"optimiser": "adamw"})  # SOAP does not keep differences by rounding small
    plain = settings.model_copy(update={"compile": "never"}).fit(train, valid)
    compiled = settings.fit(train, valid)
    size = np.abs(test.forces).max()
    np.testing.assert_allclose(
        compiled.predict(test.positions)[1], plain.predict(test.positions)[1], rtol=0, atol=1e-3 * size
    )


def test_training_works_where_loops_cannot_be_compiled(parts, monkeypatch):
    def broken(*arguments):
        raise RuntimeError("no such processor\nat great length")

    monkeypatch.setattr("supple.models.neural.compiled.products.add_product", broken)
    compile_failure.cache_clear()
    notes = []
    listener = StopAt(10**6)
    listener.note = notes.append
    try:
        potential = SMALL.fit(*parts[:2], progress=listener)
        assert not potential.network.runs_compiled
    finally:
        monkeypatch.undo()
        compile_failure.cache_clear()
    assert any("Compiled loops are not available" in note and "no such processor." in note for note in notes)
    assert potential.network.runs_compiled
