"""KernelTerm: a Matérn kernel between environments of two geometries, summed over all pairs of equivalent environments.

An environment is a choice of entries of the descriptor: all of them, or those near an atom. The permutation symmetries take
it to equivalent environments e, with entries I_e, and permute its own entries by a local group S. With a weight for each entry,
the same for all that a symmetry exchanges, y_e = (W x)[I_e], and the term is

    k(x, x') = c Σ_e Σ_f Σ_s matern(|y_e - P_s y'_f|)

which no permutation of equal atoms in x or x' changes. For the whole molecule there is one environment, and S is the group
itself. So a term is the usual kernel, of M·E environments in place of M frames, with sums by the characters of S.

Such sums over atoms of kernels of their environments are usual for local descriptors: Bartók, Kondor and Csányi,
Phys. Rev. B 87, 184115 (2013), doi 10.1103/PhysRevB.87.184115.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.models.kernel.matern import Matern
from supple.molecule.symmetry.characters import Group, gathered


class KernelTerm(nn.Module):
    """One term of a kernel.

    Args:
        kernel: the function of the distance.
        coefficient: c.
        weights: of the descriptor's entries, in units of which they are compared; without the factor √(2ν).
        action: of the permutations on the descriptor, a group.
        entries: of the environment, or of one of several equivalent ones; all when None.

    Attributes:
        environments: the entries of each equivalent environment, shape (E, d).
        images: the same, permuted in all ways, shape (J, d) with J = E·|S|.
        local_weights: of the entries of each environment, and the factor √(2ν), shape (d,).
        group: S, as it acts on the entries of an environment.
    """

    environments: Tensor
    images: Tensor
    local_weights: Tensor
    lift_index: Tensor
    lift_weight: Tensor
    lower_index: Tensor
    lower_weight: Tensor

    def __init__(
        self,
        kernel: Matern,
        coefficient: float,
        weights: Float[Tensor, "D"],
        action: Int[Tensor, "P D"],
        entries: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.kernel, self.entries = kernel, None if entries is None else tuple(entries)
        images, environments, local = _images(action.cpu().numpy(), entries)
        self.group = Group(torch.tensor(local))
        # Permutations that do the same to the environment's entries are summed once.
        self.coefficient = coefficient
        self.multiplicity = len(action) / (len(environments) * len(local))
        self._register(images=torch.tensor(images), environments=torch.tensor(environments))
        self._weigh(weights)

    def reweighted(self, weights: Float[Tensor, "D"], coefficient: float) -> KernelTerm:
        """The same term with other weights."""
        other = copy.copy(self)
        other._buffers = dict(self._buffers)
        other.coefficient = coefficient
        other._weigh(weights)
        return other

    def _weigh(self, weights: Float[Tensor, "D"]) -> None:
        scaled = weights * self.kernel.scale
        index = self.environments[:, self.group.lift_index].flatten(0, 1)
        weight = self.group.lift_weight.repeat(self.n_environments, 1) * scaled[index]
        by_entry, weight_by_entry = _transposed(index, weight, len(weights))
        self._register(lift_index=index, lift_weight=weight, lower_index=by_entry, lower_weight=weight_by_entry)
        self._register(local_weights=scaled[self.environments[0]])

    def _register(self, **arrays: Tensor) -> None:
        for name, array in arrays.items():
            self.register_buffer(name, array, persistent=False)

    @property
    def n_environments(self) -> int:
        """E."""
        return len(self.environments)

    @property
    def size(self) -> int:
        """The number of entries of an environment, d."""
        return self.environments.shape[1]

    @property
    def n_queries(self) -> int:
        """Queries that a geometry makes: one for each environment and coset of its group."""
        return self.n_environments * self.group.n_cosets

    @property
    def amplitude(self) -> float:
        """The factor of each summand."""
        return self.coefficient * self.multiplicity

    @property
    def n_pairs(self) -> int:
        """Kernel functions that a pair of geometries takes: E·J."""
        return self.n_environments * len(self.images)

    def targets(self, x: Float[Tensor, "M D"]) -> Float[Tensor, "K d"]:
        """The environments of descriptors, scaled and in the basis of characters; K = M·E, frame by frame."""
        return self.group.to_basis((x[:, self.environments] * self.local_weights).flatten(0, 1))

    def lift(self, x: Float[Tensor, "B D"]) -> Float[Tensor, "Q d"]:
        """The scaled queries of B descriptors, in the basis of characters: all environments, by all cosets."""
        return gathered(x, self.lift_index, self.lift_weight).view(-1, self.size)

    def lower(self, gradients: Float[Tensor, "Q d"]) -> Float[Tensor, "B D"]:
        """The transpose of `lift`: gradients by the queries become one by each descriptor."""
        return gathered(gradients.reshape(-1, len(self.lift_index)), self.lower_index, self.lower_weight)

    def per_environment(self, values: Float[Tensor, "M"]) -> Float[Tensor, "K"]:
        """A number of each frame, for each of its environments."""
        return values.repeat_interleave(self.n_environments)


def _images(
    action: Int[np.ndarray, "P D"], entries: Sequence[int] | None
) -> tuple[Int[np.ndarray, "J d"], Int[np.ndarray, "E d"], Int[np.ndarray, "S d"]]:
    """The images of an environment's entries; one of each environment; and the permutations of the entries of the first one."""
    own = np.arange(action.shape[1]) if entries is None else np.array(entries, dtype=np.int64)
    images = np.unique(action[:, own], axis=0)
    environments = {np.sort(own).tobytes(): own}
    order = np.argsort(own)
    local = [
        order[np.searchsorted(own, image, sorter=order)]
        for image in images
        if environments.setdefault(np.sort(image).tobytes(), image) is own
    ]
    return images, np.array(list(environments.values())), np.array(local)


def _transposed(
    index: Int[Tensor, "I S"], weight: Float[Tensor, "I S"], n_columns: int
) -> tuple[Int[Tensor, "D T"], Float[Tensor, "D T"]]:
    """The same of the transposed matrix; rows are padded with zeros to the same length."""
    device = index.device
    rows = torch.arange(len(index), device=device).repeat_interleave(index.shape[1])[weight.flatten() != 0]
    columns, values = index[weight != 0], weight[weight != 0]
    order = columns.argsort(stable=True)
    counts = columns.bincount(minlength=n_columns)
    place = torch.arange(len(order), device=device) - (counts.cumsum(0) - counts).repeat_interleave(counts)
    shape = n_columns, int(counts.max())
    found, weights = (torch.zeros(shape, dtype=dtype, device=device) for dtype in (torch.int64, torch.float64))
    found[columns[order], place], weights[columns[order], place] = rows[order], values[order]
    return found, weights
