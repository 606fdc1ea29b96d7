"""Training in compiled loops: the gradient by every weight, and the steps of automatic differentiation."""

import numpy as np
import pytest
import torch
from bespoke_networks import double, single
from toy import toy_dataset

from supple import Bespoke
from supple.models.neural.bespoke.compiled_stepper import BespokeStepper
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.loss import objective
from supple.models.neural.stepper import AutogradStepper, Stepper
from supple.models.neural.training_state import TrainingState
from supple.molecule.symmetry.symmetry_classes import symmetry_classes
from supple.runtime.threads import single_threaded_libraries

DATA = toy_dataset(23)
CLASSES = symmetry_classes(DATA.numbers, DATA.positions)


def labels(dtype=torch.float32):
    values = [torch.tensor(array, dtype=torch.float32) for array in (DATA.positions, DATA.energies, DATA.forces)]
    values[1][::3] = torch.nan  # unknown energies
    return LabelledFrames(*(value.to(dtype) for value in values))


def training(threads=1, compiled=True, layers=2, features=16, **settings):
    network = single(DATA.numbers, CLASSES, features, layers, threads=threads).train()
    network.compiled = compiled
    chosen = Bespoke(batch_size=5, compile="auto" if compiled else "never", **settings)
    return TrainingState(network, labels(), chosen, 0, lambda sentence: None)


@pytest.fixture(autouse=True)
def _quiet():
    with single_threaded_libraries():
        yield


@pytest.mark.parametrize(("layers", "threads", "features"), [(1, 1, 32), (2, 2, 32), (2, 7, 16), (3, 3, 16)])
def test_the_gradient_by_every_weight(layers, threads, features):
    """To the accuracy of a central difference in single precision."""
    ours = training(threads, layers=layers, features=features)
    assert isinstance(ours.stepper, BespokeStepper)
    rows, n_energies = np.array([3, 8, 1, 15, 22]), 3
    loss = ours.stepper.gradient(rows, n_energies, 5)

    network = double(ours.network)
    exact = FlatParameters(network)
    in_double = objective(network, exact, Bespoke(compile="never"), lambda sentence: None)
    expected = float(in_double(labels(torch.float64)[torch.from_numpy(rows)], n_energies, 5))
    assert loss == pytest.approx(expected, rel=1e-5)
    found = ours.weights.gradient.double()
    assert (found - exact.gradient).norm() < 1e-3 * exact.gradient.norm()
    for (name, _), place in zip(network.named_parameters(), exact.places, strict=True):
        error = (found[place] - exact.gradient[place]).norm()
        assert error < 5e-3 * exact.gradient[place].norm(), name


def assert_moved_alike(ours, theirs, before, few, about):
    """Most weights changed alike. Where a gradient vanishes, Adam turns what is left of it into a step as large as any."""
    for name, array in ours.arrays().items():
        moved, expected = array - before[name], theirs.arrays()[name] - before[name]
        different = (moved - expected).abs() > 0.05 * torch.cat([expected.abs(), torch.zeros(1)]).max()
        assert not different.any() or different.float().mean() < few, (name, about)


def test_a_step_is_that_of_automatic_differentiation():
    ours, theirs = training(2, optimiser="adamw"), training(compiled=False, optimiser="adamw")
    assert isinstance(theirs.stepper, AutogradStepper)
    for number in range(10):
        theirs.restore(ours.arrays())
        before = {name: array.clone() for name, array in ours.arrays().items()}
        losses = [float(some.take_steps(number, [1e-3])) for some in (ours, theirs)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-4)
        assert_moved_alike(ours, theirs, before, 0.05, number)


def test_the_optimiser_is_that_of_the_formulas():
    """For matrices of these shapes. Of random gradients: in directions in which one vanishes, a step is what rounding leaves of it."""
    ours, theirs = training(2), training(compiled=False)
    for number in range(23):  # the bases are refreshed twice
        theirs.restore(ours.arrays())
        before = {name: array.clone() for name, array in ours.arrays().items()}
        ours.weights.gradient.normal_()
        theirs.weights.gradient.copy_(ours.weights.gradient)
        for some in (ours, theirs):
            some.stepper.update(number, 1e-3)
        assert_moved_alike(ours, theirs, before, 0.1 if number == 1 else 0.02, number)


def test_steps_in_one_call_are_steps_one_by_one():
    together, alone, separate = (training(2) for _ in range(3))
    rates, number = [1e-3] * 25, 0
    while number < len(rates):
        n = min(together.max_steps(number), len(rates) - number)
        together.take_steps(number, rates[:n])
        for step in range(number, number + n):
            alone.take_steps(step, [rates[0]])
            Stepper.take_steps(separate.stepper, step, *separate.batches(step, 1), np.array(rates[:1]))
        number += n
    for other in (alone, separate):
        assert all(torch.equal(array, other.arrays()[name]) for name, array in together.arrays().items())


def test_a_restored_state_goes_on_to_the_same_bits():
    some, other = training(2), training(2)
    for step in range(22):
        some.take_steps(step, [1e-3])
    other.restore({name: array.clone() for name, array in some.arrays().items()})
    for step in range(22, 25):
        losses = {float(each.take_steps(step, [1e-3])) for each in (some, other)}
        assert len(losses) == 1
    assert all(torch.equal(array, other.arrays()[name]) for name, array in some.arrays().items())


def test_the_loss_falls():
    some = training(2, features=32)
    first = float(some.take_steps(0, [1e-2]))
    for step in range(1, 120):
        last = float(some.take_steps(step, [5e-3]))
    assert last < 0.05 * first
