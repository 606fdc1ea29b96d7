"""Training the bespoke network: it resumes to the same bits, says what it costs, and finds what it was left to choose."""

import numpy as np
import pytest
from models.neural.test_training import StopAt
from toy import toy_dataset

from supple import Bespoke, load
from supple.models.neural.bespoke.potential import BespokePotential
from supple.runtime.run_directory import RunDirectory

SMALL = Bespoke(features=8, layers=1, steps=40, validate_every=10, batch_size=7, warmup=5, device="cpu")


@pytest.fixture(scope="module")
def parts():
    return toy_dataset(60).split(train=30, valid=10, test=20)


def test_interrupted_and_resumed_is_the_same_to_the_bit(parts, tmp_path):
    train, valid, test = parts
    undisturbed = SMALL.fit(train, valid, seed=4, run=RunDirectory.open(tmp_path / "whole", {}))
    run = RunDirectory.open(tmp_path / "broken", {})
    with pytest.raises(KeyboardInterrupt):
        SMALL.fit(train, valid, seed=4, run=run, progress=StopAt(20))
    load(run.model_file)  # the best so far is whole
    resumed = SMALL.fit(train, valid, seed=4, run=RunDirectory.open(tmp_path / "broken", {}))
    for ours, theirs in zip(undisturbed.predict(test.positions), resumed.predict(test.positions), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_cost_is_estimated(parts):
    train, valid, _ = parts
    short, long = (SMALL.model_copy(update={"steps": steps}).estimate_cost(train, valid) for steps in (100, 10_000))
    assert 0 < short.seconds < long.seconds
    assert long.seconds < 40 * SMALL.model_copy(update={"steps": 1000}).estimate_cost(train, valid).seconds


def test_what_is_left_open_follows_from_the_frames(parts):
    architecture = Bespoke(cutoff="none", weights="element").architecture(parts[0])
    farthest = max(float(np.linalg.norm(r[:, None] - r[None], axis=-1).max()) for r in parts[0].positions)
    assert architecture["cutoff"] == pytest.approx(2 * farthest)
    assert architecture["radial"] == round(1.6 * architecture["cutoff"])
    assert len(set(architecture["classes"])) == 3
    assert len(set(Bespoke().architecture(parts[0])["classes"])) == 4


def test_a_large_molecule_is_predicted_in_small_batches():
    numbers = np.ones(100, int)
    architecture = {"classes": [0] * 100, "features": 8, "layers": 1, "radial": 8, "cutoff": 5.0}
    potential = BespokePotential(numbers, architecture)
    assert potential.batch_size < 10
    grid = np.stack(np.meshgrid(*[np.arange(5.0)] * 3), axis=-1).reshape(-1, 3)[:100]
    positions = grid + 0.1 * np.random.default_rng(0).standard_normal((4, 100, 3))
    energies, forces = potential.predict(positions)
    alone = [potential.predict(one[None]) for one in positions]
    np.testing.assert_allclose(energies, [e[0] for e, _ in alone], rtol=1e-5)
    np.testing.assert_allclose(forces, [f[0] for _, f in alone], rtol=0, atol=1e-5 * np.abs(forces).max())


def test_it_is_not_handed_to_the_compiler_of_torch(parts):
    class Notes:
        sentences: list[str] = []

        def note(self, sentence):
            self.sentences.append(sentence)

        def step(self, task, done, total, detail=""):
            pass

    SMALL.model_copy(update={"compile": "always", "steps": 2}).fit(*parts[:2], progress=Notes())
    assert not any("compiled step" in sentence for sentence in Notes.sentences)
