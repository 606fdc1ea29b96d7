"""One layer of the network: sums over neighbours, products on atoms, an update of the atoms' components. Forward and in reverse.

The equations are those of network.py, and so are the names: h, A, U, V, P, S, m, g.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import silu

from supple.models.neural.bespoke.class_weights import each, linear, linear_back, matrices, rows
from supple.models.neural.bespoke.harmonics import DEGREE, DEGREES
from supple.models.neural.bespoke.pair_functions import Pairs
from supple.models.neural.bespoke.products import Products

#: Factor of the sums over neighbours, which keeps them of order one.
SUM_SCALE = 0.4
#: Size of the gates of layers between the first and the last at first. A layer is cubic in the components that it receives, so that three
#: layers of full size would start with forces of any size; small changes leave them as with two.
_BETWEEN = 0.1


def silu_slope(z: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """The derivative of silu(z) = z σ(z)."""
    s = z.sigmoid()
    return s * (1 + z * (1 - s))


class Forward(NamedTuple):
    """What the reverse sweep needs of the forward one."""

    weights: dict[str, Tensor]
    h: Float[Tensor, "N I B F"]
    u: Float[Tensor, "N 9 B F"]
    v: Float[Tensor, "N 9 B F"]
    p: Float[Tensor, "N 9 B F"]
    m: Float[Tensor, "N O B F"]
    z: Float[Tensor, "N B F"]
    g: Float[Tensor, "N G B F"]


class ByInput(NamedTuple):
    """Derivatives of the energy by what a layer received; x is None where it is the embedding, which does not move with the atoms."""

    x: Float[Tensor, "N I B F"] | None
    functions: Float[Tensor, "B N K 9 N"]


class Layer(nn.Module):
    """A layer that takes components of degrees up to `degree_in` and returns those up to `degree_out`; both are 0 or 2.

    Args:
        classes: the class of each atom.
        features: F.
        n_radial: K, number of radial functions.
        degree_in, degree_out: the highest degrees; `degree_in` is 0 in the first layer alone, `degree_out` in the last.
    """

    of_class: Tensor
    rows_in: Tensor
    rows_full: Tensor
    rows_out: Tensor
    rows_scalar: Tensor
    degree_of: Tensor

    def __init__(self, classes: Sequence[int], features: int, n_radial: int, degree_in: int, degree_out: int) -> None:
        super().__init__()
        f, t, full = features, max(classes) + 1, DEGREE + 1
        n_in, n_out = degree_in + 1, degree_out + 1
        self.features, self.n_in, self.n_out = f, n_in**2, n_out**2
        self.tensors = degree_in > 0
        self.second, self.third = Products(DEGREE), Products(degree_out)
        constants = {
            "of_class": torch.tensor(classes),
            "rows_in": rows(classes, n_in),
            "rows_full": rows(classes, full),
            "rows_out": rows(classes, n_out),
            "rows_scalar": rows(classes, 1),
            "degree_of": torch.tensor(DEGREES),
        }
        for name, value in constants.items():
            self.register_buffer(name, value, persistent=False)

        self.mix = matrices(n_in, t, f)
        self.radial_scalar = nn.Parameter(torch.randn(full, n_radial, f) / n_radial**0.5)
        if self.tensors:
            self.radial_tensor = nn.Parameter(torch.randn(n_in, n_radial, f) / n_radial**0.5)
        self.left, self.right = matrices(full, t, f), matrices(full, t, f)
        self.second_weights = _repeated(0.5 * torch.randn(self.second.n_paths, f), t)
        self.third_weights = _repeated(0.3 * torch.randn(self.third.n_paths, f), t)
        self.out = matrices(n_out, t, f)
        self.gate_state, self.gate_message = (nn.Parameter(matrices(1, t, f).detach() / 2**0.5) for _ in range(2))
        self.gate_bias = nn.Parameter(torch.zeros(t, 1, f))
        between = degree_in > 0 and degree_out > 0
        self.gate_out = nn.Parameter((_BETWEEN if between else 1.0) * matrices(n_out, t, f).detach())
        self.gate_out_bias = nn.Parameter(torch.zeros(n_out, t, 1, f))

    def forward(
        self, x: Float[Tensor, "N I B F"], pairs: Pairs, functions: Float[Tensor, "B N K 9 N"]
    ) -> tuple[Float[Tensor, "N O B F"], Forward]:
        """The new components of all atoms, and what `reverse` needs."""
        w = self._weights()
        h = linear(x, w["mix"])
        a = self._sums(h, pairs, functions)
        u, v = linear(a, w["left"]), linear(a, w["right"])
        p = self.second(w["second"], u, v)
        s = (u + p)[:, : self.n_out] + self.third(w["third"], p, u)
        m = linear(s, w["out"])
        z = torch.baddbmm(torch.bmm(m[:, 0], w["gate_message"]) + w["gate_bias"], x[:, 0], w["gate_state"])
        g = silu(z)[:, None] @ w["gate_out"] + w["gate_out_bias"]
        new = torch.cat([x[:, :1] + g[:, :1], self._gates(g) * m[:, 1:]], dim=1)
        if self.tensors:
            new = torch.cat([new[:, :1], new[:, 1:] + x[:, 1 : self.n_out]], dim=1)
        return new, Forward(w, h, u, v, p, m, z, g)

    def reverse(
        self,
        by_new: Float[Tensor, "N O B F"],
        of: Forward,
        pairs: Pairs,
        functions: Float[Tensor, "B N K 9 N"],
    ) -> ByInput:
        """Derivatives by the input from those by the output."""
        w = of.weights
        by_scalar, by_rest = by_new[:, :1], by_new[:, 1:]
        by_gates = by_rest * of.m[:, 1:]
        by_g = torch.cat([by_scalar, *(by_gates[:, part].sum(1, keepdim=True) for part in self._blocks())], dim=1)
        by_z = (by_g @ w["gate_out"].mT).sum(1) * silu_slope(of.z)
        by_m = torch.cat([torch.bmm(by_z, w["gate_message"].mT)[:, None], by_rest * self._gates(of.g)], dim=1)
        by_s = linear_back(by_m, w["out"])
        by_p, by_u = self.third.reverse(w["third"], of.p, of.u, by_s)
        if self.n_out < of.u.shape[1]:
            by_s = torch.cat([by_s, torch.zeros_like(by_u[:, self.n_out :])], dim=1)
        by_p, by_u = by_p + by_s, by_u + by_s
        more, by_v = self.second.reverse(w["second"], of.u, of.v, by_p)
        by_a = linear_back(by_u + more, w["left"]) + linear_back(by_v, w["right"])
        by_h, by_functions = self._sums_reverse(by_a, of.h, pairs, functions)
        if not self.tensors:
            return ByInput(None, by_functions)
        by_x = linear_back(by_h, w["mix"])
        direct = by_scalar + torch.bmm(by_z, w["gate_state"].mT)[:, None]
        rest = by_rest if self.n_out > 1 else torch.zeros_like(by_x[:, 1:])
        return ByInput(by_x + torch.cat([direct, rest], dim=1), by_functions)

    def _sums(
        self, h: Float[Tensor, "N I B F"], pairs: Pairs, functions: Float[Tensor, "B N K 9 N"]
    ) -> Float[Tensor, "N 9 B F"]:
        """A: sums over neighbours, first with each radial function by itself, as matrix products."""
        b, n, k, _, _ = functions.shape
        sums = functions.view(b, -1, n) @ h[:, 0].transpose(0, 1)
        a = (sums.view(b, n, k, -1, self.features) * self._radial(self.radial_scalar)).sum(2)
        if self.tensors:
            sums = pairs.radial.flatten(1, 2) @ h.permute(2, 0, 1, 3).flatten(2)
            a = a + (sums.view(b, n, k, -1, self.features) * self._radial(self.radial_tensor)).sum(2)
        return a.permute(1, 2, 0, 3).contiguous()

    def _sums_reverse(
        self,
        by_a: Float[Tensor, "N 9 B F"],
        h: Float[Tensor, "N I B F"],
        pairs: Pairs,
        functions: Float[Tensor, "B N K 9 N"],
    ) -> tuple[Float[Tensor, "N I B F"], Float[Tensor, "B N K 9 N"]]:
        b, n, k, c, _ = functions.shape
        by_a = by_a.permute(2, 0, 1, 3)[:, :, None]
        by_sums = (by_a * self._radial(self.radial_scalar)).flatten(1, 3)
        by_functions = (by_sums @ h[:, 0].permute(1, 2, 0)).view(b, n, k, c, n)
        by_h = (functions.view(b, -1, n).mT @ by_sums)[:, :, None]
        if self.tensors:
            by_sums = (by_a * self._radial(self.radial_tensor)).flatten(3).flatten(1, 2)
            all_h = h.permute(2, 0, 1, 3).flatten(2)
            by_radial = (by_sums @ all_h.mT).view(b, n, k, 1, n)  # R_k is G_k0
            by_functions = torch.cat([by_functions[:, :, :, :1] + by_radial, by_functions[:, :, :, 1:]], dim=3)
            by_all_h = (pairs.radial.flatten(1, 2).mT @ by_sums).view(b, n, c, self.features)
            by_h = torch.cat([by_h + by_all_h[:, :, :1], by_all_h[:, :, 1:]], dim=2)
        return by_h.permute(1, 2, 0, 3).contiguous(), by_functions

    def _radial(self, weights: Float[Tensor, "L K F"]) -> Float[Tensor, "K 9 F"]:
        return SUM_SCALE * weights.transpose(0, 1).index_select(1, self.degree_of)

    def _gates(self, g: Float[Tensor, "N G B F"]) -> Float[Tensor, "N R B F"]:
        return g.index_select(1, self.degree_of[1 : self.n_out])

    def _blocks(self) -> list[slice]:
        """The components of each degree from 1 on, counted without the scalar."""
        return [
            slice(degree**2 - 1, (degree + 1) ** 2 - 1)
            for degree in range(1, DEGREE + 1)
            if (degree + 1) ** 2 <= self.n_out
        ]

    def _weights(self) -> dict[str, Tensor]:
        """The weights of each atom, from those of its class."""
        return {
            "mix": each(self.mix, self.rows_in),
            "left": each(self.left, self.rows_full),
            "right": each(self.right, self.rows_full),
            "second": self.second_weights.index_select(0, self.of_class),
            "third": self.third_weights.index_select(0, self.of_class),
            "out": each(self.out, self.rows_out),
            "gate_state": each(self.gate_state, self.rows_scalar),
            "gate_message": each(self.gate_message, self.rows_scalar),
            "gate_bias": self.gate_bias.index_select(0, self.of_class),
            "gate_out": self.gate_out.index_select(1, self.of_class).transpose(0, 1),
            "gate_out_bias": self.gate_out_bias.index_select(1, self.of_class).transpose(0, 1),
        }


def _repeated(weights: Float[Tensor, "P F"], n_classes: int) -> nn.Parameter:
    return nn.Parameter(weights.repeat(n_classes, 1, 1))
