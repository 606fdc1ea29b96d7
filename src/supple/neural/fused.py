"""The compiled loops behind a network's `forward`: one differentiable function of its parameters.

Autograd sees a single node: positions and parameters in, energies and forces out. The loops need single precision on the CPU,
and positions that nothing is differentiated by; the network's own formulas do for everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.neural.compiled import WIDTH, filters, sweeps
from supple.threads import in_parts

#: How many of the network's parameters, in their order, belong to the filters.
_N_FILTERS = 4
#: Rows (frames x atoms) that are kept in memory at a time, when no gradient will be asked for.
_ROWS_AT_A_TIME = 512


class Fixed(NamedTuple):
    """What is the same for all geometries and all parameters.

    Attributes:
        gaussians: on the knots of the radial grid.
        grid: its cutoff (Å), spacing (Å) and padding.
        elements: of the atoms, as rows of the embedding.
    """

    gaussians: Float[np.ndarray, "K G"]
    grid: tuple[float, float, int]
    elements: Int[np.ndarray, "N"]


class Prepared:
    """Parameters as the loops take them.

    Attributes:
        table: the filters on the radial grid.
        network: the other parameters; the readout is filled with zeros to whole vectors.
        half: rows of the readout without the zeros.
        turned: the matrices among them, transposed: of the three products of an interaction, and of the readout.
    """

    def __init__(self, fixed: Fixed, parameters: Sequence[np.ndarray], threads: int) -> None:
        self.filters = tuple(parameters[:_N_FILTERS])
        *layers, readout_in, readout_bias, readout_out = parameters[_N_FILTERS:]
        self.half = len(readout_bias)
        missing = -self.half % WIDTH
        self.network = (
            *layers,
            np.concatenate([readout_in, np.zeros((missing, readout_in.shape[1]), np.float32)]),
            np.concatenate([readout_bias, np.zeros(missing, np.float32)]),
            np.concatenate([readout_out, np.zeros((1, missing), np.float32)], axis=1),
        )
        _, mix, update_in, _, update_out, *_ = layers
        self.turned = tuple(array.swapaxes(-1, -2).copy() for array in (mix, update_in, update_out, self.network[-3]))
        n_layers, _, features = parameters[0].shape
        self.hidden = np.empty((n_layers, len(fixed.gaussians), features), np.float32)
        self.logistic = np.empty_like(self.hidden)
        self.table = np.empty((n_layers, len(fixed.gaussians) - 2, features), np.float32)
        in_parts(lambda part: self._tabulate(fixed, range(part, n_layers, threads)), min(threads, n_layers))

    def _tabulate(self, fixed: Fixed, layers: range) -> None:
        for t in layers:
            of_layer = (*(array[t] for array in self.filters), self.hidden[t], self.logistic[t], self.table[t])
            filters.tabulate(fixed.gaussians, *of_layer)


class Workspace:
    """Arrays for B geometries: what the forward sweep keeps for the backward one."""

    def __init__(self, fixed: Fixed, layers: int, features: int, n_frames: int) -> None:
        n = len(fixed.elements)
        e = n * (n - 1) // 2
        f32, i64 = np.float32, np.int64
        near = (
            np.empty((n_frames, n + 1), i64), np.empty((n_frames, e), i64), np.empty((n_frames, e), i64),
            np.empty((n_frames, e, 4), f32), np.empty((n_frames, e, 4), f32),
        )  # fmt: skip
        self.geometry = (near, np.empty((n_frames, e, 3)), np.empty((n_frames, e)), np.empty((n_frames, e), f32))
        self.layers = np.empty((sweeps.KINDS, layers + 1, n_frames * n, features), f32)


class Loops:
    """The compiled loops of one network.

    Args:
        fixed: the molecule and the radial grid.
        threads: how many to use; frames are shared out among them.
    """

    def __init__(self, fixed: Fixed, threads: int) -> None:
        self.fixed, self.threads = fixed, threads
        self._free: dict[int, list[Workspace]] = {}
        self._prepared: tuple[Any, Prepared] | None = None

    def __call__(
        self, positions: Float[Tensor, "B N 3"], parameters: Sequence[Tensor], training: bool
    ) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies and forces; differentiable by the parameters where gradients are wanted."""
        if torch.is_grad_enabled() and any(parameter.requires_grad for parameter in parameters):
            return EnergyAndForces.apply(positions, self, *parameters)
        prepared = self._prepare(parameters, training)
        at_a_time = max(self.threads, _ROWS_AT_A_TIME // len(self.fixed.elements))
        energies = np.empty(len(positions), np.float32)
        forces = np.empty(positions.shape, np.float32)
        rows = _array(positions.double())
        for start in range(0, len(rows), at_a_time):
            part = slice(start, start + at_a_time)
            self.give_back(self.predict(rows[part], prepared, energies[part], forces[part]))
        return torch.from_numpy(energies), torch.from_numpy(forces)

    def _prepare(self, parameters: Sequence[Tensor], training: bool) -> Prepared:
        """Prepared parameters; those of the last time as long as a network that is not being trained keeps them."""
        if training:  # the optimiser may change them in ways that leave no trace
            return Prepared(self.fixed, _arrays(parameters), self.threads)
        state = [(parameter.data_ptr(), parameter._version) for parameter in parameters]
        if self._prepared is None or self._prepared[0] != state:
            self._prepared = state, Prepared(self.fixed, _arrays(parameters), self.threads)
        return self._prepared[1]

    def predict(
        self,
        positions: Float[np.ndarray, "B N 3"],
        prepared: Prepared,
        energies: Float[np.ndarray, "B"],
        forces: Float[np.ndarray, "B N 3"],
    ) -> Workspace:
        """Fill energies and forces; returns what `gradient` needs, to be given back afterwards."""
        free = self._free.setdefault(len(positions), [])
        layers, _, features = prepared.table.shape
        space = free.pop() if free else Workspace(self.fixed, layers, features, len(positions))
        shares = Shares(len(positions), self.threads)

        def work(part: int) -> None:
            sweeps.predict(
                positions, self.fixed.grid, self.fixed.elements, prepared.table, prepared.network, prepared.turned,
                space.geometry, space.layers, energies, forces, *shares[part],
            )  # fmt: skip

        in_parts(work, len(shares))
        return space

    def gradient(
        self, by_energies: np.ndarray, by_forces: np.ndarray, prepared: Prepared, space: Workspace
    ) -> tuple[np.ndarray, ...]:
        """The gradient by each parameter, of a function with these derivatives by energies and forces."""
        shares = Shares(len(by_energies), self.threads)
        sums = Sums((prepared.table, *prepared.network), len(shares))
        by_table, *by_network = sums.arrays
        by_filters = [np.zeros_like(array) for array in prepared.filters]
        n_layers = len(prepared.table)

        def by_frames(part: int) -> None:
            sweeps.gradient(
                by_energies, by_forces, self.fixed.elements, prepared.table, prepared.network, prepared.turned,
                space.geometry, space.layers, by_table[part], tuple(array[part] for array in by_network),
                *shares[part],
            )  # fmt: skip

        def by_layers(part: int) -> None:
            for t in range(part, n_layers, self.threads):
                filters.tabulate_back(
                    by_table[:, t], self.fixed.gaussians, prepared.filters[2][t], prepared.hidden[t],
                    prepared.logistic[t], *(array[t] for array in by_filters),
                )  # fmt: skip

        in_parts(by_frames, len(shares))
        in_parts(by_layers, min(self.threads, n_layers))
        _, *layers, readout_in, readout_bias, readout_out = sums.together()
        half = prepared.half
        return *by_filters, *layers, readout_in[:half], readout_bias[:half], readout_out[:, :half]

    def give_back(self, space: Workspace) -> None:
        """Keep the arrays for the next geometries of that number."""
        self._free[len(space.geometry[1])].append(space)


class Sums:
    """Arrays of zeros for each thread to add to; all lie in one, as a dozen small ones cost a dozen times as much.

    Attributes:
        arrays: one for each of those given, with the threads as a dimension more, the first.
    """

    def __init__(self, like: Sequence[np.ndarray], threads: int) -> None:
        self._shapes = [array.shape for array in like]
        self._edges = np.cumsum([array.size for array in like])[:-1]
        self._all = np.zeros((threads, sum(array.size for array in like)), np.float32)
        self.arrays = self._split(self._all)

    def together(self) -> list[np.ndarray]:
        """The sums over all threads."""
        return [array[0] for array in self._split(self._all.sum(0, keepdims=True))]

    def _split(self, rows: np.ndarray) -> list[np.ndarray]:
        parts = np.split(rows, self._edges, axis=1)
        return [part.reshape(len(rows), *shape) for part, shape in zip(parts, self._shapes, strict=True)]


class Shares:
    """Consecutive frames for each thread: (start, stop)."""

    def __init__(self, n_frames: int, threads: int) -> None:
        self._edges = [n_frames * part // min(threads, n_frames) for part in range(min(threads, n_frames) + 1)]

    def __len__(self) -> int:
        return len(self._edges) - 1

    def __getitem__(self, part: int) -> tuple[int, int]:
        return self._edges[part], self._edges[part + 1]


class EnergyAndForces(torch.autograd.Function):
    """Energies and forces, differentiable by the parameters."""

    @staticmethod
    def forward(ctx: Any, positions: Tensor, loops: Loops, *parameters: Tensor) -> tuple[Tensor, Tensor]:
        """B geometries (B, N, 3), the loops, and the network's parameters."""
        ctx.loops, ctx.prepared = loops, Prepared(loops.fixed, _arrays(parameters), loops.threads)
        energies, forces = torch.empty(len(positions)), torch.empty(positions.shape)
        ctx.space = loops.predict(_array(positions.double()), ctx.prepared, energies.numpy(), forces.numpy())
        return energies, forces

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, by_energies: Tensor, by_forces: Tensor) -> tuple[Any, ...]:
        """By the parameters; the positions have no gradient here."""
        gradients = ctx.loops.gradient(_array(by_energies), _array(by_forces), ctx.prepared, ctx.space)
        ctx.loops.give_back(ctx.space)
        return None, None, *(torch.from_numpy(gradient) for gradient in gradients)


class InPlace:
    """Energies and forces, then the gradient by the parameters, with no graph: parameters and gradients stay where they are.

    Args:
        loops: the network's.
        parameters: with gradients; both keep their memory.
    """

    def __init__(self, loops: Loops, parameters: Sequence[Tensor]) -> None:
        self._loops, self._parameters = loops, _arrays(parameters)
        self._gradients = [parameter.grad.numpy() for parameter in parameters if parameter.grad is not None]
        self._last: tuple[Prepared, Workspace] | None = None

    def __call__(
        self, positions: Float[np.ndarray, "B N 3"]
    ) -> tuple[Float[np.ndarray, "B"], Float[np.ndarray, "B N 3"]]:
        """Energies and forces."""
        prepared = Prepared(self._loops.fixed, self._parameters, self._loops.threads)
        energies, forces = np.empty(len(positions), np.float32), np.empty(positions.shape, np.float32)
        self._last = prepared, self._loops.predict(positions, prepared, energies, forces)
        return energies, forces

    def gradient(self, by_energies: Float[np.ndarray, "B"], by_forces: Float[np.ndarray, "B N 3"]) -> None:
        """Fill the parameters' gradients, of a function with these derivatives by the last energies and forces."""
        assert self._last is not None
        prepared, space = self._last
        found = self._loops.gradient(by_energies, by_forces, prepared, space)
        for gradient, value in zip(self._gradients, found, strict=True):
            gradient[...] = value
        self._loops.give_back(space)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


def _arrays(tensors: Sequence[Tensor]) -> list[np.ndarray]:
    return [_array(tensor) for tensor in tensors]
