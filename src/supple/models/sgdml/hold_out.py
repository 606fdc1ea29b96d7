"""The hold-out error of a kernel, and its gradient by the kernel's parameters.

The frames are divided into folds. For each, a model of the other frames t predicts the forces of the fold h:

    K_tt α = f_t ;   F̂ = K_ht α ;   L = |F̂ - f_h|² / n ,   g = dL/dF̂

The gradient follows from one more solution with the same factor (the adjoint), z = K_tt⁻¹ K_th g:

    dL/dθ = ∂/∂θ [ gᵀ K_ht α - zᵀ K_tt α - λ zᵀα ]     with g, z and α fixed.

Each of the terms is a sum over pairs of frames and permutations of slope (u·v) - decay (u·d)(d·v), with u = W G z and so on, of which
no matrix is needed: automatic differentiation does the rest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.kernel.matrix import KernelMatrix
from supple.models.kernel.operator import responses
from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm
from supple.models.sgdml.metric_parameters import MetricParameters


class _Fold(NamedTuple):
    """The frames of the models, and those that are held out."""

    train: KernelFrames
    held_out: KernelFrames
    rhs: Float[Tensor, "n"]
    forces: Float[Tensor, "m"]


class HoldOut:
    """The hold-out error of forces.

    Args:
        frames: without energies.
        rows: their forces in the internal basis, shape (M·V,), divided by their standard deviation.
        n_folds: into how many parts the frames are divided.
    """

    def __init__(self, frames: KernelFrames, rows: Float[Tensor, "n"], n_folds: int) -> None:
        by_frame = rows.view(len(frames), -1)
        places = np.arange(len(frames))
        self.folds = []
        for k in range(n_folds):
            out = places[places % n_folds == k]
            kept = places[places % n_folds != k]
            self.folds.append(
                _Fold(frames.select(kept), frames.select(out), by_frame[kept].flatten(), by_frame[out].flatten())
            )

    def __call__(
        self, parameters: MetricParameters, vector: Float[np.ndarray, "n"]
    ) -> tuple[float, Float[np.ndarray, "n"]]:
        """The mean squared error relative to the mean squared force, and its gradient.

        Raises:
            NotPositiveDefiniteError: the kernel matrix of a fold is indefinite.
        """
        device = self.folds[0].rhs.device
        theta = torch.tensor(vector, requires_grad=True)
        lam, weights, coefficients = parameters.shapes(theta)
        unweighted = parameters.terms_on(device)
        terms = [
            term.reweighted(weights[k].detach().to(device), coefficient.item())
            for term, k, coefficient in zip(unweighted, parameters.family, coefficients, strict=True)
        ]
        total, gradient, n_rows = 0.0, torch.zeros_like(theta), sum(len(fold.forces) for fold in self.folds)
        for fold in self.folds:
            with torch.no_grad():
                loss, pairs = self._adjoint(fold, terms, float(lam), n_rows)
            bilinear = -lam * pairs.penalty
            for term, k, coefficient in zip(unweighted, parameters.family, coefficients, strict=True):
                scales = (weights[k] * term.kernel.scale).to(device)
                bilinear = bilinear + coefficient * pairs.of(term, scales).cpu()
            gradient += torch.autograd.grad(bilinear, theta, retain_graph=True)[0]
            total += loss
        return total, gradient.numpy()

    def _adjoint(self, fold: _Fold, terms: list[KernelTerm], lam: float, n_rows: int) -> tuple[float, _Pairs]:
        """The part of a fold in the loss, and the vectors whose products make its gradient."""
        train, held_out = fold.train, fold.held_out
        triangle = KernelMatrix(train, terms).lower_triangle(lambda done, total: None)
        triangle.factorise(lam, lambda done, total: None)
        alpha = triangle.solve(fold.rhs)
        v, _ = train.sources(alpha)
        residual = _forces(held_out, train, v, terms) - fold.forces
        g = 2 * residual / n_rows
        u, _ = held_out.sources(g)
        z = triangle.solve(_forces(train, held_out, u, terms))
        by_z, _ = train.sources(z)
        return float(residual @ residual) / n_rows, _Pairs(
            held_out.centred, u, train.centred, v, by_z, float(z @ alpha)
        )


class _Pairs(NamedTuple):
    """The vectors of gᵀ K_ht α - zᵀ K_tt α, in descriptor space, and zᵀα."""

    x_h: Float[Tensor, "H D"]
    u: Float[Tensor, "H D"]
    x_t: Float[Tensor, "T D"]
    v: Float[Tensor, "T D"]
    z: Float[Tensor, "T D"]
    penalty: float

    def of(self, term: KernelTerm, scales: Float[Tensor, "D"]) -> Tensor:
        """The value for a term with coefficient 1, differentiable by the scales of the entries."""
        scales = scales[term.environments[0]]
        y, v = (_scaled(part, term.images, scales) for part in (self.x_t, self.v))
        rows = [torch.cat(pair) for pair in ((self.x_h, self.x_t), (self.u, -self.z))]
        x, u = (_scaled(part, term.environments, scales) for part in rows)
        dots = x @ y.T
        squared = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * dots
        slope, decay = term.kernel.smooth_factors(squared)
        by_u = (u * x).sum(1)[:, None] - u @ y.T
        by_v = x @ v.T - (y * v).sum(1)
        total = (slope * (u @ v.T)).sum() - (decay * by_u * by_v).sum()
        return term.multiplicity * term.kernel.gamma * total


def _scaled(x: Float[Tensor, "M D"], entries: Int[Tensor, "E d"], scales: Float[Tensor, "d"]) -> Float[Tensor, "K d"]:
    return (x[:, entries] * scales).flatten(0, 1)


def _forces(
    rows: KernelFrames, columns: KernelFrames, v: Float[Tensor, "M D"], terms: list[KernelTerm]
) -> Float[Tensor, "n"]:
    """K_rows,columns applied to weights in descriptor space."""
    _, t = responses(terms, columns.centred, v, None, rows.centred)
    return rows.rows(t[:, None], None, slice(None)).flatten()
