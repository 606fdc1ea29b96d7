"""Training in compiled loops takes the steps of automatic differentiation, for any number of threads and of steps in one call."""

import threading

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple import SchNet
from supple.models.neural import compiled_stepper
from supple.models.neural.compiled_stepper import CompiledStepper
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.schnet.network import SchNetNetwork
from supple.models.neural.stepper import AutogradStepper, Stepper
from supple.models.neural.training_state import TrainingState
from supple.runtime.threads import single_threaded_libraries

DATA = toy_dataset(23)
RATES = [1e-3] * 30


def trained(threads=1, compiled=True, features=32, **settings):
    torch.manual_seed(0)
    network = SchNetNetwork(DATA.numbers, features=features, interactions=2, gaussians=25, cutoff=5.0, knots=256)
    network.compiled, network.threads = compiled, threads
    labels = [torch.tensor(array, dtype=torch.float32) for array in (DATA.positions, DATA.energies, DATA.forces)]
    labels[1][::3] = torch.nan  # unknown energies
    chosen = SchNet(batch_size=5, clip=0.5, compile="auto" if compiled else "never", **settings)
    return TrainingState(network, LabelledFrames(*labels), chosen, 0, lambda sentence: None)


@pytest.fixture(autouse=True)
def _quiet():
    with single_threaded_libraries():
        yield


@pytest.mark.parametrize("optimiser", ["adamw", "soap"])
@pytest.mark.parametrize(("threads", "features"), [(1, 64), (2, 32), (7, 32)])
def test_a_step_is_that_of_automatic_differentiation(optimiser, threads, features):
    ours = trained(threads, features=features, optimiser=optimiser)
    theirs = trained(compiled=False, features=features, optimiser=optimiser)
    assert isinstance(ours.stepper, CompiledStepper)
    assert isinstance(theirs.stepper, AutogradStepper)
    for number in range(23):  # the bases are refreshed twice
        theirs.restore(ours.arrays())
        before = {name: array.clone() for name, array in ours.arrays().items()}
        losses = [float(some.take_steps(number, [1e-3])) for some in (ours, theirs)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-5)
        for name, array in ours.arrays().items():
            moved, expected = array - before[name], theirs.arrays()[name] - before[name]
            # Where a gradient vanishes, Adam turns what rounding leaves of it into a step as large as any.
            different = (moved - expected).abs() > 0.01 * torch.cat([expected.abs(), torch.zeros(1)]).max()
            few = 0.1 if number == 1 else 0.02  # bases of a single gradient are rounding for the most part
            assert not different.any() or different.float().mean() < few, (name, number)


def test_steps_in_one_call_are_steps_one_by_one():
    together, alone, separate = (trained(2) for _ in range(3))
    number = 0
    while number < len(RATES):
        n = min(together.max_steps(number), len(RATES) - number)
        together.take_steps(number, RATES[:n])
        for step in range(number, number + n):
            alone.take_steps(step, [RATES[0]])
            Stepper.take_steps(separate.stepper, step, *separate.batches(step, 1), np.array(RATES[:1]))
        number += n
    for other in (alone, separate):
        assert all(torch.equal(array, other.arrays()[name]) for name, array in together.arrays().items())


def test_the_first_gradient_only_initialises_the_bases():
    some = trained()
    before = some.weights.values.detach().clone()
    some.take_steps(0, [1e-2])
    torch.testing.assert_close(some.weights.values.detach(), before, rtol=0, atol=0)
    assert some.optimiser.covariances.abs().sum() > 0
    some.take_steps(1, [1e-2])
    assert not torch.equal(some.weights.values.detach(), before)


def test_no_thread_waits_for_one_that_was_interrupted(monkeypatch):
    """Ctrl-C may come when others have begun and the first has not."""
    some = trained(2)
    others = []

    def stopped(work, parts):
        others.extend(threading.Thread(target=work, args=(part,), daemon=True) for part in range(1, parts))
        for other in others:
            other.start()
        raise KeyboardInterrupt

    before = {name: array.clone() for name, array in some.arrays().items()}
    monkeypatch.setattr(compiled_stepper, "run_in_threads", stopped)
    with pytest.raises(KeyboardInterrupt):
        some.take_steps(2, RATES[:5])
    for other in others:
        other.join(60)
        assert not other.is_alive()
    assert all(torch.equal(array, before[name]) for name, array in some.arrays().items())
