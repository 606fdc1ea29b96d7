"""The training loop: it resumes to the same bits, keeps the best, stops by itself."""

import json

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple import Potential, SchNet
from supple.errors import ModelFileError, SettingsError
from supple.neural.fit import refit_shift
from supple.neural.trainer import Plan, _batches
from supple.run import RunDirectory

SMALL = SchNet(features=8, interactions=1, steps=60, validate_every=10, batch_size=7, warmup=5, compile="never",
               device="cpu")  # fmt: skip


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
        Potential.load(run.model_file)  # the best so far is whole
    resumed = SMALL.fit(train, valid, seed=4, run=RunDirectory.open(tmp_path / "broken", {}))
    for ours, theirs in zip(undisturbed.predict(test.positions), resumed.predict(test.positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    steps = [json.loads(line)["step"] for line in (tmp_path / "broken" / "metrics.jsonl").read_text().splitlines()]
    assert steps == [10, 20, 30, 40, 50, 60]


def test_a_damaged_checkpoint_is_said_to_be_so(parts, tmp_path):
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
    potential.shift += 1
    refit_shift(potential, train)
    assert (potential.predict(train.positions)[0] - train.energies).mean() == pytest.approx(0, abs=1e-9)


def test_missing_energies_have_no_part_in_the_loss(parts):
    train, valid, test = parts
    some = train.energies.copy()
    some[::2] = np.nan
    partly = type(train).of(train.numbers, train.positions, some, train.forces)
    potential = SMALL.fit(partly, valid)
    assert np.isfinite(potential.predict(test.positions)[0]).all()
    assert potential.evaluate(test).energy.mae < 1.0


def test_divergence_is_said(parts):
    with pytest.raises(SettingsError, match="lower learning_rate"):
        SMALL.model_copy(update={"learning_rate": 1e30, "warmup": 0, "clip": 1e30}).fit(parts[0], parts[1])


def test_an_unknown_device_is_said(parts):
    with pytest.raises(SettingsError, match="device 'abacus'"):
        SMALL.model_copy(update={"device": "abacus"}).fit(parts[0], parts[1])


def test_every_epoch_sees_other_frames_and_resumes_in_the_middle():
    first = [next(batches).tolist() for batches in [_batches(10, 5, 0, 0)] for _ in range(6)]
    assert sorted(first[0] + first[1]) == list(range(10))
    assert first[:2] != first[2:4]
    assert next(_batches(10, 5, 0, 3)).tolist() == first[3]


def test_learning_rate_rises_and_falls():
    plan = Plan(**SMALL.model_dump(include=set(Plan.__dataclass_fields__)))
    rates = [plan.rate(step) for step in range(plan.steps)]
    assert rates[4] == max(rates) == plan.learning_rate
    assert rates[0] == plan.learning_rate / 5
    assert rates[-1] < 0.02 * plan.learning_rate


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the compiler's own
def test_compiled_and_uncompiled_agree(parts):
    train, valid, test = parts
    torch.manual_seed(0)
    plain = SMALL.fit(train, valid)
    compiled = SMALL.model_copy(update={"compile": "always"}).fit(train, valid)
    size = np.abs(test.forces).max()
    np.testing.assert_allclose(
        compiled.predict(test.positions)[1], plain.predict(test.positions)[1], rtol=0, atol=1e-3 * size
    )
