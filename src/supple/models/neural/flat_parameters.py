"""All parameters of a network in one array: clipping, the optimiser and the average are then one operation each.

A small network's step is short, and a dozen small arrays cost a dozen times the overhead of one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FlatParameters:
    """The parameters of a network, which become views of one array; so do their gradients.

    Matrices of one shape stand in a row.

    Attributes:
        values: all parameters, one after the other.
        gradient: theirs, in the same places.
        places: of each parameter, in the network's own order.
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
        """Where the matrices of a shape stand, if no side is shorter than this; of larger arrays, the last two sides."""
        found: dict[tuple[int, int], slice] = {}
        for part, shape in self._parts:
            if len(shape) > 1 and min(shape[-2:]) >= shortest:
                start = found.get((shape[-2], shape[-1]), part).start
                found[shape[-2], shape[-1]] = slice(start, part.stop)
        return found

    def clip(self, largest: float) -> Tensor:
        """Scale the gradient down to this norm where it is larger; returns the norm that it had."""
        norm = self.gradient.norm()
        self.gradient.mul_((largest / (norm + 1e-6)).clamp(max=1.0))
        return norm
