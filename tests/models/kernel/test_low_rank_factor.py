"""Products with a factor of which most columns are kept in single precision."""

import pytest
import torch

from supple.models.kernel.low_rank_factor import LowRankFactor, n_large_columns


@pytest.fixture
def b():
    """Columns that become shorter, as those of a Cholesky factorisation."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(37, 11, dtype=torch.float64, generator=generator) * 10.0 ** -torch.arange(11)


@pytest.mark.parametrize("n_exact", [0, 3, 11])
def test_products_are_those_of_the_numbers_that_are_left(b, n_exact):
    """In double precision, of columns that have been rounded in place."""
    given = b.clone()
    factor = LowRankFactor(b, n_exact)
    assert torch.equal(b[:, :n_exact], given[:, :n_exact])
    assert torch.equal(b[:, n_exact:], given[:, n_exact:].float().double())
    s, z = torch.randn(11, dtype=torch.float64), torch.randn(37, dtype=torch.float64)
    torch.testing.assert_close(factor @ s, b @ s, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(factor.transposed_times(z), b.T @ z, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("threads", [1, 2, 50])
def test_however_many_threads_there_are(b, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        factor = LowRankFactor(b, 2)
        s, z = torch.ones(11, dtype=torch.float64), torch.ones(37, dtype=torch.float64)
        torch.testing.assert_close(factor @ s, b.sum(1), rtol=1e-13, atol=1e-13)
        torch.testing.assert_close(factor.transposed_times(z), b.sum(0), rtol=1e-13, atol=1e-13)
    finally:
        torch.set_num_threads(before)


def test_large_columns_are_the_first_ones(b):
    squares = (b**2).sum(0)
    assert n_large_columns(squares, 1e9) == 0
    assert n_large_columns(squares, float(squares[4]) / 1e4 * 0.99) == 5
    assert n_large_columns(squares, 1e-30) == 11
