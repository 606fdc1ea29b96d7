"""The optimiser: Adam's formulas, and what eigenbases add to them."""

import pytest
import torch
from torch import nn

from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.optimiser import Adam

SHAPES = ((2, 16, 24), (16, 24), (3, 5))


class Weights(nn.Module):
    """Arrays of several shapes."""

    def __init__(self, shapes=SHAPES):
        super().__init__()
        self.arrays = nn.ParameterList(torch.randn(shape) for shape in shapes)


def optimise(network, kind, gradients, rate=1e-2):
    weights = FlatParameters(network)
    adam = Adam(kind, weights, weight_decay=0.1)
    for number, gradient in enumerate(gradients):
        weights.gradient.copy_(gradient)
        adam.refresh(number)
        adam.step(number, rate)
    return weights.values.detach()


def test_without_eigenbases_it_is_adamw():
    torch.manual_seed(0)
    ours, theirs = Weights(), Weights()
    theirs.load_state_dict(ours.state_dict())
    size = sum(array.numel() for array in ours.arrays)
    gradients = torch.randn(50, size)
    result = optimise(ours, "adamw", gradients)
    flat = FlatParameters(theirs)
    adamw = torch.optim.AdamW([flat.values], lr=1e-2, weight_decay=0.1)
    for gradient in gradients:
        flat.gradient.copy_(gradient)
        adamw.step()
    torch.testing.assert_close(result, flat.values.detach())


def test_eigenbases_turn_with_the_weights():
    """Another orthonormal basis of what a matrix acts on changes nothing: the steps turn with it."""
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    try:
        left, right = (torch.linalg.qr(torch.randn(side, side))[0] for side in (20, 20))
        straight, turned = Weights(((2, 20, 20),)), Weights(((2, 20, 20),))
        turned.arrays[0].data = left @ straight.arrays[0].data @ right
        scale = torch.logspace(0, -2, 20)[:, None]  # eigenvalues of many sizes, none zero
        gradients = [scale * torch.randn(2, 20, 20) @ torch.diag(torch.logspace(0, -2, 20)) for _ in range(45)]
        straight = optimise(straight, "soap", [g.flatten() for g in gradients])
        turned = optimise(turned, "soap", [(left @ g @ right).flatten() for g in gradients])
        torch.testing.assert_close(turned.view(2, 20, 20), left @ straight.view(2, 20, 20) @ right, rtol=0, atol=1e-5)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("kind", ["soap", "adamw"])
def test_an_ill_conditioned_problem(kind):
    """Least squares whose curvature is diagonal in no coordinate: what eigenbases are for."""
    torch.manual_seed(2)
    left, right = (torch.linalg.qr(torch.randn(side, side))[0] for side in (32, 32))
    stretch = left @ torch.diag(torch.logspace(0, -3, 32)) @ left.T
    other = right @ torch.diag(torch.logspace(0, -3, 32)) @ right.T
    network = Weights(((32, 32),))
    weights = FlatParameters(network)
    target = torch.randn(32, 32)
    adam = Adam(kind, weights, weight_decay=0.0)
    losses = []
    for number in range(400):
        off = stretch @ (weights.values.view(32, 32) - target) @ other
        loss = (off**2).sum()
        losses.append(float(loss.detach()))
        weights.gradient.zero_()
        loss.backward()
        adam.refresh(number)
        adam.step(number, 0.03 * (1 - number / 400))
    reached = losses[-1] / losses[0]
    assert reached < (1e-3 if kind == "soap" else 1)
    if kind == "adamw":
        assert reached > 1e-3
