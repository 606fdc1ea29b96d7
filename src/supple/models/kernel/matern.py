"""Matérn kernels between descriptors, as sGDML needs them: the factors of their derivatives.

In scaled descriptors y, with d = y - y', q = |d| and ν = p + 1/2, all of them have the same form,

    k          = slope(q) + γ q² decay(q)                        γ = 1/(2p - 1)
    -∂k/∂y     = γ slope(q) d
    ∂²k/∂y∂y'  = γ (slope(q) I - decay(q) d dᵀ)

    ν = 5/2    slope = (1 + q) e^{-q}            decay = e^{-q}              γ = 1/3
    ν = 7/2    slope = (1 + q + q²/3) e^{-q}     decay = (1 + q)/3 e^{-q}    γ = 1/5

and y = √(2ν) x for descriptors x in units of the length scale.
Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), eqs. 4.14 to 4.17;
Chmiela et al., Nat. Commun. 9, 3887 (2018), doi 10.1038/s41467-018-06169-2, with ν = 5/2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from supple.errors import ModelFileError

KernelName = Literal["matern-5/2", "matern-7/2"]


@dataclass(frozen=True)
class Matern:
    """A Matérn kernel.

    Attributes:
        name: in settings and files.
        order: p.
    """

    name: KernelName
    order: Literal[2, 3]

    @property
    def scale(self) -> float:
        """√(2ν), the factor between descriptors in units of the length scale and scaled ones."""
        return math.sqrt(2 * self.order + 1)

    @property
    def gamma(self) -> float:
        """γ."""
        return 1 / (2 * self.order - 1)

    def factors(
        self, squared: Float[Tensor, "..."], slope: Float[Tensor, "..."], decay: Float[Tensor, "..."]
    ) -> Float[Tensor, "..."]:
        """slope(q) and decay(q) at squared distances q², written into the arrays given; returns q, in place of q².

        A squared distance that rounding made slightly negative counts as 0.
        """
        q = squared.clamp_(min=0).sqrt_()
        torch.neg(q, out=decay).exp_()
        torch.add(q, 1, out=slope).mul_(decay)
        if self.order == 3:
            extra = (q * q).mul_(decay).div_(3)
            torch.div(slope, 3, out=decay)
            slope.add_(extra)
        return q

    def values(self, squared: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """The kernel at squared distances q², which are overwritten."""
        slope, decay = torch.empty_like(squared), torch.empty_like(squared)
        q = self.factors(squared, slope, decay)
        return slope.addcmul_(q.square_(), decay, value=self.gamma)

    def smooth_factors(self, squared: Float[Tensor, "..."]) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """slope(q) and decay(q), differentiable by q² even where it is 0."""
        q = squared.clamp(min=1e-14).sqrt()
        exponential = torch.exp(-q)
        if self.order == 2:
            return (1 + q) * exponential, exponential
        return (1 + q + q * q / 3) * exponential, (1 + q) / 3 * exponential


MATERN_5_2, MATERN_7_2 = Matern("matern-5/2", 2), Matern("matern-7/2", 3)
_KERNELS = {kernel.name: kernel for kernel in (MATERN_5_2, MATERN_7_2)}


def matern(name: str) -> Matern:
    """The kernel of this name.

    Raises:
        ModelFileError: there is none.
    """
    if name not in _KERNELS:
        raise ModelFileError(f"There is no kernel '{name}': there are {' and '.join(_KERNELS)}.")
    return _KERNELS[name]
