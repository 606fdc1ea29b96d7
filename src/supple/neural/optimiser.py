"""Adam, in coordinates of its own choosing.

Plain AdamW (Loshchilov and Hutter, arXiv:1711.05101) scales every weight by the size of its own gradient. SOAP (Vyas et al.,
arXiv:2409.11321) does so in the eigenbases of each weight matrix's gradient covariances, where the curvature is nearly
diagonal: a step costs little more, and far fewer of them are needed.

    G' = Lᵀ G R ;  Adam's direction D' for G' ;  D = L D' Rᵀ ;  L, R: eigenvectors of the running means of GGᵀ and GᵀG

Matrices of one shape are turned together, as a stack; what is no matrix keeps its coordinates. A step depends on its number,
the gradient and the arrays that are remembered, so training can be interrupted anywhere.
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from supple.neural.flat import FlatParameters

Optimiser = Literal["soap", "adamw"]
#: Decay of the running means of the gradient and of its square (and of the covariances).
_BETAS: dict[Optimiser, tuple[float, float]] = {"soap": (0.9, 0.95), "adamw": (0.9, 0.999)}
_EPSILON = 1e-8
#: Steps between the gradients that the covariances take up.
_OBSERVE = 1
#: Steps between refreshments of the eigenvectors, each by one step of the orthogonal (QR) iteration.
_REFRESH = 20
#: Matrices with a shorter side than this keep their coordinates.
_SHORTEST = 16


class Adam:
    """The optimiser of a network's flat array of weights.

    Args:
        kind: with eigenbases or without.
        weights: what it changes; their gradient is read.
        weight_decay: of AdamW.
    """

    def __init__(self, kind: Optimiser, weights: FlatParameters, weight_decay: float) -> None:
        self._weights, self._weight_decay = weights, weight_decay
        self._beta1, self._beta2 = _BETAS[kind]
        self._first, self._second = torch.zeros_like(weights.gradient), torch.zeros_like(weights.gradient)
        shapes = weights.matrices(_SHORTEST) if kind == "soap" else {}
        self._bases = [Basis(shape, part, weights.gradient.device) for shape, part in shapes.items()]

    def step(self, number: int, rate: float) -> None:
        """Take step `number` (from 0)."""
        turned = self._weights.gradient.clone()
        for basis in self._bases:
            if number % _OBSERVE == 0:
                basis.observe(turned, 1 - self._beta2**_OBSERVE)
            if number % _REFRESH == 0:
                basis.refresh(self._first, self._second, anew=number == 0)
            basis.turn(turned)
        self._first.lerp_(turned, 1 - self._beta1)
        self._second.lerp_(turned.square_(), 1 - self._beta2)
        mean, square = (1 - beta ** (number + 1) for beta in (self._beta1, self._beta2))
        direction = (self._first / mean).div_((self._second / square).sqrt_().add_(_EPSILON))
        for basis in self._bases:
            basis.turn_back(direction)
        with torch.no_grad():
            self._weights.values.mul_(1 - rate * self._weight_decay).sub_(direction, alpha=rate)

    def arrays(self) -> dict[str, Tensor]:
        """All that it remembers, to be copied into to go back."""
        arrays = {"first": self._first, "second": self._second}
        for i, basis in enumerate(self._bases):
            arrays |= {f"covariances {i}.{side}": array for side, array in enumerate(basis.covariances)}
            arrays |= {f"vectors {i}.{side}": array for side, array in enumerate(basis.vectors)}
        return arrays


class Basis:
    """Coordinates for a stack of matrices of one shape, (n, a, b): eigenvectors on both sides.

    Args:
        shape: (a, b).
        part: where they stand in the flat array.
        device: where the arrays are.
    """

    def __init__(self, shape: tuple[int, int], part: slice, device: torch.device) -> None:
        self._shape, self._part = shape, part
        n = (part.stop - part.start) // (shape[0] * shape[1])
        self.covariances = [torch.zeros(n, side, side, device=device) for side in shape]
        self.vectors = [torch.eye(side, device=device).repeat(n, 1, 1) for side in shape]

    def observe(self, gradient: Float[Tensor, "P"], weight: float) -> None:
        """Let the covariances take up a gradient."""
        g = self._stack(gradient)
        self.covariances[0].lerp_(g @ g.mT, weight)
        self.covariances[1].lerp_(g.mT @ g, weight)

    def refresh(self, first: Float[Tensor, "P"], second: Float[Tensor, "P"], anew: bool) -> None:
        """Follow the covariances' eigenvectors, largest eigenvalue first; the moments move to the new coordinates."""
        moment, square = self._stack(first), self._stack(second)
        for side, (covariance, vectors) in enumerate(zip(self.covariances, self.vectors, strict=True)):
            along = covariance @ vectors
            order = (vectors * along).sum(1).argsort(dim=1, descending=True, stable=True)
            new = (
                torch.linalg.eigh(covariance)[1].flip(-1)
                if anew
                else torch.linalg.qr(along.take_along_dim(order[:, None], 2))[0]
            )
            turn = new.mT @ vectors
            if side == 0:
                moment, square = turn @ moment, square.take_along_dim(order[:, :, None], 1)
            else:
                moment, square = moment @ turn.mT, square.take_along_dim(order[:, None], 2)
            vectors.copy_(new)
        self._stack(first).copy_(moment)
        self._stack(second).copy_(square)

    def turn(self, gradient: Float[Tensor, "P"]) -> None:
        """Into these coordinates, in place."""
        left, right = self.vectors
        stack = self._stack(gradient)
        stack.copy_(left.mT @ stack @ right)

    def turn_back(self, direction: Float[Tensor, "P"]) -> None:
        """Out of them, in place."""
        left, right = self.vectors
        stack = self._stack(direction)
        stack.copy_(left @ stack @ right.mT)

    def _stack(self, flat: Float[Tensor, "P"]) -> Float[Tensor, "n a b"]:
        return flat[self._part].view(-1, *self._shape)
