"""Linear maps with a matrix for each degree and each class of atom.

An array of weights (L, T, F, F) has a matrix for each degree l and class t, by which rows are multiplied from the right.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.models.neural.bespoke.harmonics import DEGREES


def matrices(n_degrees: int, n_classes: int, features: int) -> nn.Parameter:
    """Random weights (L, T, F, F) that keep the size of signals, the same for all classes at first."""
    one = torch.randn(n_degrees, 1, features, features) / features**0.5
    return nn.Parameter(one.repeat(1, n_classes, 1, 1))


def rows(classes: Sequence[int], n_degrees: int) -> Int[Tensor, "NC"]:
    """Where `each` finds the matrices of each atom, for each of its components of the first L degrees."""
    n_classes = max(classes) + 1
    degrees = DEGREES[: n_degrees**2]
    return torch.tensor([degree * n_classes + t for t in classes for degree in degrees])


def each(weights: Float[Tensor, "L T F F"], index: Int[Tensor, "NC"]) -> Float[Tensor, "NC F F"]:
    """The matrices of all atoms and components, as `rows` orders them."""
    return weights.flatten(0, 1).index_select(0, index)


def linear(x: Float[Tensor, "N C B F"], weights: Float[Tensor, "NC F F"]) -> Float[Tensor, "N C B F"]:
    """Each row times the matrix of its atom and component."""
    return torch.bmm(x.flatten(0, 1), weights).view(x.shape)


def linear_back(by_out: Float[Tensor, "N C B F"], weights: Float[Tensor, "NC F F"]) -> Float[Tensor, "N C B F"]:
    """Derivative by the argument of `linear`."""
    return torch.bmm(by_out.flatten(0, 1), weights.mT).view(by_out.shape)
