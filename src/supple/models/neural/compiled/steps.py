"""Steps of training: all threads go through all of it, each with its own knots, frames, weights and matrices.

    prepare the filters | own frames there and back | the filters back | sum up | optimiser          | : all meet

loss = w_E mean (E - E*)² + w_F mean (F - F*)²
"""

from __future__ import annotations

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float, Int

from supple.models.neural.compiled.adam import LINE, update
from supple.models.neural.compiled.filters import tabulate_back
from supple.models.neural.compiled.jit import compiled
from supple.models.neural.compiled.prepare_weights import Filters, Readout, Turned, prepare
from supple.models.neural.compiled.sweeps import gradient, predict
from supple.models.neural.compiled.thread_team import meet, share

_ZERO, _TWO = np.float32(0), np.float32(2)


class Frames(NamedTuple):
    """All frames with labels, in the network's units; energies may be NaN."""

    positions: Float[np.ndarray, "M N 3"]
    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"]


class Batch(NamedTuple):
    """Room for the frames of a step, and the derivatives of the loss by what the network says of them."""

    positions: Float[np.ndarray, "B N 3"]
    energies: Float[np.ndarray, "B"]
    forces: Float[np.ndarray, "B N 3"]
    by_energies: Float[np.ndarray, "B"]
    by_forces: Float[np.ndarray, "B N 3"]


class Loss(NamedTuple):
    """Weights of the loss, and how many frames a step has over all processes."""

    energy_weight: float
    force_weight: float
    batch_size: int


class Network(NamedTuple):
    """The network: what is fixed, its parameters, and what is prepared of them.

    Attributes:
        grid: cutoff, spacing and padding of the radial grid.
        parameters: in the order of schnet.Layers.
        prepared: filters, turned matrices and the readout.
        first_row: of the table that any pair needs.
    """

    grid: tuple[float, float, int]
    elements: Int[np.ndarray, "N"]
    gaussians: Float[np.ndarray, "K G"]
    parameters: tuple[np.ndarray, ...]
    prepared: tuple[Filters, Turned, Readout]
    first_row: int


class Sums(NamedTuple):
    """What each thread has summed up of the gradient, with the threads as first dimension.

    Attributes:
        flat: all weights', in their places.
        table: the table's.
        losses: of the thread's frames, a cache line each.
    """

    flat: Float[np.ndarray, "S W"]
    table: Float[np.ndarray, "S T K-2 F"]
    losses: Float[np.ndarray, "lines"]


@compiled
@no_type_check
def find_gradient(me, team, cells, network, frames, rows, known, loss, batch, space, sums, own, weights):
    """A thread's part of the gradient of a step with these frames (rows) of which so many energies are known.

    `own` are views of the thread's sums for each parameter. Ends with the thread's part of `weights.gradient`.
    """
    filters, turned, readout = network.prepared
    prepare(me, team, network.gaussians, network.parameters, filters, turned, readout, network.first_row)
    sums.flat[me] = _ZERO
    sums.table[me] = _ZERO
    meet(cells, team)

    start, stop = share(len(rows), me, team)
    loss_of_frames = 0.0
    if start < stop:
        loss_of_frames = _there_and_back(
            network, frames, rows, known, loss, batch, space, sums.table[me], own, start, stop
        )
    sums.losses[me * LINE] = loss_of_frames
    meet(cells, team)

    low, high = share(len(network.gaussians) - network.first_row, me, team)
    for t in range(len(filters.table)):
        tabulate_back(
            sums.table, t, network.gaussians, filters.second_turned[t], filters.hidden[t], filters.logistic[t],
            own[0][t], own[1][t], own[2][t], own[3][t], network.first_row + low, network.first_row + high,
        )  # fmt: skip
    meet(cells, team)

    low, high = share(len(weights.gradient), me, team)
    weights.gradient[low:high] = sums.flat[0, low:high]
    for thread in range(1, team):
        weights.gradient[low:high] += sums.flat[thread, low:high]


@compiled
@no_type_check
def _there_and_back(network, frames, rows, known, loss, batch, space, by_table, own, start, stop):
    """The loss of the frames from start to stop; adds its gradient."""
    filters, turned, readout = network.prepared
    geometry, work = space
    rest = (*network.parameters[4:10], readout.into, readout.bias, readout.out)
    for b in range(start, stop):
        batch.positions[b] = frames.positions[rows[b]]
    predict(
        batch.positions, network.grid, network.elements, filters.table, rest, turned, geometry, work,
        batch.energies, batch.forces, start, stop,
    )  # fmt: skip
    value = _compare(frames, rows, known, loss, batch, start, stop)
    by_into, by_bias, by_out = np.zeros_like(readout.into), np.zeros_like(readout.bias), np.zeros_like(readout.out)
    gradient(
        batch.by_energies, batch.by_forces, network.elements, filters.table, rest, turned, geometry, work,
        by_table, (*own[4:10], by_into, by_bias, by_out), start, stop,
    )  # fmt: skip
    half = len(own[11])
    own[10][:] += by_into[:half]
    own[11][:] += by_bias[:half]
    own[12][:] += by_out[:, :half]
    return value


@compiled
@no_type_check
def _compare(frames, rows, known, loss, batch, start, stop):
    """The loss of the frames from start to stop, and its derivatives."""
    of_energies = loss.energy_weight / known
    of_forces = loss.force_weight / (loss.batch_size * batch.forces.shape[1] * 3)
    by_energy, by_force = np.float32(2 * of_energies), np.float32(2 * of_forces)
    energies = forces = 0.0
    for b in range(start, stop):
        label, row = frames.energies[rows[b]], rows[b]
        off = batch.energies[b] - label if np.isfinite(label) else _ZERO
        batch.by_energies[b] = by_energy * off
        energies += off * off
        for i in range(batch.forces.shape[1]):
            for c in range(3):
                apart = batch.forces[b, i, c] - frames.forces[row, i, c]
                batch.by_forces[b, i, c] = by_force * apart
                forces += apart * apart
    return of_energies * energies + of_forces * forces


@compiled
@no_type_check
def take_steps(
    me, team, cells, network, frames, rows, known, loss, batch, space, sums, own, weights, bases, rule, scratch, norms,
    number, rates,
):  # fmt: skip
    """Steps from `number` on, one for each row of `rows` (frames) and number of `known` (energies) and `rates`."""
    if not meet(cells, team):  # somebody was stopped before it came here
        return
    for s in range(len(rows)):
        find_gradient(me, team, cells, network, frames, rows[s], known[s], loss, batch, space, sums, own, weights)
        update(me, team, cells, norms, weights, bases, rule, scratch, number + s, rates[s])
        meet(cells, team)
