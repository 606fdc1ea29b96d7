"""Training steps: every thread runs all phases, each with its own knots, frames, weights and matrices.

filters | own frames, forward and backward | filters, backward | sum | optimiser          | : a barrier
"""

from __future__ import annotations

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float, Int

from supple.models.neural.compiled.adam import LINE, update
from supple.models.neural.compiled.loss import compare
from supple.models.neural.compiled.thread_team import share, wait
from supple.models.neural.schnet.compiled.filters import tabulate_back
from supple.models.neural.schnet.compiled.jit import compiled, part
from supple.models.neural.schnet.compiled.prepare_weights import Filters, Readout, Transposed, prepare
from supple.models.neural.schnet.compiled.sweeps import gradient, predict

_ZERO = np.float32(0)


class Network(NamedTuple):
    """The network: its constants, its parameters, and these in the form that the sweeps take.

    Attributes:
        grid: cutoff, spacing and padding of the radial grid.
        parameters: in the order of network.Layers.
        prepared: filters, transposed matrices and the padded readout.
        first_row: of the table that any pair needs.
    """

    grid: tuple[float, float, int]
    elements: Int[np.ndarray, "N"]
    gaussians: Float[np.ndarray, "K G"]
    parameters: tuple[np.ndarray, ...]
    prepared: tuple[Filters, Transposed, Readout]
    first_row: int


class Sums(NamedTuple):
    """Each thread's part of the gradient; the first axis is threads.

    Attributes:
        flat: by all weights.
        table: by the table of filters.
        losses: of the thread's frames, a cache line each.
    """

    flat: Float[np.ndarray, "S W"]
    table: Float[np.ndarray, "S T K-2 F"]
    losses: Float[np.ndarray, "lines"]


@compiled
@no_type_check
def find_gradient(thread, team, barrier, network, frames, rows, n_energies, loss, batch, space, sums, own, weights):
    """A thread's part of the gradient of a step with these frames (rows), of which n_energies energies are known.

    `own` are views of the thread's sums for each parameter. In the end, its part of `weights.gradient` is complete.
    """
    filters, transposed, readout = network.prepared
    prepare(thread, team, network.gaussians, network.parameters, filters, transposed, readout, network.first_row)
    sums.flat[thread] = _ZERO
    sums.table[thread] = _ZERO
    wait(barrier, team)

    start, stop = share(len(rows), thread, team)
    loss_of_frames = 0.0
    if start < stop:
        loss_of_frames = _forward_and_backward(
            network, frames, rows, n_energies, loss, batch, space, sums.table[thread], own, start, stop
        )
    sums.losses[thread * LINE] = loss_of_frames
    wait(barrier, team)

    low, high = share(len(network.gaussians) - network.first_row, thread, team)
    for t in range(len(filters.table)):
        tabulate_back(
            sums.table, t, network.gaussians, filters.second_transposed[t], filters.hidden[t], filters.logistic[t],
            own[0][t], own[1][t], own[2][t], own[3][t], network.first_row + low, network.first_row + high,
        )  # fmt: skip
    wait(barrier, team)

    low, high = share(len(weights.gradient), thread, team)
    weights.gradient[low:high] = sums.flat[0, low:high]
    for other in range(1, team):
        weights.gradient[low:high] += sums.flat[other, low:high]


@part
@no_type_check
def _forward_and_backward(network, frames, rows, n_energies, loss, batch, space, by_table, own, start, stop):
    """The loss of the frames from start to stop; its gradient is added to the sums."""
    filters, transposed, readout = network.prepared
    geometry, work = space
    rest = (*network.parameters[4:10], readout.into, readout.bias, readout.out)
    for b in range(start, stop):
        batch.positions[b] = frames.positions[rows[b]]
    predict(
        batch.positions, network.grid, network.elements, filters.table, rest, transposed, geometry, work,
        batch.energies, batch.forces, start, stop,
    )  # fmt: skip
    value = compare(frames, rows, n_energies, loss, batch, start, stop)
    by_into, by_bias, by_out = np.zeros_like(readout.into), np.zeros_like(readout.bias), np.zeros_like(readout.out)
    gradient(
        batch.by_energies, batch.by_forces, network.elements, filters.table, rest, transposed, geometry, work,
        by_table, (*own[4:10], by_into, by_bias, by_out), start, stop,
    )  # fmt: skip
    half = len(own[11])
    own[10][:] += by_into[:half]
    own[11][:] += by_bias[:half]
    own[12][:] += by_out[:, :half]
    return value


@compiled
@no_type_check
def take_steps(
    thread, team, barrier, network, frames, rows, n_energies, loss, batch, space, sums, own, weights, bases, rule,
    scratch, norms, number, rates,
):  # fmt: skip
    """Steps from `number` on: `rows` has the frames of each, `n_energies` the number of its known energies, `rates` its learning rate."""
    if not wait(barrier, team):  # another thread was interrupted before it arrived
        return
    for s in range(len(rows)):
        find_gradient(
            thread, team, barrier, network, frames, rows[s], n_energies[s], loss, batch, space, sums, own, weights
        )
        update(thread, team, barrier, norms, weights, bases, rule, scratch, number + s, rates[s])
        wait(barrier, team)
