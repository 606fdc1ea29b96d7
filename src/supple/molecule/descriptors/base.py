"""Descriptor: what every descriptor has. A new one says how it is computed; derivatives come by themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

Atoms = tuple[int, ...]


class Descriptor(nn.Module, ABC):
    """D numbers that do not change when a molecule is moved, turned or mirrored.

    Each entry is a function of some atoms (a pair, an angle, a dihedral) that is the same from either end.

    Attributes:
        entries: the atoms of each.
    """

    entries: tuple[Atoms, ...]

    @property
    def size(self) -> int:
        """D."""
        return len(self.entries)

    @abstractmethod
    def forward(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D"]:
        """The descriptor of B geometries; positions in Å."""

    @abstractmethod
    def configuration(self) -> dict[str, Any]:
        """What makes it again; JSON."""

    def linearise(
        self, positions: Float[Tensor, "B N 3"]
    ) -> tuple[Float[Tensor, "B D"], Callable[[Float[Tensor, "B D"]], Float[Tensor, "B N 3"]]]:
        """The descriptor, and Jᵀ: a function that turns gradients by it into gradients by the positions."""
        x, pull_back, *_ = torch.func.vjp(self.forward, positions)
        return x, lambda gradient: pull_back(gradient)[0]

    def jacobian(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D C"]:
        """The dense Jacobian; C = 3N."""
        one = torch.func.jacrev(lambda r: self.forward(r[None])[0])
        return torch.func.vmap(one, chunk_size=64)(positions).flatten(2)

    def action(self, permutations: Int[Tensor, "P N"]) -> Int[Tensor, "P D"]:
        """For each atom permutation the one of the descriptor: x(R[perm]) = x(R)[action].

        Raises:
            KeyError: the entries are not closed under the permutations.
        """
        place = {from_smaller_end(atoms): d for d, atoms in enumerate(self.entries)}
        return torch.tensor(
            [[place[from_smaller_end(p[a] for a in atoms)] for atoms in self.entries] for p in permutations.tolist()]
        )


def from_smaller_end(atoms: Iterable[int]) -> Atoms:
    """Atoms in that of their two directions that comes first."""
    forward = tuple(atoms)
    return min(forward, forward[::-1])
