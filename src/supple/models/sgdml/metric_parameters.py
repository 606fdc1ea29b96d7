"""The parameters of a metric, and the kernel that they make.

    K = Σ_f c_f Σ_a k(w_f; entries of environment a of family f)

A family of terms has all environments of one size: that of the whole molecule, or those of all heavy atoms a with the entries whose atoms
all lie within R bonds of a. Each family has a weight w_fo for each orbit o of descriptor entries under the permutations. The
coefficients follow from the weights and from shares s_f, which are a softmax, so that the diagonal of the force-force matrix is 1 on
the average, and family f has s_f of it: λ is then relative to the diagonal. The vector of parameters is log λ, log w of each family,
and the logarithms of the shares relative to the first one.

Each methyl group makes the permutations of the whole molecule three times as many, and its kernel as much slower. Where there are many,
the whole molecule is compared in parts instead: for each such group, which has few permutations, its atoms and all those of no group.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
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
#: With more permutations than this the whole molecule is compared in parts, with one of the groups that rotate in each.
_MOST_PERMUTATIONS = 30


class MetricParameters:
    """What the parameters of a metric mean for a molecule.

    Args:
        frames: from which the size of each entry's derivatives is taken.
        graph: bonds.
        function: of the kernel.
        radii: R of each family of terms; None for the whole molecule.

    Attributes:
        radii: those that have environments; that of the whole molecule if none has, as in a molecule of two atoms.
        in_parts: whether the whole molecule is compared in parts.
        terms: of the kernel, without weights.
        family: the family of each term.
        orbit, kinds: of each entry, shape (D,).
    """

    def __init__(
        self, frames: KernelFrames, graph: nx.Graph, function: Matern, radii: Sequence[int | None] = (None,)
    ) -> None:
        self.function, self.action, self.entries = function, frames.action.cpu(), frames.descriptor.entries
        near: dict[int | None, list[tuple[int, ...] | None]] = {
            radius: [*_environments(graph, self.entries, radius)] for radius in radii if radius is not None
        }
        if None in radii:
            divided = any(near.values()) and len(self.action) > _MOST_PERMUTATIONS
            near[None] = _parts(graph, self.entries) if divided else [None]
        self.in_parts = None in radii and near[None] != [None]
        self.radii = tuple(radius for radius in radii if near[radius]) or (None,)
        self.orbit = _orbits(self.action.numpy())
        self.kinds = kinds_of_entries(graph, self.entries)
        #: Mean squared derivative of each entry, over modes and frames.
        self.derivative = (frames.g**2).mean(dim=(0, 2)).cpu()
        ones = torch.ones(len(self.entries), dtype=torch.float64)
        self.terms: list[KernelTerm] = []
        self._moved: dict[torch.device, list[KernelTerm]] = {}
        self.family: list[int] = []
        for k, radius in enumerate(self.radii):
            seen: set[bytes] = set()
            for environment in near.get(radius) or [None]:
                if (
                    environment is None or np.sort(environment).tobytes() not in seen
                ):  # else it is the image of another one
                    term = KernelTerm(function, 1.0, ones, self.action, environment)
                    self.terms.append(term)
                    self.family.append(k)
                    seen |= {np.sort(image).tobytes() for image in term.environments.numpy()}

    def terms_on(self, device: torch.device) -> list[KernelTerm]:
        """The terms, their arrays on a device."""
        if device.type == "cpu":
            return self.terms
        if device not in self._moved:
            self._moved[device] = [copy.deepcopy(term).to(device) for term in self.terms]
        return self._moved[device]

    @property
    def n_families(self) -> int:
        """F."""
        return len(self.radii)

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

    def log_weights(self, vector: Float[np.ndarray, "n"]) -> Float[np.ndarray, "F O"]:
        """Log w of each family and orbit."""
        return vector[1 : 1 + self.n_families * self.n_orbits].reshape(self.n_families, self.n_orbits)

    def shapes(self, vector: Float[Tensor, "n"]) -> tuple[Tensor, Float[Tensor, "F D"], Float[Tensor, "T"]]:
        """λ, the weights of each family, and the coefficient of each term; all differentiable by the vector."""
        size = self.n_families * self.n_orbits
        weights = torch.exp(vector[1 : 1 + size].view(self.n_families, -1))[:, torch.as_tensor(self.orbit)]
        logits = torch.cat([vector.new_zeros(1), vector[1 + size :]])
        diagonals = torch.stack(
            [self._diagonal(term, weights[k]) for term, k in zip(self.terms, self.family, strict=True)]
        )
        family = torch.tensor(self.family)
        by_family = diagonals.new_zeros(self.n_families).index_add(0, family, diagonals)
        return torch.exp(vector[0]), weights, (torch.softmax(logits, 0) / by_family)[family]

    def _diagonal(self, term: KernelTerm, weights: Float[Tensor, "D"]) -> Tensor:
        """The mean diagonal of a term with coefficient 1, but for the images that permutations make."""
        entries = term.environments.flatten()
        scaled = (weights * term.kernel.scale) ** 2
        return term.kernel.gamma * term.multiplicity * (scaled * self.derivative)[entries].sum()

    def kernel(self, vector: Float[np.ndarray, "n"]) -> MolecularKernel:
        """The kernel of a vector of parameters."""
        _, weights, coefficients = self.shapes(torch.tensor(vector))
        parts = [
            TermParts(float(c), k, term.entries)
            for term, k, c in zip(self.terms, self.family, coefficients, strict=True)
        ]
        return MolecularKernel(self.function, weights, parts, self.action)


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


def _rotors(graph: nx.Graph) -> list[set[int]]:
    """The atoms of each group of three equal ones at the end of a bond, such as the hydrogens of a methyl group."""
    ends = {atom: {n for n in graph.neighbors(atom) if graph.degree(n) == 1} for atom in graph}
    return [
        group
        for atom, group in ends.items()
        if len(group) == 3 and graph.degree(atom) == 4 and len({graph.nodes[n]["z"] for n in group}) == 1
    ]


def _parts(graph: nx.Graph, entries: tuple[Atoms, ...]) -> list[tuple[int, ...] | None]:
    """For each group that rotates the entries that have no atoms of another one; all entries where there is one group or none."""
    rotors = _rotors(graph)
    if len(rotors) < 2:
        return [None]
    return [_without(set().union(*rotors) - rotor, entries) for rotor in rotors]


def _without(atoms: set[int], entries: tuple[Atoms, ...]) -> tuple[int, ...]:
    return tuple(d for d, one in enumerate(entries) if not atoms.intersection(one))


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
