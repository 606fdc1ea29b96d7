"""The parameters of a metric, and the kernel that they make.

    K = c₀ k(w; all entries) + c₁ Σ_a k(w'; entries whose atoms all lie within R bonds of the heavy atom a)

with a weight w_o for each orbit o of descriptor entries under the permutations, and, where the kernel has local terms, a
second one for each. The coefficients follow from the weights, so that the diagonal of the force-force matrix is 1 on the average: λ is
then relative to it. Of this diagonal the local terms have a share σ(s). The vector of parameters is log λ, log w, log w', s.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import networkx as nx
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.kernel.matern import Matern
from supple.models.kernel.molecular_kernel import MolecularKernel, TermParts
from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm
from supple.molecule.symmetry.permutation_algebra import Atoms

#: The kinds of entries, by what they depend on. Pairs that are this many bonds or more apart are one kind.
_FAR = 6


@dataclass(frozen=True, eq=False)
class Metric:
    """A choice of parameters for a kernel.

    Attributes:
        log_lam: log λ.
        log_weights: for each term family (global, local), by orbit: log w, shape (K, O).
        share: s; None where there are no local terms.
    """

    log_lam: float
    log_weights: Float[np.ndarray, "K O"]
    share: float | None = None

    def vector(self) -> Float[np.ndarray, "n"]:
        """All parameters."""
        return np.concatenate([[self.log_lam], self.log_weights.ravel(), [] if self.share is None else [self.share]])

    def at(self, vector: Float[np.ndarray, "n"]) -> Metric:
        """Other values, as `vector` gives them."""
        weights = vector[1 : 1 + self.log_weights.size].reshape(self.log_weights.shape)
        return Metric(float(vector[0]), weights, None if self.share is None else float(vector[-1]))


class MetricParameters:
    """What the parameters of a metric mean for a molecule.

    Args:
        frames: from which the size of each entry's derivatives is taken.
        graph: bonds.
        function: of the kernel.
        radius: R, bonds of a local environment; no local terms when None.
    """

    def __init__(self, frames: KernelFrames, graph: nx.Graph, function: Matern, radius: int | None = None) -> None:
        self.function, self.action, self.entries = function, frames.action, frames.descriptor.entries
        self.orbit = _orbits(frames.action.numpy())
        self.kinds = kinds_of_entries(graph, self.entries)
        #: Mean squared derivative of each entry, over modes and frames.
        self.derivative = (frames.g**2).mean(dim=(0, 2))
        ones = torch.ones(len(self.entries), dtype=torch.float64)
        self.terms = [KernelTerm(function, 1.0, ones, frames.action)]
        seen: set[bytes] = set()
        for environment in [] if radius is None else _environments(graph, self.entries, radius):
            if np.sort(environment).tobytes() not in seen:  # else it is the image of an earlier one
                term = KernelTerm(function, 1.0, ones, frames.action, environment)
                self.terms.append(term)
                seen |= {np.sort(image).tobytes() for image in term.environments.numpy()}

    @property
    def n_orbits(self) -> int:
        """O."""
        return int(self.orbit.max()) + 1

    @cached_property
    def orbit_kinds(self) -> Int[np.ndarray, "O"]:
        """The kind of each orbit."""
        kinds = np.zeros(self.n_orbits, dtype=np.int64)
        kinds[self.orbit] = self.kinds
        return kinds

    def family(self, term: KernelTerm) -> int:
        """Which weights a term uses: 0 for the whole molecule, 1 for environments."""
        return 0 if term.entries is None else 1

    def shapes(self, vector: Float[Tensor, "n"]) -> tuple[Tensor, list[Float[Tensor, "D"]], list[Tensor]]:
        """λ, the weights of each family, and the coefficient of each term; all differentiable by the vector."""
        n = self.n_orbits
        local = len(self.terms) > 1
        orbit = torch.as_tensor(self.orbit)
        weights = [torch.exp(vector[1 + k * n : 1 + (k + 1) * n])[orbit] for k in range(1 + local)]
        sizes = [self._diagonal(term, weights[self.family(term)]) for term in self.terms]
        if not local:
            return torch.exp(vector[0]), weights, [1 / sizes[0]]
        share = torch.sigmoid(vector[-1])
        together = torch.stack(sizes[1:]).sum()
        return torch.exp(vector[0]), weights, [(1 - share) / sizes[0], *[share / together] * (len(self.terms) - 1)]

    def _diagonal(self, term: KernelTerm, weights: Float[Tensor, "D"]) -> Tensor:
        """The mean diagonal of a term with coefficient 1, but for the images that permutations make."""
        entries = term.environments.flatten()
        scaled = (weights * term.kernel.scale) ** 2
        return term.kernel.gamma * term.multiplicity * (scaled * self.derivative)[entries].sum()

    def kernel(self, metric: Metric) -> MolecularKernel:
        """The kernel of a metric."""
        with torch.no_grad():
            _, weights, coefficients = self.shapes(torch.tensor(metric.vector()))
        parts = [
            TermParts(float(c), self.family(term), term.entries)
            for term, c in zip(self.terms, coefficients, strict=True)
        ]
        return MolecularKernel(self.function, torch.stack(weights), parts, self.action)


def kinds_of_entries(graph: nx.Graph, entries: tuple[Atoms, ...]) -> Int[np.ndarray, "D"]:
    """The kind of each entry: for pairs the bonds between them, less one; then angles, then dihedrals."""
    apart = dict(nx.all_pairs_shortest_path_length(graph))
    return np.array(
        [
            min(apart[atoms[0]].get(atoms[1], _FAR), _FAR) - 1 if len(atoms) == 2 else _FAR + len(atoms) - 3
            for atoms in entries
        ]
    )


def _orbits(action: Int[np.ndarray, "P D"]) -> Int[np.ndarray, "D"]:
    """The orbit of each entry, counted from 0 in their order."""
    return np.unique(action.min(axis=0), return_inverse=True)[1]


def _environments(graph: nx.Graph, entries: tuple[Atoms, ...], radius: int) -> list[tuple[int, ...]]:
    """The entries near each heavy atom, those of the whole molecule left out."""
    found = []
    for atom, element in graph.nodes(data="z"):
        if element == 1:
            continue
        near = set(nx.single_source_shortest_path_length(graph, atom, radius))
        own = tuple(d for d, atoms in enumerate(entries) if near.issuperset(atoms))
        if len(own) > 1:
            found.append(own)
    return found
