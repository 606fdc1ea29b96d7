"""A kernel model of energies alone, for a few dozen frames of a level that is too expensive for forces.

With K the kernel between the frames and a constant c that is not known,

    [ K + λ 1 ] [w]   [E]
    [ 1ᵀ    0 ] [c] = [0]

The error with which the other frames predict one that is left out needs no further solution (Dubrule, Math. Geol. 15, 687 (1983)):
with B the inverse of this matrix, it is w_i / B_ii. By these errors length scale and λ are chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.data.dataset import Dataset
from supple.models.kernel.matern import MATERN_7_2, Matern
from supple.models.kernel.molecular_kernel import MolecularKernel, TermParts
from supple.models.kernel.potential import SGDMLPotential
from supple.molecule.descriptors import Descriptor

#: Length scales that are tried, as multiples of the median distance of two frames, and λ relative to the kernel of a frame with itself.
_LENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_LAMBDAS = tuple(10.0**k for k in range(-12, 0))
#: Fewest frames of which each can be left out.
FEWEST = 5


@dataclass(frozen=True, eq=False)
class EnergyFit:
    """A model of energies.

    Attributes:
        potential: the model.
        lam: λ, relative to the mean diagonal of the kernel matrix.
        length: the length scale, as a multiple of the median distance of two frames.
        left_out: of each frame, the error with which the others predict its energy, eV.
    """

    potential: SGDMLPotential
    lam: float
    length: float
    left_out: Float[np.ndarray, "M"]


class _Choice(NamedTuple):
    """One pair of settings, and what follows."""

    rmse: float
    length: float
    lam: float
    weights: Float[np.ndarray, "M"]
    constant: float
    left_out: Float[np.ndarray, "M"]


def fit_energies(
    dataset: Dataset,
    permutations: Int[np.ndarray, "P N"],
    descriptor: Descriptor,
    weights: Float[Tensor, "D"] | None = None,
    function: Matern = MATERN_7_2,
) -> EnergyFit:
    """Fit the energies of a few frames.

    Args:
        dataset: frames with energies, `FEWEST` at least.
        permutations: of the atoms, a group.
        descriptor: of the geometries.
        weights: of its entries, up to a factor; the same for all when None.
        function: of the distance.
    """
    x, _ = descriptor.linearise(torch.tensor(dataset.positions))
    action = descriptor.action(torch.as_tensor(permutations))
    weights = torch.ones(x.shape[1], dtype=torch.float64) if weights is None else weights
    squares = _squared_distances(x * weights, action)
    median = float(
        squares[torch.eye(len(x), dtype=torch.bool).logical_not()].view(-1, len(action)).amin(1).median().sqrt()
    )
    best = min(_choices(squares / median**2, dataset.energies, function), key=lambda choice: choice.rmse)
    kernel = MolecularKernel(function, weights[None] / (best.length * median), [TermParts(1.0)], action)
    potential = SGDMLPotential(
        dataset.numbers,
        kernel,
        x,
        torch.zeros_like(x),
        action,
        constant=best.constant,
        w=torch.tensor(best.weights),
        descriptor=descriptor,
    )
    return EnergyFit(potential, best.lam, best.length, best.left_out)


def _squared_distances(y: Float[Tensor, "M D"], action: Int[Tensor, "P D"]) -> Float[Tensor, "M M P"]:
    """Of each pair of frames, under each permutation."""
    return torch.stack([torch.cdist(y, y[:, image]) ** 2 for image in action], dim=2)


def _choices(squares: Float[Tensor, "M M P"], energies: Float[np.ndarray, "M"], function: Matern) -> Sequence[_Choice]:
    """All pairs of settings for which the matrix is positive definite."""
    found = []
    n = len(energies)
    for length in _LENGTHS:
        q2 = squares * (function.scale / length) ** 2
        slope, decay = function.smooth_factors(q2)
        matrix = (slope + function.gamma * q2 * decay).sum(dim=2).numpy()
        size = float(matrix.diagonal().mean())
        for lam in _LAMBDAS:
            bordered = np.ones((n + 1, n + 1))
            bordered[:n, :n] = matrix + lam * size * np.eye(n)
            bordered[n, n] = 0.0
            inverse = np.linalg.inv(bordered)
            if not np.isfinite(inverse).all() or (inverse.diagonal()[:n] <= 0).any():
                continue
            solution = np.linalg.solve(bordered, np.append(energies - energies.mean(), 0.0))
            left_out = solution[:n] / inverse.diagonal()[:n]
            rmse = float(np.sqrt(np.mean(left_out**2)))
            found.append(_Choice(rmse, length, lam, solution[:n], solution[n] + float(energies.mean()), left_out))
    return found
