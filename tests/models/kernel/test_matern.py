"""The factors of Matérn kernels' derivatives against automatic differentiation of the kernels themselves."""

import math

import pytest
import torch
from written_out_kernel import FUNCTIONS, closed_form

from supple.errors import ModelFileError
from supple.models.kernel.matern import matern

#: Distances in units of the length scale.
DISTANCES = torch.tensor([1e-3, 0.05, 0.3, 1.0, 2.5, 7.0], dtype=torch.float64)


def factors(kernel, squared):
    slope, decay = torch.empty_like(squared), torch.empty_like(squared)
    q = kernel.factors(squared.clone(), slope, decay)
    return q, slope, decay


@pytest.fixture(params=FUNCTIONS)
def kernel(request):
    return matern(request.param)


def test_kernel_gradient_and_second_derivative(kernel):
    """k, -∂k/∂y and ∂²k/∂y∂y' of scaled descriptors, as the head of matern.py has them."""
    start = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64)
    direction = torch.tensor([2.0, 1.0, -2.0], dtype=torch.float64) / 3

    def k(y, other):
        return closed_form(kernel.name, (y - other).square().sum() / kernel.scale**2)

    for distance in DISTANCES:
        y, other = start, start - distance * kernel.scale * direction
        d = y - other
        q, slope, decay = factors(kernel, d.square().sum())
        torch.testing.assert_close(q, kernel.scale * distance)
        torch.testing.assert_close(slope + kernel.gamma * q**2 * decay, k(y, other), rtol=1e-12, atol=1e-14)
        by_y, _ = torch.autograd.functional.jacobian(k, (y, other))
        torch.testing.assert_close(-kernel.gamma * slope * d, by_y, rtol=1e-10, atol=1e-14)
        mixed = torch.autograd.functional.hessian(k, (y, other))[0][1]
        expected = kernel.gamma * (slope * torch.eye(3, dtype=torch.float64) - decay * d[:, None] * d)
        torch.testing.assert_close(expected, mixed, rtol=1e-8, atol=1e-9)


def test_at_distance_zero_and_a_little_below(kernel):
    q, slope, decay = factors(kernel, torch.tensor([0.0, -1e-18], dtype=torch.float64))
    assert q.tolist() == [0, 0]
    assert slope.tolist() == [1, 1]
    assert decay.tolist() == pytest.approx([{"matern-5/2": 1, "matern-7/2": 1 / 3}[kernel.name]] * 2)


def test_smooth_factors_are_the_same_and_have_the_derivatives(kernel):
    squared = (DISTANCES * kernel.scale) ** 2
    _, slope, decay = factors(kernel, squared)
    for smooth, plain in zip(kernel.smooth_factors(squared), (slope, decay), strict=True):
        torch.testing.assert_close(smooth, plain)
    # d slope/dq² = -decay / 2 for both kernels, even at 0, from which differentiation must not make NaN.
    squared = torch.cat([torch.zeros(1, dtype=torch.float64), squared]).requires_grad_()
    slope, decay = kernel.smooth_factors(squared)
    (by_square,) = torch.autograd.grad(slope.sum(), squared)
    assert by_square.isfinite().all()
    torch.testing.assert_close(by_square[1:], -decay[1:].detach() / 2, rtol=1e-9, atol=1e-12)


def test_the_name_of_no_kernel_is_refused():
    with pytest.raises(ModelFileError, match="no kernel 'gauss': there are matern-5/2 and matern-7/2"):
        matern("gauss")


def test_scale_is_that_of_the_order(kernel):
    assert kernel.scale == pytest.approx(math.sqrt(2 * {"matern-5/2": 2.5, "matern-7/2": 3.5}[kernel.name]))
