"""SchNet: continuous-filter convolutions, with the forces written out.

    x⁰ = embedding(Z) ;  for each interaction  m_i = Σ_j W(r_ij) ∘ (x_j A) ,  x ← x + MLP(m) ;  E = Σ_i MLP(x_i)

Schütt et al., J. Chem. Phys. 148, 241722 (2018), doi 10.1063/1.5019779.

There is one molecule, so the pairs are always the same: arrays are dense over the N x N pairs, nothing is searched or scattered,
and shapes never change. The forces are the analytic derivative, computed by the reverse sweep that follows the forward one:
training then differentiates once, not twice, and prediction needs no automatic differentiation at all.

On the CPU the same sweeps run in compiled loops (compiled/). The formulas here are the reference; GPUs run them, and they are
used when derivatives by anything but the parameters are needed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, linear, softplus

from supple.models.neural.compiled import WIDTH
from supple.models.neural.compiled.probe import compile_failure
from supple.models.neural.schnet.radial_filters import PAD, RadialGrid

if TYPE_CHECKING:
    from supple.models.neural.flat_parameters import FlatParameters
    from supple.models.neural.labelled_frames import LabelledFrames
    from supple.models.neural.optimiser import Adam
    from supple.models.neural.options import TrainingOptions
    from supple.models.neural.schnet.compiled_forward import CompiledForward
    from supple.models.neural.schnet.compiled_stepper import SchNetStepper


def shifted_softplus(x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """ln(½ eˣ + ½); its derivative is the logistic function."""
    return softplus(x) - math.log(2)


class Layers(NamedTuple):
    """The parameters, in the order in which the compiled loops take them: F features, G Gaussians, T interactions."""

    filter_in: Float[Tensor, "T G F"]
    filter_in_bias: Float[Tensor, "T 1 F"]
    filter_out: Float[Tensor, "T F F"]
    filter_out_bias: Float[Tensor, "T 1 F"]
    embedding: Float[Tensor, "Z F"]
    mix: Float[Tensor, "T F F"]
    update_in: Float[Tensor, "T F F"]
    update_in_bias: Float[Tensor, "T F"]
    update_out: Float[Tensor, "T F F"]
    update_out_bias: Float[Tensor, "T F"]
    readout_in: Float[Tensor, "H F"]
    readout_in_bias: Float[Tensor, "H"]
    readout_out: Float[Tensor, "1 H"]


_OF_LAYERS = [name for name in Layers._fields if name.startswith(("filter", "mix", "update"))]


class SchNetNetwork(nn.Module):
    """The network: positions (Å) to energies and forces in units of its own, float32.

    Args:
        numbers: atomic numbers.
        features: F, the feature dimension of an atom.
        interactions: T, the number of interaction blocks.
        gaussians: G, the number of Gaussians on [0, cutoff].
        cutoff: Å.
        knots: number of knots of the radial grid.
        shared: one set of parameters for all interactions.

    Attributes:
        compiled: whether to run in compiled loops where that is possible.
        threads: number of threads of these loops.
    """

    z: Tensor
    pair_first: Tensor
    pair_second: Tensor
    pair_of: Tensor
    off_diagonal: Tensor
    gaussians: Tensor

    def __init__(
        self,
        numbers: Int[np.ndarray, "N"],
        features: int,
        interactions: int,
        gaussians: int,
        cutoff: float,
        knots: int,
        shared: bool = False,
    ) -> None:
        super().__init__()
        n = len(numbers)
        elements = sorted({int(z) for z in numbers})
        self.features, self.interactions, self.n_atoms = features, interactions, n
        self.grid = RadialGrid(cutoff, knots)
        self.shared = shared
        self.compiled, self.threads = True, torch.get_num_threads()
        self._forward: CompiledForward | None = None
        first, second = torch.tril_indices(n, n, offset=-1)
        pair_of = torch.zeros(n, n, dtype=torch.int64)
        pair_of[first, second] = pair_of[second, first] = torch.arange(len(first))
        centres = torch.linspace(0, cutoff, gaussians)
        width = cutoff / (gaussians - 1)
        constants = {
            "z": torch.tensor([elements.index(int(z)) for z in numbers]),
            "pair_first": first,
            "pair_second": second,
            "pair_of": pair_of.flatten(),
            "off_diagonal": 1.0 - torch.eye(n)[:, :, None, None],
            "gaussians": torch.exp(-0.5 * ((self.grid.knots[:, None] - centres) / width) ** 2),
        }
        for name, value in constants.items():
            self.register_buffer(name, value, persistent=False)

        f, t = features, 1 if shared else interactions
        self.filter_in = _glorot(t, gaussians, f)
        self.filter_in_bias = nn.Parameter(torch.zeros(t, 1, f))
        self.filter_out = _glorot(t, f, f)
        self.filter_out_bias = nn.Parameter(torch.zeros(t, 1, f))
        self.embedding = nn.Parameter(torch.randn(len(elements), f) / math.sqrt(2))
        self.mix = _glorot(t, f, f)
        self.update_in = _glorot(t, f, f)
        self.update_in_bias = nn.Parameter(torch.zeros(t, f))
        self.update_out = _glorot(t, f, f)
        self.update_out_bias = nn.Parameter(torch.zeros(t, f))
        self.readout_in = _glorot(f // 2, f)
        self.readout_in_bias = nn.Parameter(torch.zeros(f // 2))
        self.readout_out = _glorot(1, f // 2)

    def layers(self) -> Layers:
        """The parameters with one entry for each interaction, whether these share them or not."""
        own = Layers(*(getattr(self, name) for name in Layers._fields))
        if not self.shared:
            return own
        return own._replace(
            **{name: getattr(own, name).expand(self.interactions, *getattr(own, name).shape[1:]) for name in _OF_LAYERS}
        )

    def filters(self) -> Float[Tensor, "K C"]:
        """Spline coefficients of all filters, C = interactions x features columns."""
        of = self.layers()
        hidden = shifted_softplus(self.gaussians @ of.filter_in + of.filter_in_bias)
        values = hidden @ of.filter_out + of.filter_out_bias  # (T, K, F)
        return self.grid.coefficients(values.transpose(0, 1).flatten(1))

    def forward(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies and forces. The forces are -dE/dR exactly, and differentiable by the parameters."""
        if self.runs_compiled and positions.dtype == torch.float32 and not positions.requires_grad:
            return self._compiled_forward()(positions, self.layers(), self.training)
        return self.formulas(positions)

    def with_features(
        self, positions: Float[Tensor, "B N 3"]
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"], Float[Tensor, "B N F"]]:
        """Energies and forces, and x of each atom after the last interaction; not differentiable by the parameters."""
        if not self.runs_compiled or positions.dtype != torch.float32:
            return self.formulas_and_features(positions)
        of_atoms = torch.empty(*positions.shape[:2], self.features)
        with torch.no_grad():
            energies, forces = self._compiled_forward()(positions, self.layers(), self.training, of_atoms.numpy())
        return energies, forces, of_atoms

    @property
    def runs_compiled(self) -> bool:
        """Whether geometries in single precision are evaluated in compiled loops."""
        fits = self.embedding.dtype == torch.float32 and self.embedding.device.type == "cpu"
        return self.compiled and fits and self.features % WIDTH == 0 and compile_failure() is None

    def compiled_stepper(
        self,
        data: LabelledFrames,
        weights: FlatParameters,
        average: Tensor,
        optimiser: Adam,
        options: TrainingOptions,
    ) -> SchNetStepper | None:
        """What trains the network in compiled loops; None where they cannot. Arguments as in `SchNetStepper`."""
        if not self.runs_compiled or self.shared:
            return None
        from supple.models.neural.schnet.compiled_stepper import SchNetStepper

        constants = self._compiled_forward().constants
        return SchNetStepper(constants, self.layers(), data, weights, average, optimiser, options, self.threads)

    def _compiled_forward(self) -> CompiledForward:
        if self._forward is None:
            from supple.models.neural.schnet.compiled_forward import CompiledForward, Constants

            grid = (float(self.grid.cutoff), float(self.grid.spacing), PAD)
            self._forward = CompiledForward(Constants(self.gaussians.numpy(), grid, self.z.numpy()), self.threads)
        return self._forward

    def formulas(
        self, positions: Float[Tensor, "B N 3"], filters: Float[Tensor, "K C"] | None = None
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies and forces by operations on whole arrays, whose first axis is atoms and whose second is frames.

        Args:
            positions: Å.
            filters: what `filters` returned, if that has been computed before.
        """
        return self.formulas_and_features(positions, filters)[:2]

    def formulas_and_features(
        self, positions: Float[Tensor, "B N 3"], filters: Float[Tensor, "K C"] | None = None
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"], Float[Tensor, "B N F"]]:
        """As `with_features`, by the operations of `formulas`."""
        b, n, f, t = positions.shape[0], self.n_atoms, self.features, self.interactions
        displacement = (positions[:, self.pair_first] - positions[:, self.pair_second]).transpose(0, 1)  # (E, B, 3)
        distances = displacement.norm(dim=-1)
        index, weights, slopes = self.grid.weights(distances)
        index = index.flatten(0, 1)
        both = embedding_bag(
            torch.cat([index, index]),
            self.filters() if filters is None else filters,
            per_sample_weights=torch.cat([weights.flatten(0, 1), slopes.flatten(0, 1)]),
            mode="sum",
        )
        w, dw = both.view(2, -1, b, t, f)
        w = (w.index_select(0, self.pair_of).view(n, n, b, t * f) * self.off_diagonal).view(n, n, b, t, f)

        # Unbinding, not indexing: its derivative stacks once, where that of each index would fill an array of zeros.
        ws, dws = w.unbind(3), dw.unbind(2)
        of = self.layers()
        mix, update_in, update_out = of.mix.unbind(), of.update_in.unbind(), of.update_out.unbind()
        update_in_bias, update_out_bias = of.update_in_bias.unbind(), of.update_out_bias.unbind()

        # Forward sweep; rows of the flattened arrays are atoms x frames.
        x = self.embedding.index_select(0, self.z)[:, None].expand(n, b, f).reshape(n * b, f)
        mixed, logistic = [], []
        for k in range(t):
            y = (x @ mix[k]).view(n, b, f)
            message = (ws[k] * y).sum(1).view(n * b, f)
            hidden = torch.addmm(update_in_bias[k], message, update_in[k])
            x = x + torch.addmm(update_out_bias[k], shifted_softplus(hidden), update_out[k])
            mixed.append(y)
            logistic.append(hidden.sigmoid())
        features = x.view(n, b, f).transpose(0, 1)
        hidden = linear(x, self.readout_in, self.readout_in_bias)
        energies = linear(shifted_softplus(hidden), self.readout_out).view(n, b).sum(0)

        # Reverse sweep: g is dE/dx; each interaction adds its share to dE/dr of the pairs.
        g = (hidden.sigmoid() * self.readout_out[0]) @ self.readout_in
        by_distance = torch.zeros_like(distances)
        for k in reversed(range(t)):
            to_hidden = (g @ update_out[k].T) * logistic[k]
            to_message = (to_hidden @ update_in[k].T).view(n, b, f)
            y_second, y_first = (mixed[k].index_select(0, i) for i in (self.pair_second, self.pair_first))
            m_first, m_second = (to_message.index_select(0, i) for i in (self.pair_first, self.pair_second))
            by_distance = by_distance + ((m_first * y_second + m_second * y_first) * dws[k]).sum(-1)
            if k > 0:  # the embedding does not move with the atoms
                g = g + (ws[k] * to_message).sum(1).view(n * b, f) @ mix[k].T
        pull = (by_distance / distances)[..., None] * displacement
        forces = torch.zeros(n, b, 3, dtype=pull.dtype, device=pull.device)
        forces = forces.index_add(0, self.pair_first, pull, alpha=-1.0).index_add(0, self.pair_second, pull)
        return energies, forces.transpose(0, 1), features


def _glorot(*shape: int) -> nn.Parameter:
    """Uniform weights of the variance that keeps signals level (Glorot and Bengio, 2010)."""
    bound = math.sqrt(6 / (shape[-1] + shape[-2]))
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))
