"""All parameters of a network in one array, so that clipping, optimiser and average are one operation each.

The step of a small network is short, and a dozen small arrays cost a dozen times the overhead of one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FlatParameters:
    """The parameters of a network, which become views of one array; so do their gradients.

    Matrices of one shape are stored one after the other.

    Attributes:
        values: all parameters, one after the other.
        gradient: their gradients, at the same places.
        places: the slice of each parameter, in the network's own order.
    """

    def __init__(self, network: nn.Module) -> None:
        parameters = sorted(network.parameters(), key=lambda parameter: tuple(parameter.shape[-2:]))
        self.values = nn.Parameter(torch.cat([parameter.detach().flatten() for parameter in parameters]))
        self.gradient = torch.zeros_like(self.values)
        self.values.grad = self.gradient
        self._parts: list[tuple[slice, torch.Size]] = []
        places: dict[int, slice] = {}
        start = 0
        for parameter in parameters:
            part = slice(start, start + parameter.numel())
            parameter.data = self.values.data[part].view(parameter.shape)
            parameter.grad = self.gradient[part].view(parameter.shape)
            self._parts.append((part, parameter.shape))
            places[id(parameter)] = part
            start = part.stop
        self.places = [places[id(parameter)] for parameter in network.parameters()]

    def matrices(self, shortest: int) -> dict[tuple[int, int], slice]:
        """The slice of all matrices of a shape, by shape, if no side is shorter than this; of larger arrays, the last two axes count."""
        found: dict[tuple[int, int], slice] = {}
        for part, shape in self._parts:
            if len(shape) > 1 and min(shape[-2:]) >= shortest:
                start = found.get((shape[-2], shape[-1]), part).start
                found[shape[-2], shape[-1]] = slice(start, part.stop)
        return found

    def clip(self, largest: float) -> Tensor:
        """Scale the gradient down to this norm if it is larger; returns its norm before."""
        norm = self.gradient.norm()
        self.gradient.mul_((largest / (norm + 1e-6)).clamp(max=1.0))
        return norm
