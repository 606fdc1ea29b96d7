"""Training steps: every thread runs all phases, each with its own frames, weights and matrices.

    transposed matrices | own frames: forward and reverse, then the gradient | sum | optimiser          | : a barrier

**The gradient by the weights θ.** With v the derivatives of the loss by the forces, and w those by the energies, it is

    dL/dθ = Σ_b w_b dE_b/dθ - Σ_b v_b · ∇_R dE_b/dθ

The last term is a derivative of dE/dθ along v, and is taken as a central difference:

    v · ∇_R dE/dθ = s [dE/dθ(R + δ) - dE/dθ(R - δ)] + O(h²) ,   δ = h v / |v|_max ,   s = |v|_max / 2h

The mean of the same two gradients serves for the first term. So all that is needed is one sweep back from energies to weights, at twice
as many geometries; differentiating the reverse sweep would cost as much, in twice as much code. With h = 1e-3 Å truncation and
rounding are alike, half a part in 10⁴ of the gradient (docs/performance.md), far less than what one batch differs from another.
"""

from __future__ import annotations

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float

from supple.models.neural.bespoke.compiled.arrays import Molecule, Weights
from supple.models.neural.bespoke.compiled.jit import compiled, part
from supple.models.neural.bespoke.compiled.prepare_weights import add_radial_gradient, prepare
from supple.models.neural.bespoke.compiled.sweeps import gradient, predict_some
from supple.models.neural.compiled.adam import LINE, update
from supple.models.neural.compiled.loss import compare
from supple.models.neural.compiled.thread_team import share, wait

_ZERO = np.float32(0)


class Network(NamedTuple):
    """The network: its constants and its weights, and the largest displacement h of the central difference, Å."""

    molecule: Molecule
    weights: Weights
    displacement: float


class Displaced(NamedTuple):
    """Two displaced geometries for each frame of a step, and the factors of their energies' gradients."""

    positions: Float[np.ndarray, "2B N 3"]
    energies: Float[np.ndarray, "2B"]
    factors: Float[np.ndarray, "2B"]


class Sums(NamedTuple):
    """Each thread's part of the gradient; the first axis is threads.

    Attributes:
        flat: by all weights.
        radial: by the weights of the radial functions, as the sweeps have them.
        losses: of the thread's frames, a cache line each.
    """

    flat: Float[np.ndarray, "S W"]
    radial: Float[np.ndarray, "S L R"]
    losses: Float[np.ndarray, "lines"]


@compiled
@no_type_check
def find_gradient(
    thread, team, barrier, network, frames, rows, n_energies, loss, batch, displaced, space, sums, weights
):
    """A thread's part of the gradient of one step; see below."""
    _find_gradient(
        thread, team, barrier, network, frames, rows, n_energies, loss, batch, displaced, space, sums, weights
    )


@part
@no_type_check
def _find_gradient(
    thread, team, barrier, network, frames, rows, n_energies, loss, batch, displaced, space, sums, weights
):
    """A thread's part of the gradient of a step with these frames (rows), of which n_energies energies are known.

    In the end, its part of `weights.gradient` is complete.
    """
    prepare(thread, team, network.molecule, network.weights)
    own, own_radial = sums.flat[thread], sums.radial[thread]
    for w in range(len(own)):
        own[w] = _ZERO
    for layer in range(len(own_radial)):
        for w in range(own_radial.shape[1]):
            own_radial[layer, w] = _ZERO
    wait(barrier, team)

    start, stop = share(len(rows), thread, team)
    sums.losses[thread * LINE] = 0.0
    if start < stop:
        for b in range(start, stop):
            for i in range(batch.positions.shape[1]):
                for axis in range(3):
                    batch.positions[b, i, axis] = frames.positions[rows[b], i, axis]
        predict_some(
            batch.positions, network.molecule, network.weights, space, batch.energies, batch.forces, start, stop
        )
        sums.losses[thread * LINE] = compare(frames, rows, n_energies, loss, batch, start, stop)
        for b in range(start, stop):
            _displace(batch, displaced, network.displacement, b)
        low, n, room = 2 * start, 2 * (stop - start), len(space.geometry.counts)
        parts = (n + room - 1) // room
        for number in range(parts):
            first, end = low + n * number // parts, low + n * (number + 1) // parts
            gradient(
                displaced.positions, network.molecule, network.weights, space, displaced.energies, displaced.factors,
                first, end - first, own, own_radial,
            )  # fmt: skip
        add_radial_gradient(network.molecule, own_radial, own)
    wait(barrier, team)

    low, high = share(len(weights.gradient), thread, team)
    for w in range(low, high):
        weights.gradient[w] = sums.flat[0, w]
    for other in range(1, team):
        for w in range(low, high):
            weights.gradient[w] += sums.flat[other, w]


@part
@no_type_check
def _displace(batch, displaced, displacement, b):
    """The two geometries of frame b, and their factors."""
    largest, n = 0.0, batch.positions.shape[1]
    for i in range(n):
        for axis in range(3):
            largest = max(largest, abs(batch.by_forces[b, i, axis]))
    along = displacement / largest if largest > 0 else 0.0
    for i in range(n):
        for axis in range(3):
            shift = along * batch.by_forces[b, i, axis]
            displaced.positions[2 * b, i, axis] = batch.positions[b, i, axis] + shift
            displaced.positions[2 * b + 1, i, axis] = batch.positions[b, i, axis] - shift
    half, slope = 0.5 * batch.by_energies[b], 0.5 * largest / displacement
    displaced.factors[2 * b], displaced.factors[2 * b + 1] = half - slope, half + slope


@compiled
@no_type_check
def take_steps(
    thread, team, barrier, network, frames, rows, n_energies, loss, batch, displaced, space, sums, weights, bases, rule,
    scratch, norms, number, rates,
):  # fmt: skip
    """Steps from `number` on: `rows` has the frames of each, `n_energies` the number of its known energies, `rates` its learning rate."""
    if not wait(barrier, team):  # another thread was interrupted before it arrived
        return
    for s in range(len(rows)):
        _find_gradient(
            thread, team, barrier, network, frames, rows[s], n_energies[s], loss, batch, displaced, space, sums, weights
        )
        update(thread, team, barrier, norms, weights, bases, rule, scratch, number + s, rates[s])
        wait(barrier, team)
