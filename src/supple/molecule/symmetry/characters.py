"""Sums over the permutation group by characters: what P permuted queries have in common is computed once.

A permutation group G of the descriptor's entries is split into an elementary abelian subgroup A (all its elements are their
own inverses: a flip of one ring, a swap of two; order a, a power of two) and R = P/a coset representatives. In a basis of
the orbits' Hadamard vectors, sorted by the characters χ of A, every element of A is diagonal with entries χ(p) = ±1, so that

    (P_p x)·y = Σ_χ χ(p) x_χ·y_χ                   for all p in A from one pass through the entries: D products, not a·D
    Σ_p c_p P_pᵀ y = Σ_χ (Σ_p χ(p) c_p) y_χ        and the same for sums that go back

The transform over χ is a Walsh-Hadamard transform: additions alone. The four matrix products of a prediction and the three
of a kernel-vector product take a times fewer flops: 4 times for azobenzene (P 8), glycine, benzene, toluene; 2 for ethanol.

Serre, Linear Representations of Finite Groups (1977), sections 2.4 and 3.1.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.molecule.symmetry.permutation_algebra import Permutation, identity, product


class Group(nn.Module):
    """A group of permutations of D descriptor entries, as seen by its sums.

    Attributes:
        n_characters: a, the order of the elementary abelian subgroup, and the number of its characters.
        n_cosets: R; a·R = P.
        sizes: how many basis vectors each character has; they add up to D.
        lift_index, lift_weight: places and values of the non-zeros of the matrix that makes the queries of a descriptor, one for each
            coset, in the basis of characters; shape (R·D, S).
    """

    lift_index: Tensor
    lift_weight: Tensor

    def __init__(self, action: Int[Tensor, "P D"]) -> None:
        super().__init__()
        elements = [tuple(row) for row in action.tolist()]
        distinct = sorted(set(elements))
        subgroup = _elementary_subgroup(distinct)
        # Permutations of atoms that do the same to the descriptor count as often as they come.
        representatives = _cosets(distinct, subgroup) * (len(elements) // len(distinct))
        basis, self.sizes = _basis(subgroup)
        self.n_characters, self.n_cosets = len(subgroup), len(representatives)
        # Query r is U x[r]; all of them are one matrix with few non-zeros in a row.
        index, weight = _non_zeros(basis)
        lift_index = torch.cat([torch.tensor(r)[index] for r in representatives])
        self.register_buffer("lift_index", lift_index, persistent=False)
        self.register_buffer("lift_weight", weight.repeat(len(representatives), 1), persistent=False)

    def to_basis(self, x: Float[Tensor, "M D"]) -> Float[Tensor, "M D"]:
        """Descriptors in the basis of characters, as they are, without their permutations."""
        size = x.shape[1]
        return gathered(x, self.lift_index[:size], self.lift_weight[:size])

    def transform(self, array: Float[Tensor, "A ..."]) -> Float[Tensor, "A ..."]:
        """Σ_χ χ(p) array[χ] for all p (or the other way round: the matrix of characters is symmetric), in place."""
        half = 1
        while half < self.n_characters:
            pairs = array.view(-1, 2, half, *array.shape[1:])
            first, second = pairs[:, 0], pairs[:, 1]
            first.add_(second)
            second.mul_(-2).add_(first)
            half *= 2
        return array

    def products(
        self, queries: Float[Tensor, "Q D"], targets: tuple[Float[Tensor, "_ K"], ...]
    ) -> Float[Tensor, "A Q K"]:
        """Of each query and each target, by character; targets as `blocks` gives them."""
        out = queries.new_empty(self.n_characters, queries.shape[0], targets[0].shape[1])
        for character, (query, target) in enumerate(zip(queries.split(self.sizes, 1), targets, strict=True)):
            torch.mm(query, target, out=out[character])
        return out

    def combine(
        self, weights: Float[Tensor, "A Q K"], targets: tuple[Float[Tensor, "_ K"], ...]
    ) -> Float[Tensor, "Q D"]:
        """Σ_k weights · target, by character: the transpose of `products`."""
        return torch.cat([weight @ target.T for weight, target in zip(weights, targets, strict=True)], dim=1)

    def blocks(self, rows: Float[Tensor, "K D"]) -> tuple[Float[Tensor, "_ K"], ...]:
        """Vectors in the basis as targets: a block for each character, entries first, which is how they are read."""
        return tuple(block.T.contiguous() for block in rows.split(self.sizes, 1))


def _elementary_subgroup(elements: list[Permutation]) -> list[Permutation]:
    """The largest elementary abelian 2-subgroup that is found by adding commuting involutions to each one in turn.

    Element k + 2^b is the product of generator b and element k, which is the order of the Walsh-Hadamard transform.
    """
    unit = identity(len(elements[0]))
    involutions = [p for p in elements if p != unit and product(p, p) == unit]
    best = [unit]
    for first in involutions:
        found = [unit, first]
        for p in involutions:
            if p not in found and all(product(p, q) == product(q, p) for q in found):
                found += [product(p, q) for q in found]
        if len(found) > len(best):
            best = found
    return best


def _cosets(elements: list[Permutation], subgroup: list[Permutation]) -> list[Permutation]:
    """One r of each set {x[r][a] : a in A}; the identity first."""
    left = dict.fromkeys(elements)
    found = []
    while left:
        r = next(iter(left))
        found.append(r)
        for a in subgroup:
            del left[product(r, a)]
    return found


def _basis(subgroup: list[Permutation]) -> tuple[Float[Tensor, "D D"], list[int]]:
    """The orthonormal Hadamard vectors of the orbits as rows, sorted by character; how many each character has."""
    order, size = len(subgroup), len(subgroup[0])
    characters = torch.ones(1, 1, dtype=torch.float64)
    while len(characters) < order:
        characters = torch.cat([torch.cat([characters, characters], 1), torch.cat([characters, -characters], 1)])
    orbits = {min(orbit): orbit for orbit in ([p[d] for p in subgroup] for d in range(size))}
    rows: list[list[Tensor]] = [[] for _ in subgroup]
    for orbit in orbits.values():
        for character, kept in zip(characters, rows, strict=True):
            vector = torch.zeros(size, dtype=torch.float64).index_add_(0, torch.tensor(orbit), character)
            if vector.norm() > 0.5:  # else the character is not trivial on what leaves the orbit in place
                kept.append(vector / vector.norm())
    return torch.stack([row for kept in rows for row in kept]), [len(kept) for kept in rows]


def _non_zeros(matrix: Float[Tensor, "I J"]) -> tuple[Int[Tensor, "I S"], Float[Tensor, "I S"]]:
    """Places and values of the non-zeros of each row, padded with zeros to the same number."""
    most = int((matrix != 0).sum(dim=1).max())
    index = matrix.abs().topk(most, dim=1).indices
    return index, matrix.gather(1, index)


def gathered(x: Float[Tensor, "B J"], index: Int[Tensor, "I S"], weight: Float[Tensor, "I S"]) -> Float[Tensor, "B I"]:
    """A sparse matrix, given by the places and values of its rows, applied to each of several vectors."""
    return x.index_select(1, index.flatten()).view(-1, *index.shape).mul_(weight).sum(2)
