"""The Matérn 5/2 kernel between descriptors, as sGDML needs it: the factors of its derivatives.

With q = √5 |d| / σ and d = x - x', the kernel is k = (1 + q + q²/3) e^{-q} and

    -∂k/∂d     = slope(q) d                       slope(q) = 5/(3σ²) (1 + q) e^{-q}
    -∂²k/∂d²   = slope(q) I - bend(q) d dᵀ        bend(q)  = 25/(3σ⁴) e^{-q}

Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), eq. 4.17;
Chmiela et al., Nat. Commun. 9, 3887 (2018), doi 10.1038/s41467-018-06169-2.
"""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor


def matern_factors(squared: Float[Tensor, "..."], sigma: float) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
    """slope(q) and bend(q) at squared distances |d|²; the argument is overwritten.

    A squared distance that rounding made slightly negative counts as 0.
    """
    q = squared.clamp_(min=0).sqrt_().mul_(math.sqrt(5) / sigma)
    decay = (-q).exp_()
    slope = q.add_(1).mul_(decay).mul_(5 / (3 * sigma**2))
    return slope, decay.mul_(25 / (3 * sigma**4))
