"""Filters as functions of the distance: evaluated on a radial grid, interpolated by a cubic spline.

A continuous filter depends on the distance alone, so the filter network need not be evaluated for each pair of each frame: it is
evaluated on K knots, and every pair uses four numbers of the grid. The spline is twice continuously differentiable and *is* the
model: its derivative gives the forces exactly.

    W(r) = f_c(r) Σ_k c_k B((r - r_k)/h) ,   c_k = W_k - (W_{k-1} - 2 W_k + W_{k+1}) / 6

with B the cubic B-spline. These local coefficients need no linear system, and the error against evaluating the network at
r still falls as h⁴ (quasi-interpolation: C. de Boor, A Practical Guide to Splines, 1978, ch. XII). The cutoff
f_c(r) = ½ (cos(π r / r_c) + 1) multiplies the interpolated value, so that everything is smooth at r_c.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

#: Knots beyond each end of [0, r_c], so that the four around any distance, and their neighbours, exist.
PAD = 3


class RadialGrid(nn.Module):
    """K equally spaced knots that cover [0, cutoff] (Å), and the spline weights of distances on them."""

    knots: Tensor

    def __init__(self, cutoff: float, n_knots: int) -> None:
        super().__init__()
        self.cutoff = cutoff
        self.spacing = cutoff / (n_knots - 1)
        places = (torch.arange(n_knots + 2 * PAD) - PAD) * self.spacing
        self.register_buffer("knots", places, persistent=False)

    @staticmethod
    def coefficients(values: Float[Tensor, "K C"]) -> Float[Tensor, "L C"]:
        """Spline coefficients of functions given by their values on the knots; L = K - 2, the ends have none."""
        return (4 / 3) * values[1:-1] - (values[:-2] + values[2:]) / 6

    def weights(
        self, distances: Float[Tensor, "..."]
    ) -> tuple[Int[Tensor, "... 4"], Float[Tensor, "... 4"], Float[Tensor, "... 4"]]:
        """The four coefficients that a distance uses, and their weights in the value and in its derivative by r."""
        place = distances.clamp(max=self.cutoff) / self.spacing + (PAD - 1)
        left = place.floor()
        u = place - left
        v = 1 - u
        spline = (
            torch.stack(
                [v**3, 3 * u**3 - 6 * u**2 + 4, 3 * v**3 - 6 * v**2 + 4, u**3],
                dim=-1,
            )
            / 6
        )
        slope = torch.stack([-(v**2), 3 * u**2 - 4 * u, 4 * v - 3 * v**2, u**2], dim=-1) / (2 * self.spacing)
        angle = math.pi / self.cutoff * distances
        inside = (distances < self.cutoff).to(distances.dtype)
        cut = (0.5 * (angle.cos() + 1) * inside)[..., None]
        cut_slope = (-0.5 * math.pi / self.cutoff * angle.sin() * inside)[..., None]
        index = left.long()[..., None] + torch.arange(-1, 3, device=distances.device)
        return index, spline * cut, slope * cut + spline * cut_slope
