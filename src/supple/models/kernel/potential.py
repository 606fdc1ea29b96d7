"""The kernel force field of sGDML: E(R) = std · e(x(R)) + c, and forces by the exact gradient."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.models.kernel.kernel_sum import KernelSum, kernel_sums, total
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.stored_parts import (
    KernelConfiguration,
    require_arrays,
    require_entries,
    require_environments,
    require_finite_numbers,
    require_symmetries,
)
from supple.models.potential import Potential
from supple.models.uncertainty.novelty import Novelty
from supple.molecule.connectivity import Connectivity
from supple.molecule.descriptors import Descriptor, InverseDistances
from supple.molecule.descriptors.registry import restore_descriptor
from supple.molecule.descriptors.training_frames import TrainingFrames

if TYPE_CHECKING:
    from supple.models.kernel.compiled_kernel_sum import CompiledSum


class KernelModule(nn.Module):
    """The arrays of a kernel force field, and its energies and forces by operations on tensors.

    Args:
        x: descriptors of the M training frames, 1/Å.
        v: their weights in descriptor space.
        w: weights of the training energies; None for a model of forces alone.
        action: the permutations' action on the descriptor.
        kernel: between geometries.
        scale: standard deviation of the training forces, eV/Å.
        constant: integration constant, eV.
        descriptor: of the geometries.
    """

    x: Tensor
    v: Tensor
    w: Tensor | None
    action: Tensor
    centre: Tensor
    scale: Tensor
    constant: Tensor

    def __init__(
        self,
        x: Float[Tensor, "M D"],
        v: Float[Tensor, "M D"],
        w: Float[Tensor, "M"] | None,
        action: Int[Tensor, "P D"],
        kernel: MolecularKernel,
        scale: float,
        constant: float,
        descriptor: Descriptor,
    ) -> None:
        super().__init__()
        self.kernel = kernel
        self.descriptor = descriptor
        self.register_buffer("x", x.contiguous())
        self.register_buffer("v", v.contiguous())
        self.register_buffer("w", w)
        self.register_buffer("action", action)
        # The centre must be the same after any permutation, so that it cancels in every difference.
        mean = x.mean(dim=0) if len(x) else x.new_zeros(x.shape[1])
        self.register_buffer("centre", mean[action].mean(dim=0))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64, device=x.device))
        self.register_buffer("constant", torch.tensor(constant, dtype=torch.float64, device=x.device))
        self.sums = nn.ModuleList(KernelSum(term, x - self.centre, v, w) for term in kernel.terms)

    def forward(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å of positions in Å; float64."""
        x, pull_back = self.descriptor.linearise(positions.to(torch.float64))
        energies, gradients = total(term(x - self.centre) for term in self.sums)
        return energies * self.scale + self.constant, pull_back(gradients).mul_(-self.scale)


