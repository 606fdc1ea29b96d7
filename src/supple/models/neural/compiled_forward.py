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

from supple.models.neural.compiled import sweeps
from supple.models.neural.compiled.filters import tabulate_back
from supple.models.neural.compiled.prepare_weights import empty, prepare
from supple.runtime.threads import in_parts

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
        filters, turned, readout: see compiled/prepare.py.
        of_filters: the parameters of the filters.
        rest: the parameters beside those of the filters, with the readout filled up.
        half: rows of the readout without what it is filled up with.
    """

    def __init__(self, fixed: Fixed, parameters: Sequence[np.ndarray], threads: int) -> None:
        layers, features, half = len(parameters[0]), parameters[0].shape[-1], len(parameters[-2])
        arrays = empty(layers, len(fixed.gaussians), features, half)
        self.filters, self.turned, self.readout = arrays
        self.of_filters = tuple(parameters[:_N_FILTERS])
        self.rest, self.half = (*parameters[_N_FILTERS:-3], *self.readout), half
        in_parts(lambda part: prepare(part, threads, fixed.gaussians, tuple(parameters), *arrays, 0), threads)


class Workspace:
    """Arrays for B geometries: what the forward sweep keeps for the backward one."""

    def __init__(self, fixed: Fixed, layers: int, features: int, n_frames: int) -> None:
        n = len(fixed.elements)
        e = n * (n - 1) // 2
        f32, room = np.float32, n_frames * e
        near = (
            *(np.empty(room, np.int64) for _ in range(2)),
            *(np.empty((room, 4), f32) for _ in range(2)),
            *(np.empty(room, np.int64) for _ in range(2)),
            np.empty((n_frames, 2), np.int64),
        )
        self.frames = n_frames
        self.geometry = (near, np.empty((room, 3)), np.empty(room), np.empty(room, f32))
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
        layers, _, features = prepared.filters.table.shape
        space = free.pop() if free else Workspace(self.fixed, layers, features, len(positions))
        shares = Shares(len(positions), self.threads)

        def work(part: int) -> None:
            sweeps.predict(
                positions, self.fixed.grid, self.fixed.elements, prepared.filters.table, prepared.rest, prepared.turned,
                space.geometry, space.layers, energies, forces, *shares[part],
            )  # fmt: skip

        in_parts(work, len(shares))
        return space

    def gradient(
        self, by_energies: np.ndarray, by_forces: np.ndarray, prepared: Prepared, space: Workspace
    ) -> tuple[np.ndarray, ...]:
        """The gradient by each parameter, of a function with these derivatives by energies and forces."""
        shares = Shares(len(by_energies), self.threads)
        filters = prepared.filters
        knots = Shares(len(self.fixed.gaussians), self.threads)
        of_filters = [np.zeros((len(knots), *array.shape), np.float32) for array in prepared.of_filters]
        by_table, *by_rest = [
            np.zeros((len(shares), *array.shape), np.float32) for array in (filters.table, *prepared.rest)
        ]

        def by_frames(part: int) -> None:
            sweeps.gradient(
                by_energies, by_forces, self.fixed.elements, filters.table, prepared.rest, prepared.turned,
                space.geometry, space.layers, by_table[part], tuple(array[part] for array in by_rest), *shares[part],
            )  # fmt: skip

        def by_knots(part: int) -> None:
            for t in range(len(filters.table)):
                tabulate_back(
                    by_table, t, self.fixed.gaussians, filters.second_turned[t], filters.hidden[t],
                    filters.logistic[t], *(array[part, t] for array in of_filters), *knots[part],
                )  # fmt: skip

        in_parts(by_frames, len(shares))
        in_parts(by_knots, len(knots))
        *gradients, readout_in, readout_bias, readout_out = (array.sum(0) for array in (*of_filters, *by_rest))
        half = prepared.half
        return *gradients, readout_in[:half], readout_bias[:half], readout_out[:, :half]

    def give_back(self, space: Workspace) -> None:
        """Keep the arrays for the next geometries of that number."""
        self._free[space.frames].append(space)


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


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


def _arrays(tensors: Sequence[Tensor]) -> list[np.ndarray]:
    return [_array(tensor) for tensor in tensors]
