"""Descriptor: what every descriptor has. A new one implements `forward`; derivatives follow by automatic differentiation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.molecule.symmetry.permutation_algebra import Atoms, action_on


class Descriptor(nn.Module, ABC):
    """D numbers that translation, rotation and reflection of a molecule leave unchanged.

    Each entry is a function of some atoms (a pair, an angle, a dihedral), the same when these are read from either end.

    Attributes:
        entries: the atoms of each entry, D tuples.
    """

    entries: tuple[Atoms, ...]

    @property
    def size(self) -> int:
        """D."""
        return len(self.entries)

    @abstractmethod
    def forward(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D"]:
        """The descriptors, shape (B, D), of B geometries; positions in Å, shape (B, N, 3)."""

    @abstractmethod
    def configuration(self) -> dict[str, Any]:
        """What the descriptor can be made from again, as JSON; see `supple.molecule.descriptors.registry`."""

    def linearise(
        self, positions: Float[Tensor, "B N 3"]
    ) -> tuple[Float[Tensor, "B D"], Callable[[Float[Tensor, "B D"]], Float[Tensor, "B N 3"]]]:
        """The descriptors, and Jᵀ: a function from gradients by the descriptors to gradients by the positions."""
        x, pull_back, *_ = torch.func.vjp(self.forward, positions)
        return x, lambda gradient: pull_back(gradient)[0]

    def jacobian(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D C"]:
        """The dense Jacobians, shape (B, D, C) with C = 3N."""
        one = torch.func.jacrev(lambda r: self.forward(r[None])[0])
        return torch.func.vmap(one, chunk_size=64)(positions).flatten(2)

    def action(self, permutations: Int[Tensor, "P N"]) -> Int[Tensor, "P D"]:
        """For each permutation of the atoms that of the entries, shape (P, D): x(R[p]) = x(R)[action].

        Raises:
            KeyError: the entries are not closed under the permutations.
        """
        return torch.tensor(action_on(self.entries, permutations.tolist()))


@dataclass(frozen=True)
class DescriptorKind:
    """How descriptors of one name come about; what the registry holds.

    Attributes:
        make: for a molecule, from its atomic numbers, shape (N,), the positions of some frames in Å, shape (M, N, 3), and
            its permutation symmetries, shape (P, N), under which the entries are to be closed.
        restore: from the number of atoms and the configuration in a model file.
    """

    make: Callable[[Int[np.ndarray, "N"], Float[np.ndarray, "M N 3"], Int[np.ndarray, "P N"]], Descriptor]
    restore: Callable[[int, dict[str, Any]], Descriptor]
