"""The compiled loops behind a network's `forward`, as one function that is differentiable by the parameters.

Autograd sees a single node: positions and parameters in, energies and forces out. The loops need single precision on the CPU, and
cannot be differentiated by the positions; everything else is computed by the network's own formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.neural.compiled.frame_ranges import FrameRanges
from supple.models.neural.schnet.compiled import sweeps
from supple.models.neural.schnet.compiled.filters import tabulate_back
from supple.models.neural.schnet.compiled.prepare_weights import empty, prepare
from supple.runtime.threads import run_in_threads

#: Number of parameters, the first ones, that belong to the filters.
_N_FILTER_PARAMETERS = 4
#: Rows (frames x atoms) that are kept in memory at a time when no gradient is needed.
_ROWS_AT_A_TIME = 512


class Constants(NamedTuple):
    """Constants of all geometries and all parameters.

    Attributes:
        gaussians: on the knots of the radial grid.
        grid: its cutoff (Å), spacing (Å) and padding.
        elements: of the atoms, as rows of the embedding.
    """

    gaussians: Float[np.ndarray, "K G"]
    grid: tuple[float, float, int]
    elements: Int[np.ndarray, "N"]


class PreparedParameters:
    """Parameters in the form that the loops take.

    Attributes:
        filters, transposed, readout: see compiled/prepare_weights.py.
        of_filters: the parameters of the filters.
        rest: all other parameters, with the readout padded.
        half: rows of the readout without the padding.
    """

    def __init__(self, constants: Constants, parameters: Sequence[np.ndarray], threads: int) -> None:
        layers, features, half = len(parameters[0]), parameters[0].shape[-1], len(parameters[-2])
        arrays = empty(layers, len(constants.gaussians), features, half)
        self.filters, self.transposed, self.readout = arrays
        self.of_filters = tuple(parameters[:_N_FILTER_PARAMETERS])
        self.rest, self.half = (*parameters[_N_FILTER_PARAMETERS:-3], *self.readout), half
        run_in_threads(lambda part: prepare(part, threads, constants.gaussians, tuple(parameters), *arrays, 0), threads)


class Workspace:
    """Arrays for B geometries, in which the forward sweep keeps what the backward sweep needs."""

    def __init__(self, constants: Constants, layers: int, features: int, n_frames: int) -> None:
        n = len(constants.elements)
        e = n * (n - 1) // 2
        f32, capacity = np.float32, n_frames * e
        pair_list = (
            *(np.empty(capacity, np.int64) for _ in range(2)),
            *(np.empty((capacity, 4), f32) for _ in range(2)),
            *(np.empty(capacity, np.int64) for _ in range(2)),
            np.empty((n_frames, 2), np.int64),
        )
        self.frames = n_frames
        self.geometry = (pair_list, np.empty((capacity, 3)), np.empty(capacity), np.empty(capacity, f32))
        self.layers = np.empty((sweeps.KINDS, layers + 1, n_frames * n, features), f32)


class CompiledForward:
    """The compiled loops of one network.

    Args:
        constants: the molecule and the radial grid.
        threads: number of threads, which share the frames.
    """

    def __init__(self, constants: Constants, threads: int) -> None:
        self.constants, self.threads = constants, threads
        self._free: dict[int, list[Workspace]] = {}
        self._prepared: tuple[Any, PreparedParameters] | None = None

    def __call__(
        self,
        positions: Float[Tensor, "B N 3"],
        parameters: Sequence[Tensor],
        training: bool,
        features: Float[np.ndarray, "B N F"] | None = None,
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies and forces; differentiable by the parameters where gradients are wanted.

        Args:
            positions: Å.
            parameters: of the network.
            training: whether the parameters may change between calls without raising their version.
            features: filled with x of each atom after the last interaction, if given and no gradients are wanted.
        """
        if torch.is_grad_enabled() and any(parameter.requires_grad for parameter in parameters):
            return EnergyAndForces.apply(positions, self, *parameters)
        prepared = self._prepare(parameters, training)
        at_a_time = max(self.threads, _ROWS_AT_A_TIME // len(self.constants.elements))
        energies = np.empty(len(positions), np.float32)
        forces = np.empty(positions.shape, np.float32)
        rows = _array(positions.double())
        for start in range(0, len(rows), at_a_time):
            part = slice(start, start + at_a_time)
            space = self.predict(rows[part], prepared, energies[part], forces[part])
            if features is not None:
                features[part] = space.layers[sweeps.X, -1].reshape(features[part].shape)
            self.release(space)
        return torch.from_numpy(energies), torch.from_numpy(forces)

    def _prepare(self, parameters: Sequence[Tensor], training: bool) -> PreparedParameters:
        """The prepared parameters; outside training, those of the last call if the parameters have not changed."""
        if training:  # the optimiser may change them without raising their version
            return PreparedParameters(self.constants, _arrays(parameters), self.threads)
        state = [(parameter.data_ptr(), parameter._version) for parameter in parameters]
        if self._prepared is None or self._prepared[0] != state:
            self._prepared = state, PreparedParameters(self.constants, _arrays(parameters), self.threads)
        return self._prepared[1]

    def predict(
        self,
        positions: Float[np.ndarray, "B N 3"],
        prepared: PreparedParameters,
        energies: Float[np.ndarray, "B"],
        forces: Float[np.ndarray, "B N 3"],
    ) -> Workspace:
        """Fill energies and forces; returns what `gradient` needs, to be released afterwards."""
        free = self._free.setdefault(len(positions), [])
        layers, _, features = prepared.filters.table.shape
        space = free.pop() if free else Workspace(self.constants, layers, features, len(positions))
        shares = FrameRanges(len(positions), self.threads)

        def work(part: int) -> None:
            sweeps.predict(
                positions, self.constants.grid, self.constants.elements, prepared.filters.table, prepared.rest, prepared.transposed,
                space.geometry, space.layers, energies, forces, *shares[part],
            )  # fmt: skip

        run_in_threads(work, len(shares))
        return space

    def gradient(
        self, by_energies: np.ndarray, by_forces: np.ndarray, prepared: PreparedParameters, space: Workspace
    ) -> tuple[np.ndarray, ...]:
        """The gradient by each parameter of a function that has these derivatives by energies and forces."""
        shares = FrameRanges(len(by_energies), self.threads)
        filters = prepared.filters
        knots = FrameRanges(len(self.constants.gaussians), self.threads)
        of_filters = [np.zeros((len(knots), *array.shape), np.float32) for array in prepared.of_filters]
        by_table, *by_rest = [
            np.zeros((len(shares), *array.shape), np.float32) for array in (filters.table, *prepared.rest)
        ]

        def by_frames(part: int) -> None:
            sweeps.gradient(
                by_energies, by_forces, self.constants.elements, filters.table, prepared.rest, prepared.transposed,
                space.geometry, space.layers, by_table[part], tuple(array[part] for array in by_rest), *shares[part],
            )  # fmt: skip

        def by_knots(part: int) -> None:
            for t in range(len(filters.table)):
                tabulate_back(
                    by_table, t, self.constants.gaussians, filters.second_transposed[t], filters.hidden[t],
                    filters.logistic[t], *(array[part, t] for array in of_filters), *knots[part],
                )  # fmt: skip

        run_in_threads(by_frames, len(shares))
        run_in_threads(by_knots, len(knots))
        *gradients, readout_in, readout_bias, readout_out = (array.sum(0) for array in (*of_filters, *by_rest))
        half = prepared.half
        return *gradients, readout_in[:half], readout_bias[:half], readout_out[:, :half]

    def release(self, space: Workspace) -> None:
        """Keep the arrays for the next batch of the same size."""
        self._free[space.frames].append(space)


class EnergyAndForces(torch.autograd.Function):
    """Energies and forces, differentiable by the parameters."""

    @staticmethod
    def forward(ctx: Any, positions: Tensor, loops: CompiledForward, *parameters: Tensor) -> tuple[Tensor, Tensor]:
        """B geometries (B, N, 3), the loops, and the network's parameters."""
        ctx.loops, ctx.prepared = loops, PreparedParameters(loops.constants, _arrays(parameters), loops.threads)
        energies, forces = torch.empty(len(positions)), torch.empty(positions.shape)
        ctx.space = loops.predict(_array(positions.double()), ctx.prepared, energies.numpy(), forces.numpy())
        return energies, forces

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, by_energies: Tensor, by_forces: Tensor) -> tuple[Any, ...]:
        """By the parameters; the positions have no gradient here."""
        gradients = ctx.loops.gradient(_array(by_energies), _array(by_forces), ctx.prepared, ctx.space)
        ctx.loops.release(ctx.space)
        return None, None, *(torch.from_numpy(gradient) for gradient in gradients)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


def _arrays(tensors: Sequence[Tensor]) -> list[np.ndarray]:
    return [_array(tensor) for tensor in tensors]