class SGDMLPotential(Potential):
    """A kernel force field: descriptors and weights of the training frames, and the permutation group."""

    kind = "sgdml"
    batch_size_on_gpu = 1024
    module: KernelModule

    def __init__(
        self,
        numbers: Int[np.ndarray, "N"],
        kernel: MolecularKernel,
        x: Float[Tensor, "M D"],
        v: Float[Tensor, "M D"],
        action: Int[Tensor, "P D"],
        scale: float = 1.0,
        constant: float = 0.0,
        w: Float[Tensor, "M"] | None = None,
        descriptor: Descriptor | None = None,
    ) -> None:
        """A potential from its parts.

        Args:
            numbers: atomic numbers.
            kernel, x, v, action, scale, constant, w: as in `KernelModule`.
            descriptor: inverse distances when None.
        """
        descriptor = descriptor or InverseDistances(len(numbers))
        super().__init__(numbers, KernelModule(x, v, w, action, kernel, scale, constant, descriptor))
        self._compiled: CompiledSum | None = None

    def configuration(self) -> dict[str, Any]:
        """The kernel and the descriptor; everything else is arrays."""
        return {"kernel": self.module.kernel.configuration(), "descriptor": self.module.descriptor.configuration()}

    @classmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: Mapping[str, Any], arrays: Mapping[str, Tensor]
    ) -> Potential:
        """A potential with arrays of these shapes.

        Raises:
            ValueError, KeyError: they do not fit each other or the molecule, or are not those of a kernel.
            ResourceError: it needs more memory than is available.
        """
        stored = KernelConfiguration.model_validate(configuration)
        require_arrays(len(numbers), stored, arrays)
        require_finite_numbers(stored.descriptor)
        descriptor = restore_descriptor(len(numbers), stored.descriptor)
        x, v, action = arrays["x"], arrays["v"], arrays["action"]
        if x.shape[1] != descriptor.size:
            raise ValueError("the arrays of the kernel do not fit the molecule")
        require_entries(len(numbers), descriptor.entries)
        require_symmetries(numbers, descriptor.entries, action.numpy())
        require_environments(len(x), stored.kernel, arrays["kernel.weights"].numpy(), action.numpy())
        kernel = MolecularKernel.from_configuration(stored.kernel.model_dump(), arrays["kernel.weights"], action)
        made = cls(numbers, kernel, x, v, action, w=arrays.get("w"), descriptor=descriptor)
        if not torch.allclose(made.module.centre, arrays["centre"], rtol=1e-9, atol=1e-12):
            raise ValueError("the centre is not that of the training frames")
        return made

    def training_frames(self) -> TrainingFrames:
        """The training frames, by the descriptor that the kernel compares."""
        from supple.molecule.descriptors.compiled import descriptor_function

        descriptor = descriptor_function(copy.deepcopy(self.module.descriptor).cpu())
        return TrainingFrames(descriptor, self.module.x.cpu().numpy(), self.module.action.cpu().numpy())

    def recovered_connectivity(self) -> Connectivity | None:
        """From the inverse distances that the descriptor begins with, if it has those of all pairs."""
        from supple.models.kernel.recovered_connectivity import recovered_connectivity

        n_pairs = len(self.numbers) * (len(self.numbers) - 1) // 2
        if tuple(self.module.descriptor.entries[:n_pairs]) != InverseDistances(len(self.numbers)).entries:
            return None
        return recovered_connectivity(self.numbers, self.module.x[:, :n_pairs].cpu().numpy())

    def novelty(self, positions: Float[np.ndarray, "M N 3"]) -> Novelty:
        """The variance that remains of each term of the kernel."""
        from supple.models.kernel.novelty import KernelNovelty

        return KernelNovelty.of_frames(self.module, torch.tensor(positions))

    def restored_novelty(self, arrays: Mapping[str, Tensor]) -> Novelty:
        """The same, from its arrays."""
        from supple.models.kernel.novelty import KernelNovelty

        return KernelNovelty.restored(self.module, arrays, len(self.numbers))

    def set_precision(self, precision: Literal["double", "single"]) -> None:
        """Compute the sum over the training frames in this precision; input and output stay in double precision."""
        dtype = torch.float64 if precision == "double" else torch.float32
        self.module.sums = copy.deepcopy(self.module.sums).to(dtype)

    def _compiled_sum(self) -> CompiledSum | None:
        """The compiled loop, where it applies."""
        module = self.module
        if self.device.type != "cpu" or module.sums[0].bias.dtype != torch.float64:
            return None
        if self._compiled is None:
            from supple.models.kernel.compiled_kernel_sum import CompiledSum
            from supple.molecule.descriptors.compiled import compiled_entries

            if (entries := compiled_entries(module.descriptor)) is None:
                return None
            self._compiled = CompiledSum(kernel_sums(module.sums), entries, module.centre)
        return self._compiled

    def operations(self) -> nn.Module:
        """The sum as operations on tensors alone; double precision."""
        return Operations(self.module)

    def energy_and_forces(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å of B geometries in Å; float64."""
        positions = self.checked(positions)
        compiled = None if positions.requires_grad else self._compiled_sum()
        if compiled is None:
            return self.module(positions)
        energies, gradients = map(torch.from_numpy, compiled(positions.contiguous().numpy()))
        return energies * self.module.scale + self.module.constant, gradients.mul_(-self.module.scale)


class Operations(nn.Module):
    """A kernel force field in operations on tensors alone: the matrix products of `KernelSum`, all geometries at a time."""

    centre: Tensor
    scale: Tensor
    constant: Tensor

    def __init__(self, module: KernelModule) -> None:
        super().__init__()
        self.descriptor = copy.deepcopy(module.descriptor).cpu()
        self.sums = copy.deepcopy(module.sums).to("cpu", torch.float64)
        for name in ("centre", "scale", "constant"):
            self.register_buffer(name, getattr(module, name).detach().cpu().clone())

    def forward(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å."""
        x, pull_back = self.descriptor.linearise(positions)
        energies, gradients = total(term.at_once(x - self.centre) for term in kernel_sums(self.sums))
        return energies * self.scale + self.constant, pull_back(gradients) * -self.scale
