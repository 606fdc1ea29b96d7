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

from supple.models.neural.flat_parameters import FlatParameters
from supple.runtime.threads import in_parts

Optimiser = Literal["soap", "adamw"]
#: Decay of the running means of the gradient and of its square (and of the covariances).
_BETAS: dict[Optimiser, tuple[float, float]] = {"soap": (0.9, 0.95), "adamw": (0.9, 0.999)}
_EPSILON = 1e-8
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

    Attributes:
        first, second: running means of the gradient and of its square, in the coordinates of the bases.
        bases: one for each shape of matrices.
        covariances, vectors: of all bases, one after the other.
    """

    def __init__(self, kind: Optimiser, weights: FlatParameters, weight_decay: float) -> None:
        self._weights, self.weight_decay = weights, weight_decay
        self.beta1, self.beta2 = _BETAS[kind]
        self.first, self.second = torch.zeros_like(weights.gradient), torch.zeros_like(weights.gradient)
        shapes = weights.matrices(_SHORTEST) if kind == "soap" else {}
        sizes = [(part.stop - part.start) // (a * b) * (a * a + b * b) for (a, b), part in shapes.items()]
        self.covariances, self.vectors = (weights.gradient.new_zeros(sum(sizes)) for _ in range(2))
        parts = zip(self.covariances.split(sizes), self.vectors.split(sizes), strict=True)
        self.bases = [Basis(shape, part, *own) for (shape, part), own in zip(shapes.items(), parts, strict=True)]

    def taken(self, number: int) -> int:
        """Which step (from 1) step `number` (from 0) is to the moments; with bases, the first one only shows where they lie."""
        return number + (not self.bases)

    def until_refreshed(self, number: int) -> int:
        """How many steps may be taken from step `number` on before the next `refresh`."""
        return 1 if number == 0 else _REFRESH - number % _REFRESH

    def refresh(self, number: int, threads: int = 1) -> None:
        """Before each step: let the bases follow the covariances, when it is time for that."""
        if number == 1 or (number > 0 and number % _REFRESH == 0):
            for basis in self.bases:
                basis.refresh(self.first, self.second, anew=number == 1, threads=threads)

    def step(self, number: int, rate: float) -> None:
        """Take step `number` (from 0)."""
        turned = self._weights.gradient.clone()
        for basis in self.bases:
            basis.observe(turned, 1 - self.beta2)
            basis.turn(turned)
        if not (taken := self.taken(number)):
            return
        self.first.lerp_(turned, 1 - self.beta1)
        self.second.lerp_(turned.square_(), 1 - self.beta2)
        mean, square = (1 - beta**taken for beta in (self.beta1, self.beta2))
        direction = (self.first / mean).div_((self.second / square).sqrt_().add_(_EPSILON))
        for basis in self.bases:
            basis.turn_back(direction)
        with torch.no_grad():
            self._weights.values.mul_(1 - rate * self.weight_decay).sub_(direction, alpha=rate)

    def arrays(self) -> dict[str, Tensor]:
        """All that it remembers, to be copied into to go back."""
        return {"first": self.first, "second": self.second, "covariances": self.covariances, "vectors": self.vectors}


class Basis:
    """Coordinates for a stack of matrices of one shape, (n, a, b): eigenvectors on both sides.

    Args:
        shape: (a, b).
        part: where they stand in the flat array.
        covariances, vectors: room for n (a a + b b) numbers.
    """

    def __init__(
        self, shape: tuple[int, int], part: slice, covariances: Float[Tensor, "C"], vectors: Float[Tensor, "C"]
    ) -> None:
        self.shape, self.part = shape, part
        self.covariances, self.vectors = self._sides(covariances), self._sides(vectors)
        for side, all_vectors in zip(shape, self.vectors, strict=True):
            all_vectors.copy_(torch.eye(side))

    def _sides(self, flat: Float[Tensor, "C"]) -> tuple[Tensor, Tensor]:
        a, b = self.shape
        n = len(flat) // (a * a + b * b)
        return flat[: n * a * a].view(n, a, a), flat[n * a * a :].view(n, b, b)

    def observe(self, gradient: Float[Tensor, "P"], weight: float) -> None:
        """Let the covariances take up a gradient."""
        g = self._stack(gradient)
        self.covariances[0].lerp_(g @ g.mT, weight)
        self.covariances[1].lerp_(g.mT @ g, weight)

    def refresh(self, first: Float[Tensor, "P"], second: Float[Tensor, "P"], anew: bool, threads: int) -> None:
        """Follow the covariances' eigenvectors, largest eigenvalue first; the moments move to the new coordinates."""
        moment, square = self._stack(first), self._stack(second)
        n = len(moment)
        threads = min(threads, n)
        parts = [slice(n * part // threads, n * (part + 1) // threads) for part in range(threads)]

        def of_some(part: int) -> None:
            some = parts[part]
            sides = [(c[some], v[some]) for c, v in zip(self.covariances, self.vectors, strict=True)]
            _refresh(moment[some], square[some], sides, anew)

        in_parts(of_some, threads)

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
        return flat[self.part].view(-1, *self.shape)


def _refresh(
    moment: Float[Tensor, "n a b"], square: Float[Tensor, "n a b"], sides: list[tuple[Tensor, Tensor]], anew: bool
) -> None:
    turned, sorted_square = moment, square
    for side, (covariance, vectors) in enumerate(sides):
        along = covariance @ vectors
        order = (vectors * along).sum(1).argsort(dim=1, descending=True, stable=True)
        new = (
            torch.linalg.eigh(covariance)[1].flip(-1)
            if anew
            else torch.linalg.qr(along.take_along_dim(order[:, None], 2))[0]
        )
        turn = new.mT @ vectors
        if side == 0:
            turned, sorted_square = turn @ turned, sorted_square.take_along_dim(order[:, :, None], 1)
        else:
            turned, sorted_square = turned @ turn.mT, sorted_square.take_along_dim(order[:, None], 2)
        vectors.copy_(new)
    moment.copy_(turned)
    square.copy_(sorted_square)
