"""The loss that a training step minimises, and its gradient.

loss = w_E mean (E - E*)² + w_F mean (F - F*)² ,   labels divided by the spread of the forces
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from supple.models.neural.compile_step import maybe_compile
from supple.models.neural.flat_parameters import FlatParameters
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.network import runs_compiled
from supple.models.neural.options import TrainingOptions
from supple.models.neural.recorded_objective import RecordedObjective

#: From frames, and the numbers of known energies and of frames in the whole batch, to their part of the loss; the gradient is left
#: with the weights.
Objective = Callable[[LabelledFrames, int, int], Tensor]


def objective(
    network: nn.Module, weights: FlatParameters, options: TrainingOptions, note: Callable[[str], None]
) -> Objective:
    """The objective of a network, by automatic differentiation.

    Args:
        network: to be trained.
        weights: its parameters.
        options: weights of the loss, and whether to compile.
        note: receives a sentence on how the training is run, and why.
    """
    on_gpu = weights.gradient.device.type == "cuda"
    how = runs_compiled(network), on_gpu or getattr(network, "suits_compiler_on_cpu", True)
    loss = maybe_compile(_loss(network, options), options.compile, options.steps, note, *how)
    if on_gpu:
        return RecordedObjective(loss, list(network.parameters()), weights, note)

    def by_autograd(frames: LabelledFrames, n_energies: int, batch_size: int) -> Tensor:
        weights.gradient.zero_()
        # A tensor, not an int: torch would compile the function again for each value.
        count = torch.tensor(n_energies, device=frames.energies.device)
        value = loss(frames.positions, frames.energies, frames.forces, count, batch_size)
        value.backward()
        return value.detach()

    return by_autograd


def _loss(network: nn.Module, options: TrainingOptions) -> Callable[..., Tensor]:
    def loss(
        positions: Float[Tensor, "B N 3"],
        energies: Float[Tensor, "B"],
        forces: Float[Tensor, "B N 3"],
        n_energies: Tensor,
        batch_size: int,
    ) -> Float[Tensor, ""]:
        e, f = network(positions)
        energy_errors = torch.where(energies.isfinite(), e - energies, 0.0)
        force_loss = ((f - forces) ** 2).sum() / (batch_size * forces[0].numel())
        return options.energy_weight * (energy_errors**2).sum() / n_energies + options.force_weight * force_loss

    return loss
