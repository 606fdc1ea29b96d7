"""The Matérn 5/2 kernel between descriptors, as sGDML needs it: the factors of its derivatives.

In scaled descriptors y = (√5/σ) x, with q = |d| and d = y - y', the kernel is k = (1 + q + q²/3) e^{-q} and

    -∂k/∂y     = slope(q) d / 3                         slope(q) = (1 + q) e^{-q}
    ∂²k/∂y∂y'  = (slope(q) I - decay(q) d dᵀ) / 3       decay(q) = e^{-q}

Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), eq. 4.17;
Chmiela et al., Nat. Commun. 9, 3887 (2018), doi 10.1038/s41467-018-06169-2.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def scale_of(sigma: float) -> float:
    """√5/σ, the factor between descriptors and scaled ones."""
    return math.sqrt(5) / sigma


def matern_factors(
    squared: Float[Tensor, "..."], slope: Float[Tensor, "..."], decay: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    """slope(q) and decay(q) at squared distances q², written into the arrays given; returns q, in place of q².

    A squared distance that rounding made slightly negative counts as 0.
    """
    q = squared.clamp_(min=0).sqrt_()
    torch.neg(q, out=decay).exp_()
    torch.add(q, 1, out=slope).mul_(decay)
    return q
