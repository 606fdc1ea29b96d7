"""Training in compiled loops takes the steps that tensors take, whatever the team and however many steps in one go."""

import threading

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple import SchNet
from supple.models.neural import compiled_stepper
from supple.models.neural.compiled_stepper import InLoops
from supple.models.neural.loss import Labelled
from supple.models.neural.schedule import Plan
from supple.models.neural.schnet import SchNetNetwork
from supple.models.neural.stepper import ByAutograd, Stepping
from supple.models.neural.training_state import Trained
from supple.runtime.threads import no_threads_below

DATA = toy_dataset(23)
RATES = [1e-3] * 30


def trained(threads=1, compiled=True, features=32, **settings):
    torch.manual_seed(0)
    network = SchNetNetwork(DATA.numbers, features=features, interactions=2, gaussians=25, cutoff=5.0, knots=256)
    network.compiled, network.threads = compiled, threads
    labels = [torch.tensor(array, dtype=torch.float32) for array in (DATA.positions, DATA.energies, DATA.forces)]
    labels[1][::3] = torch.nan  # energies that nobody knows
    chosen = SchNet(batch_size=5, clip=0.5, compile="auto" if compiled else "never", **settings)
    plan = Plan(**chosen.model_dump(include=set(Plan.__dataclass_fields__)))
    return Trained(network, Labelled(*labels), plan, 0, lambda sentence: None)


@pytest.fixture(autouse=True)
def _quiet():
    with no_threads_below():
        yield


@pytest.mark.parametrize("optimiser", ["adamw", "soap"])
@pytest.mark.parametrize(("threads", "features"), [(1, 64), (2, 32), (7, 32)])
def test_a_step_is_that_of_automatic_differentiation(optimiser, threads, features):
    ours = trained(threads, features=features, optimiser=optimiser)
    theirs = trained(compiled=False, features=features, optimiser=optimiser)
    assert isinstance(ours._stepping, InLoops)
    assert isinstance(theirs._stepping, ByAutograd)
    for number in range(23):  # the bases are refreshed twice
        theirs.restore(ours.arrays())
        before = {name: array.clone() for name, array in ours.arrays().items()}
        losses = [float(some.take(number, [1e-3])) for some in (ours, theirs)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-5)
        for name, array in ours.arrays().items():
            moved, expected = array - before[name], theirs.arrays()[name] - before[name]
            # Where a gradient vanishes, Adam turns what rounding leaves of it into a step as large as any.
            apart = (moved - expected).abs() > 0.01 * torch.cat([expected.abs(), torch.zeros(1)]).max()
            few = 0.1 if number == 1 else 0.02  # bases of a single gradient are rounding for the most part
            assert not apart.any() or apart.float().mean() < few, (name, number)


def test_steps_in_one_go_are_steps_one_by_one():
    together, alone, apart = (trained(2) for _ in range(3))
    number = 0
    while number < len(RATES):
        n = min(together.at_once(number), len(RATES) - number)
        together.take(number, RATES[:n])
        for step in range(number, number + n):
            alone.take(step, [RATES[0]])
            Stepping.take(apart._stepping, step, *apart._frames_of(step, 1), np.array(RATES[:1]))
        number += n
    for other in (alone, apart):
        assert all(torch.equal(array, other.arrays()[name]) for name, array in together.arrays().items())


def test_the_first_gradient_only_shows_where_the_bases_lie():
    some = trained()
    before = some.weights.values.detach().clone()
    some.take(0, [1e-2])
    torch.testing.assert_close(some.weights.values.detach(), before, rtol=0, atol=0)
    assert some.optimiser.covariances.abs().sum() > 0
    some.take(1, [1e-2])
    assert not torch.equal(some.weights.values.detach(), before)


def test_nobody_waits_for_a_thread_that_was_stopped(monkeypatch):
    """Ctrl-C may come when others have begun and the first has not."""
    some = trained(2)
    others = []

    def stopped(work, parts):
        others.extend(threading.Thread(target=work, args=(part,), daemon=True) for part in range(1, parts))
        for other in others:
            other.start()
        raise KeyboardInterrupt

    before = {name: array.clone() for name, array in some.arrays().items()}
    monkeypatch.setattr(compiled_stepper, "in_parts", stopped)
    with pytest.raises(KeyboardInterrupt):
        some.take(2, RATES[:5])
    for other in others:
        other.join(60)
        assert not other.is_alive()
    assert all(torch.equal(array, before[name]) for name, array in some.arrays().items())
