"""A kernel model of energies alone, for a few dozen frames of a level that is too expensive for forces.

With K the kernel between the frames and a constant c that is not known,

    [ K + λ 1 ] [w]   [E]
    [ 1ᵀ    0 ] [c] = [0]

The error with which the other frames predict one that is left out needs no further solution (Dubrule, Math. Geol. 15, 687 (1983)):
with B the inverse of this matrix, it is w_i / B_ii. By these errors the kernel, its length scale and λ are chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.data.dataset import Dataset
from supple.models.kernel.matern import MATERN_7_2, Matern
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.term import KernelTerm
from supple.molecule.descriptors import Descriptor

#: Length scales that are tried, as multiples of that of the kernel, and λ relative to the kernel of a frame with itself.
_LENGTHS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_LAMBDAS = tuple(10.0**k for k in range(-12, 0))
#: Fewest frames of which each can be left out.
FEWEST = 5


class EnergyKernel(NamedTuple):
    """A kernel that may be used, up to its length scale.

    Attributes:
        descriptor: of the geometries.
        kernel: between them.
    """

    descriptor: Descriptor
    kernel: MolecularKernel


@dataclass(frozen=True, eq=False)
class EnergyFit:
    """A model of energies.

    Attributes:
        potential: the model.
        chosen: which of the kernels it has.
        lam: λ, relative to the mean diagonal of the kernel matrix.
        length: the factor of the kernel's length scale.
        left_out: of each frame, the error with which the others predict its energy, eV.
    """

    potential: SGDMLPotential
    chosen: int
    lam: float
    length: float
    left_out: Float[np.ndarray, "M"]


class _Choice(NamedTuple):
    """One choice of settings, and what follows."""

    rmse: float
    kernel: int
    length: float
    lam: float
    weights: Float[np.ndarray, "M"]
    constant: float
    left_out: Float[np.ndarray, "M"]


def fit_energies(dataset: Dataset, kernels: Sequence[EnergyKernel]) -> EnergyFit:
    """Fit the energies of a few frames.

    Args:
        dataset: frames with energies, `FEWEST` at least.
        kernels: from which one is chosen.
    """
    positions = torch.tensor(dataset.positions)
    descriptors = [one.descriptor.linearise(positions)[0] for one in kernels]
    choices = [
        _Choice(rmse, k, length, lam, weights, constant, left_out)
        for k, (one, x) in enumerate(zip(kernels, descriptors, strict=True))
        for length, matrix in _matrices(one.kernel, x)
        for rmse, lam, weights, constant, left_out in _solutions(matrix, dataset.energies)
    ]
    best = min(choices, key=lambda choice: choice.rmse)
    descriptor, kernel = kernels[best.kernel]
    x, action = descriptors[best.kernel], kernel.action
    potential = SGDMLPotential(
        dataset.numbers,
        kernel.stretched(best.length),
        x,
        torch.zeros_like(x),
        action,
        constant=best.constant,
        w=torch.tensor(best.weights),
        descriptor=descriptor,
    )
    return EnergyFit(potential, best.kernel, best.lam, best.length, best.left_out)


def uniform_kernel(
    dataset: Dataset, permutations: Int[np.ndarray, "P N"], descriptor: Descriptor, function: Matern = MATERN_7_2
) -> EnergyKernel:
    """One length scale for the whole molecule: the median distance of two of the frames."""
    x, _ = descriptor.linearise(torch.tensor(dataset.positions))
    action = descriptor.action(torch.as_tensor(permutations))
    squares = torch.stack([torch.cdist(x, x[:, image]) ** 2 for image in action]).amin(dim=0)
    median = squares[torch.eye(len(x), dtype=torch.bool).logical_not()].median().sqrt()
    return EnergyKernel(descriptor, MolecularKernel.uniform(float(median), action, function))


def _matrices(kernel: MolecularKernel, x: Float[Tensor, "M D"]) -> Iterator[tuple[float, Float[np.ndarray, "M M"]]]:
    """The matrix of energies at each length scale."""
    function = kernel.function
    squares = [_squared_distances(term, x) for term in kernel.terms]
    for length in _LENGTHS:
        matrix = x.new_zeros(len(x), len(x))
        for term, of_term in zip(kernel.terms, squares, strict=True):
            q2 = of_term / length**2
            slope, decay = function.smooth_factors(q2)
            matrix += term.amplitude * (slope + function.gamma * q2 * decay).sum(dim=(1, 3))
        yield length, matrix.numpy()


def _squared_distances(term: KernelTerm, x: Float[Tensor, "M D"]) -> Float[Tensor, "M E M J"]:
    """Of all environments of one frame to all images of those of another, scaled as the function takes them."""
    own, images = (x[:, which] * term.local_weights for which in (term.environments, term.images))
    distances = torch.cdist(own.flatten(0, 1), images.flatten(0, 1))
    return distances.view(*own.shape[:2], *images.shape[:2]) ** 2


def _solutions(
    matrix: Float[np.ndarray, "M M"], energies: Float[np.ndarray, "M"]
) -> Iterator[tuple[float, float, Float[np.ndarray, "M"], float, Float[np.ndarray, "M"]]]:
    """RMSE of what is left out, λ, weights, constant and errors, for each λ with which the matrix is positive definite."""
    n, size = len(energies), float(matrix.diagonal().mean())
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
        yield rmse, lam, solution[:n], solution[n] + float(energies.mean()), left_out
