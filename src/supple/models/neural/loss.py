"""What a step of training minimises, and its gradient.

loss = w_E mean (E - E*)² + w_F mean (F - F*)² ,   labels divided by the spread of the forces
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from supple.models.neural.backend import maybe_compile
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.schedule import Plan


@dataclass(frozen=True)
class Labelled:
    """Frames with labels in the network's units, on its device: positions (M, N, 3), energies (M,), forces (M, N, 3).

    An energy that is not known is NaN; it has no part in the loss.
    """

    positions: Tensor
    energies: Tensor
    forces: Tensor

    def __getitem__(self, rows: Tensor) -> Labelled:
        return Labelled(self.positions[rows], self.energies[rows], self.forces[rows])


#: Of some frames, the number of known energies and of frames in the whole batch: the loss; leaves the gradient with the weights.
Objective = Callable[[Labelled, int, int], Tensor]


def objective(network: nn.Module, weights: FlatParameters, plan: Plan, note: Callable[[str], None]) -> Objective:
    """The objective of a network, by automatic differentiation.

    Args:
        network: what is trained.
        weights: its parameters.
        plan: weights of the loss, and whether to compile.
        note: hears what runs the training, and why.
    """
    in_loops = getattr(network, "runs_in_loops", False)
    loss = maybe_compile(_loss(network, plan), plan.compile, plan.steps, note, in_loops)

    def by_autograd(frames: Labelled, known: int, batch_size: int) -> Tensor:
        weights.gradient.zero_()
        # Not a number: compiled code would be compiled anew for each.
        of = torch.tensor(known, device=frames.energies.device)
        value = loss(frames.positions, frames.energies, frames.forces, of, batch_size)
        value.backward()
        return value.detach()

    return by_autograd


def _loss(network: nn.Module, plan: Plan) -> Callable[..., Tensor]:
    def loss(
        positions: Float[Tensor, "B N 3"],
        energies: Float[Tensor, "B"],
        forces: Float[Tensor, "B N 3"],
        known: Tensor,
        batch_size: int,
    ) -> Float[Tensor, ""]:
        e, f = network(positions)
        off = torch.where(energies.isfinite(), e - energies, 0.0)
        by_forces = ((f - forces) ** 2).sum() / (batch_size * forces[0].numel())
        return plan.energy_weight * (off**2).sum() / known + plan.force_weight * by_forces

    return loss
