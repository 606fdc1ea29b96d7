"""Bespoke: an equivariant network for one molecule, with weights for each symmetry class of atom, and the forces written out.

Atoms i of N have components x^l_i of degree l = 0, 1, 2 (9 in all) in F channels. t = t(i) is the class of atom i: M_t, for example,
is a matrix for each class. ∘ multiplies channel by channel; ⊗ couples components (harmonics.py). Pairs: r = |R_j - R_i|,
u = (R_j - R_i)/r, G_kc = R_k(r) Y_c(u), k = 1..K, c = 1..9 (pair_functions.py).

    x⁰_i = e_t
    for each layer
        h^l   = x^l M^l_t                                                   mix             (l = 0 in the first layer)
        A^l_i = 0.4 Σ_j Σ_k [ a^l_k ∘ G_kl(ij) h⁰_j                         radial_scalar
                            + b^l_k ∘ R_k(r_ij) h^l_j ]                     radial_tensor   (not in the first layer)
        U     = A^l P^l_t ,  V = A^l Q^l_t                                  left, right
        P     = Σ_paths w²_t ∘ (U ⊗ V)                                      second_weights  (11 paths)
        S     = U + P + Σ_paths w³_t ∘ (P ⊗ U)                              third_weights   (11 paths, 3 in the last layer)
        m     = S^l O^l_t                                                   out             (l = 0 in the last layer, as S)
        z     = x⁰ C_t + m⁰ D_t + c_t                                       gate_state, gate_message, gate_bias
        g^l   = silu(z) E^l_t + e^l_t                                       gate_out, gate_out_bias
        x⁰   ← x⁰ + g⁰ ,  x^l ← x^l + g^l ∘ m^l  for l = 1, 2               (x^l = 0 before the first layer)
    E = Σ_i silu(x⁰_i B_t + b_t) · o_t + ε_t                                readout_in, readout_in_bias, readout_out, readout_out_bias

Vectors and arrays are rows: x M is Σ_f x_f M_fg. The parameters, with T classes:

    embedding (T, 1, F) ;  readout_in (1, T, F, F), readout_in_bias (T, 1, F), readout_out (T, F, 1), readout_out_bias (T, 1, 1)
    of each layer, with L_in degrees in and L_out out (1 or 3):
    mix (L_in, T, F, F) ; radial_scalar (3, K, F), radial_tensor (L_in, K, F) ; left, right (3, T, F, F) ; second_weights (T, 11, F),
    third_weights (T, 11 or 3, F) ; out (L_out, T, F, F) ; gate_state, gate_message (1, T, F, F), gate_bias (T, 1, F) ;
    gate_out (L_out, T, F, F), gate_out_bias (L_out, T, 1, F)

Paths (l₁, l₂) → l₃ and the order of their weights: (0,0) (1,1) (2,2) → 0 ; (0,1) (1,0) (1,2) (2,1) → 1 ; (0,2) (1,1) (2,0) (2,2) → 2.
Their coefficients C_abc are Gaunt integrals, scaled so that Σ_abc C² = 2 l₃ + 1: `harmonics.couplings`.

Arrays of atoms are (N, components, B, F): atoms, components (m = -l..l of l = 0, then 1, then 2), geometries, channels. There is one
molecule, so arrays are dense over the N x N pairs, and shapes never change. The forces are the analytic derivative, by the reverse
sweep that follows the forward one (layer.py): training then differentiates once, not twice, and graphs of operations need no
automatic differentiation.

The ideas are those of NequIP (Batzner et al., Nat. Commun. 13, 2453, 2022: equivariant sums over neighbours), MACE (Batatia et al.,
arXiv:2206.07697: products on atoms), PaiNN (Schütt et al., arXiv:2102.03150: gates of vectors by scalars) and SchNet (continuous
filters). New are weights for each symmetry class, which no network for many molecules can have.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import silu

from supple.models.neural.bespoke.class_weights import each, matrices, rows
from supple.models.neural.bespoke.harmonics import DEGREE
from supple.models.neural.bespoke.layer import Layer, silu_slope
from supple.models.neural.bespoke.pair_functions import PairFunctions
from supple.models.neural.compiled import LANES
from supple.models.neural.compiled.probe import compile_failure

if TYPE_CHECKING:
    from supple.models.neural.bespoke.compiled_prediction import CompiledPrediction
    from supple.models.neural.bespoke.compiled_stepper import BespokeStepper
    from supple.models.neural.flat_parameters import FlatParameters
    from supple.models.neural.labelled_frames import LabelledFrames
    from supple.models.neural.optimiser import Adam
    from supple.models.neural.options import TrainingOptions

#: Size of the weights of the readout at first: energies start small.
_READOUT_SCALE = 0.3


class BespokeNetwork(nn.Module):
    """The network: positions (Å) to energies and forces in units of its own, float32.

    Args:
        numbers: atomic numbers.
        classes: the class of each atom, from 0.
        features: F, the number of channels.
        layers: number of layers.
        radial: K, number of radial functions.
        cutoff: r_c, Å.

    Attributes:
        compiled: whether to run in compiled loops where that is possible.
        threads: number of threads of these loops.
    """

    #: torch 2.13 takes minutes to compile a step for a CPU, and the compiled step corrupts the memory of the process.
    suits_compiler_on_cpu: ClassVar[bool] = False

    of_class: Tensor
    rows: Tensor

    def __init__(
        self,
        numbers: Int[np.ndarray, "N"],
        classes: Sequence[int],
        features: int,
        layers: int,
        radial: int,
        cutoff: float,
    ) -> None:
        super().__init__()
        f, t = features, max(classes) + 1
        self.compiled, self.threads = True, torch.get_num_threads()
        self._prediction: CompiledPrediction | None = None
        self._found: dict[str, nn.Parameter] = {}
        self.n_atoms, self.features = len(numbers), features
        self.pair_functions = PairFunctions(len(numbers), radial, cutoff)
        self.register_buffer("of_class", torch.tensor(classes), persistent=False)
        self.register_buffer("rows", rows(classes, 1), persistent=False)
        self.embedding = nn.Parameter(torch.randn(t, 1, f))
        degrees = [0, *[DEGREE] * (layers - 1), 0]
        self.layers = nn.ModuleList(
            Layer(classes, f, radial, degree_in, degree_out) for degree_in, degree_out in pairwise(degrees)
        )
        self.readout_in = matrices(1, t, f)
        self.readout_in_bias = nn.Parameter(torch.zeros(t, 1, f))
        self.readout_out = nn.Parameter((_READOUT_SCALE * torch.randn(f, 1) / f**0.5).repeat(t, 1, 1))
        self.readout_out_bias = nn.Parameter(torch.zeros(t, 1, 1))

    def forward(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies and forces. The forces are -dE/dR exactly, and differentiable by the parameters."""
        if self.runs_compiled and positions.dtype == torch.float32 and not self._differentiates(positions):
            return self._compiled_prediction()(positions, self._parameters_by_name, self.training)
        return self.formulas(positions)

    def with_features(
        self, positions: Float[Tensor, "B N 3"]
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"], Float[Tensor, "B N F"]]:
        """Energies and forces, and silu(x⁰ B + b) of each atom, whose linear function the energy is; not differentiable."""
        if not self.runs_compiled or positions.dtype != torch.float32:
            return self.formulas_and_features(positions)
        of_atoms = torch.empty(*positions.shape[:2], self.features)
        energies, forces = self._compiled_prediction()(
            positions, self._parameters_by_name, self.training, of_atoms.numpy()
        )
        return energies, forces, of_atoms

    @property
    def runs_compiled(self) -> bool:
        """Whether geometries in single precision are evaluated in compiled loops, where no derivatives are taken of them."""
        fits = self.embedding.dtype == torch.float32 and self.embedding.device.type == "cpu"
        return self.compiled and fits and self.features % LANES == 0 and compile_failure() is None

    def compiled_stepper(
        self,
        data: LabelledFrames,
        weights: FlatParameters,
        average: Tensor,
        optimiser: Adam,
        options: TrainingOptions,
    ) -> BespokeStepper | None:
        """What trains the network in compiled loops; None where they cannot. Arguments as in `BespokeStepper`."""
        if not self.runs_compiled:
            return None
        from supple.models.neural.bespoke.compiled_stepper import BespokeStepper

        return BespokeStepper(
            self.of_class.tolist(), self.pair_functions.cutoff, self._parameters_by_name, data, weights, average,
            optimiser, options, self.threads,
        )  # fmt: skip

    @property
    def _parameters_by_name(self) -> dict[str, nn.Parameter]:
        """Found once: to go through all modules takes as long as to evaluate a small molecule."""
        if self._found.get("embedding") is not self.embedding:
            self._found = dict(self.named_parameters())
        return self._found

    def _differentiates(self, positions: Tensor) -> bool:
        parameters = self._parameters_by_name.values()
        derivatives = torch.is_grad_enabled() and any(parameter.requires_grad for parameter in parameters)
        return derivatives or positions.requires_grad

    def _compiled_prediction(self) -> CompiledPrediction:
        if self._prediction is None:
            from supple.models.neural.bespoke.compiled_prediction import CompiledPrediction

            self._prediction = CompiledPrediction(self.of_class.tolist(), self.pair_functions.cutoff, self.threads)
        return self._prediction

    def formulas(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies and forces by operations on whole arrays."""
        return self.formulas_and_features(positions)[:2]

    def formulas_and_features(
        self, positions: Float[Tensor, "B N 3"]
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"], Float[Tensor, "B N F"]]:
        """As `with_features`, by operations on whole arrays."""
        b, n, f = positions.shape[0], self.n_atoms, self.features
        pairs = self.pair_functions(positions)
        functions = pairs.functions()

        x = self.embedding.index_select(0, self.of_class)[:, None].expand(n, 1, b, f)
        swept = []
        for layer in self._layers():
            x, kept = layer(x, pairs, functions)
            swept.append(kept)
        inner = each(self.readout_in, self.rows)
        outer = self.readout_out.index_select(0, self.of_class)
        z = torch.bmm(x[:, 0], inner) + self.readout_in_bias.index_select(0, self.of_class)
        activated = silu(z)
        energies = (torch.bmm(activated, outer) + self.readout_out_bias.index_select(0, self.of_class)).sum((0, 2))

        by_x: Tensor | None = torch.bmm(silu_slope(z) * outer.mT, inner.mT)[:, None]
        by_functions = torch.zeros_like(functions)
        for layer, kept in zip(reversed(self._layers()), reversed(swept), strict=True):
            assert by_x is not None  # None only before the first layer
            by_x, by_some = layer.reverse(by_x, kept, pairs, functions)
            by_functions = by_functions + by_some
        return energies, self.pair_functions.forces(pairs, by_functions), activated.transpose(0, 1)

    def _layers(self) -> list[Layer]:
        return [layer for layer in self.layers if isinstance(layer, Layer)]
