"""Adam, in the coordinates of the weights or in the eigenbases of each weight matrix (SOAP).

Plain AdamW (Loshchilov and Hutter, arXiv:1711.05101) scales the step of every weight by the size of its gradient. SOAP (Vyas et
al., arXiv:2409.11321) does so in the eigenbases of the gradient covariances of each weight matrix, where the curvature is nearly
diagonal: a step costs little more, and far fewer steps are needed.

    G' = Lᵀ G R ;  Adam's direction D' for G' ;  D = L D' Rᵀ ;  L, R: eigenvectors of the running means of GGᵀ and GᵀG

Matrices of one shape are transformed together, as a stack; biases keep their coordinates. A step depends only on its number, the
gradient and the stored arrays, so training can be interrupted anywhere.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.options import OptimiserName
from supple.runtime.threads import run_in_threads

#: Decay of the running means of the gradient and of its square (and of the covariances).
_BETAS: dict[OptimiserName, tuple[float, float]] = {"soap": (0.9, 0.95), "adamw": (0.9, 0.999)}
_EPSILON = 1e-8
#: Steps between updates of the eigenvectors, each by one step of orthogonal (QR) iteration.
_REFRESH_EVERY = 20
#: Matrices with a shorter side than this keep their coordinates.
_SHORTEST_SIDE = 8


class Adam:
    """The optimiser of a network's flat array of weights.

    Args:
        kind: with eigenbases ('soap') or without ('adamw').
        weights: the weights to change, with their gradient.
        weight_decay: decoupled, as in AdamW.

    Attributes:
        first, second: running means of the gradient and of its square, in the coordinates of the bases.
        bases: one for each shape of matrices.
        covariances, vectors: of all bases, one after the other.
    """

    def __init__(self, kind: OptimiserName, weights: FlatParameters, weight_decay: float) -> None:
        self._weights, self.weight_decay = weights, weight_decay
        self.beta1, self.beta2 = _BETAS[kind]
        self.first, self.second = torch.zeros_like(weights.gradient), torch.zeros_like(weights.gradient)
        shapes = weights.matrices(_SHORTEST_SIDE) if kind == "soap" else {}
        sizes = [(part.stop - part.start) // (a * b) * (a * a + b * b) for (a, b), part in shapes.items()]
        self.covariances, self.vectors = (weights.gradient.new_zeros(sum(sizes)) for _ in range(2))
        parts = zip(self.covariances.split(sizes), self.vectors.split(sizes), strict=True)
        self.bases = [Basis(shape, part, *own) for (shape, part), own in zip(shapes.items(), parts, strict=True)]

    def n_updates(self, step: int) -> int:
        """How many updates of the moments there are up to step `step` (from 0), included; with bases, step 0 only initialises these."""
        return step + (not self.bases)

    def steps_to_refresh(self, step: int) -> int:
        """How many steps may be taken from step `step` on before the next `refresh` is due."""
        return 1 if step == 0 else _REFRESH_EVERY - step % _REFRESH_EVERY

    def refresh(self, step: int, threads: int = 1) -> None:
        """Update the bases to the present covariances if that is due; to be called before each step."""
        if step == 1 or (step > 0 and step % _REFRESH_EVERY == 0):
            for basis in self.bases:
                basis.refresh(self.first, self.second, from_scratch=step == 1, threads=threads)

    def step(self, number: int, rate: float) -> None:
        """Take step `number` (from 0) with this learning rate."""
        transformed = self._weights.gradient.clone()
        for basis in self.bases:
            basis.accumulate(transformed, 1 - self.beta2)
            basis.transform(transformed)
        if not (n_updates := self.n_updates(number)):
            return
        self.first.lerp_(transformed, 1 - self.beta1)
        self.second.lerp_(transformed.square_(), 1 - self.beta2)
        first_correction, second_correction = (1 - beta**n_updates for beta in (self.beta1, self.beta2))
        direction = (self.first / first_correction).div_((self.second / second_correction).sqrt_().add_(_EPSILON))
        for basis in self.bases:
            basis.transform_back(direction)
        with torch.no_grad():
            self._weights.values.mul_(1 - rate * self.weight_decay).sub_(direction, alpha=rate)

    def arrays(self) -> dict[str, Tensor]:
        """Its state: the arrays themselves, into which an earlier state may be copied."""
        return {"first": self.first, "second": self.second, "covariances": self.covariances, "vectors": self.vectors}


class Basis:
    """Coordinates for a stack of matrices of one shape, (n, a, b): eigenvectors on both sides.

    Args:
        shape: (a, b).
        part: their slice of the flat array.
        covariances, vectors: arrays of n (a a + b b) numbers to use.
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

    def accumulate(self, gradient: Float[Tensor, "P"], weight: float) -> None:
        """Add a gradient to the running means of the covariances."""
        g = self._stack(gradient)
        self.covariances[0].lerp_(g @ g.mT, weight)
        self.covariances[1].lerp_(g.mT @ g, weight)

    def refresh(self, first: Float[Tensor, "P"], second: Float[Tensor, "P"], from_scratch: bool, threads: int) -> None:
        """Update the eigenvectors, largest eigenvalue first, and transform the moments to the new coordinates."""
        moment, square = self._stack(first), self._stack(second)
        n = len(moment)
        threads = min(threads, n)
        parts = [slice(n * part // threads, n * (part + 1) // threads) for part in range(threads)]

        def refresh_some(part: int) -> None:
            some = parts[part]
            sides = [(c[some], v[some]) for c, v in zip(self.covariances, self.vectors, strict=True)]
            _refresh(moment[some], square[some], sides, from_scratch)

        run_in_threads(refresh_some, threads)

    def transform(self, gradient: Float[Tensor, "P"]) -> None:
        """Transform into these coordinates, in place."""
        left, right = self.vectors
        stack = self._stack(gradient)
        stack.copy_(left.mT @ stack @ right)

    def transform_back(self, direction: Float[Tensor, "P"]) -> None:
        """Transform back to the coordinates of the weights, in place."""
        left, right = self.vectors
        stack = self._stack(direction)
        stack.copy_(left @ stack @ right.mT)

    def _stack(self, flat: Float[Tensor, "P"]) -> Float[Tensor, "n a b"]:
        return flat[self.part].view(-1, *self.shape)


def _refresh(
    moment: Float[Tensor, "n a b"],
    square: Float[Tensor, "n a b"],
    sides: list[tuple[Tensor, Tensor]],
    from_scratch: bool,
) -> None:
    rotated, sorted_square = moment, square
    for side, (covariance, vectors) in enumerate(sides):
        along = covariance @ vectors
        order = (vectors * along).sum(1).argsort(dim=1, descending=True, stable=True)
        new = (
            torch.linalg.eigh(covariance)[1].flip(-1)
            if from_scratch
            else torch.linalg.qr(along.take_along_dim(order[:, None], 2))[0]
        )
        rotation = new.mT @ vectors
        if side == 0:
            rotated, sorted_square = rotation @ rotated, sorted_square.take_along_dim(order[:, :, None], 1)
        else:
            rotated, sorted_square = rotated @ rotation.mT, sorted_square.take_along_dim(order[:, None], 2)
        vectors.copy_(new)
    moment.copy_(rotated)
    square.copy_(sorted_square)
