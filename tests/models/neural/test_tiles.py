"""Matrix products on parts of flat arrays, the activation, and functions that only compiled functions may call."""

import numba
import numpy as np
import pytest

from supple.models.neural.compiled.silu import silu
from supple.models.neural.compiled.tiles import (
    ROWS,
    add_product,
    add_product_of_transposed,
    multiply,
    multiply_any,
    transpose,
)


@numba.njit
def products(out, a, b, rows, terms, size):
    """A b, and twice that; then aᵀ (a b) in two blocks of terms; and aᵀ."""
    multiply(out[0], 1, a, 2, b, 3, rows, terms, size)
    multiply_any(out[1], 1, a, 2, b, 3, rows, terms, size)
    multiply(out[2], 1, a, 2, b, 3, rows, terms, size)
    add_product(out[2], 1, a, 2, b, 3, rows, terms, size)
    half = rows // 2
    add_product_of_transposed(out[3], 1, a, 2, half * terms, out[0], 1, half * size, terms, half, 2, size)
    transpose(out[4], 1, a, 2, rows, terms)


@pytest.mark.parametrize("rows", [2, 4, 2 * ROWS, 2 * ROWS + 2, 30])
@pytest.mark.parametrize(("terms", "size"), [(1, 16), (9, 48), (32, 32), (70, 80)])
def test_products(rows, terms, size):
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(rows, terms)), draw.normal(size=(terms, size))
    padded = [np.concatenate([np.full(n, np.nan), part.ravel(), [np.nan]]) for n, part in ((2, a), (3, b))]
    out = np.zeros((5, 2 + max(rows, terms) * max(size, terms, rows)), np.float32)
    products(out, *(part.astype(np.float32) for part in padded), rows, terms, size)
    for found, expected in zip(out, (a @ b, a @ b, 2 * a @ b, a.T @ (a @ b), a.T), strict=True):
        n = expected.size
        atol = 3e-6 * np.abs(expected).max()
        np.testing.assert_allclose(found[1 : n + 1].reshape(expected.shape), expected, rtol=0, atol=atol)
        assert found[0] == 0
        assert not found[n + 1 :].any()


@numba.njit
def products_of_any(out, a, b, rows, terms, size):
    multiply_any(out, 0, a, 0, b, 0, rows, terms, size)


@pytest.mark.parametrize("size", [1, 8, 11, 16, 25, 33])
def test_any_number_of_columns(size):
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(7, 9)).astype(np.float32), draw.normal(size=(9, size)).astype(np.float32)
    out = np.full(7 * size + 5, np.nan, np.float32)
    products_of_any(out, a.ravel(), b.ravel(), 7, 9, size)
    np.testing.assert_allclose(out[: 7 * size].reshape(7, size), a @ b, rtol=0, atol=1e-5)
    assert np.isnan(out[7 * size :]).all()


@numba.njit
def activated(z, out, slope):
    silu(z, out, slope, 0, len(z))


def test_silu_and_its_slope():
    z = np.concatenate([np.linspace(-120, 120, 4797), [0.0, -0.0, 1e-8]]).astype(np.float32)
    out, slope = np.empty_like(z), np.empty_like(z)
    activated(z, out, slope)
    wide = z.astype(np.float64)
    sigma = np.exp(-np.logaddexp(0, -wide))
    np.testing.assert_allclose(out, wide * sigma, rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(slope, sigma * (1 + wide * (1 - sigma)), rtol=1e-5, atol=1e-7)
    z[:3] = np.nan
    activated(z, out, slope)
    assert np.isnan(out[:3]).all()
    assert np.isfinite(out[3:]).all()


def test_parts_fail_where_the_interpreter_calls_them():
    with pytest.raises(SystemError):
        transpose(np.zeros(4, np.float32), 0, np.zeros(4, np.float32), 0, 2, 2)
