"""A step of the optimiser, with clipping before it and the running average of the weights after it, in one pass through the cache.

The formulas are those of optimiser.py. The `matrices` are transformed into eigenbases; each is a row of numbers: its offset among the
weights, its two sides, and the offsets of its left and right bases. `pieces` are all other weights: from, to.
"""

from __future__ import annotations

import math
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float, Int

from supple.models.neural.compiled.jit import compiled
from supple.models.neural.compiled.products import add_any_product, add_product_of_transposed, transpose
from supple.models.neural.compiled.thread_team import share, wait

_ZERO, _ONE, _EPSILON = np.float32(0), np.float32(1), np.float32(1e-8)
#: Number of work arrays of the size of the largest matrix that each thread needs for `update`.
SCRATCH = 4
#: Entries of `norms` per thread: a cache line.
LINE = 16


class Weights(NamedTuple):
    """All parameters of a network, one after the other, and what belongs to each."""

    values: Float[np.ndarray, "W"]
    gradient: Float[np.ndarray, "W"]
    average: Float[np.ndarray, "W"]
    first: Float[np.ndarray, "W"]
    second: Float[np.ndarray, "W"]


class Bases(NamedTuple):
    """Matrices with eigenbases, weights without, and the bases themselves, one after the other."""

    matrices: Int[np.ndarray, "n 5"]
    pieces: Int[np.ndarray, "m 2"]
    covariances: Float[np.ndarray, "C"]
    vectors: Float[np.ndarray, "C"]


class Rule(NamedTuple):
    """Constants of the optimiser; `first_update` is the number of the update of the moments at step 0."""

    clip: float
    beta1: float
    beta2: float
    weight_decay: float
    ema_decay: float
    first_update: int


@compiled
@no_type_check
def update(thread, team, barrier, norms, weights, bases, rule, scratch, number, rate):
    """A thread's part of step `number` (from 0)."""
    low, high = share(len(weights.gradient), thread, team)
    square = 0.0
    for w in range(low, high):
        square += np.float64(weights.gradient[w]) * weights.gradient[w]
    norms[thread * LINE] = square
    wait(barrier, team)
    square = 0.0
    for other in range(team):
        square += norms[other * LINE]
    factor = np.float32(min(rule.clip / (math.sqrt(square) + 1e-6), 1.0))
    n_updates = number + rule.first_update
    for m in range(thread, len(bases.matrices), team):
        _update_matrix(bases.matrices[m], weights, bases, rule, scratch, factor, n_updates, rate)
    for piece in range(thread, len(bases.pieces) if n_updates else 0, team):
        start, stop = bases.pieces[piece]
        own = slice(start, stop)
        direction = scratch[0, : stop - start]
        for w in range(start, stop):
            direction[w - start] = factor * weights.gradient[w]
        _direct(direction, weights.first[own], weights.second[own], rule, n_updates)
        _move(direction, weights, start, rule, rate)


@compiled
@no_type_check
def _update_matrix(matrix, weights, bases, rule, scratch, factor, n_updates, rate):
    start, a, b, left, right = matrix
    size = a * b
    g, other = scratch[0, :size].reshape(a, b), scratch[1, :size].reshape(a, b)
    transposed = scratch[2, :size].reshape(b, a)
    left_side, right_side = slice(left, left + a * a), slice(right, right + b * b)
    left_vectors = bases.vectors[left_side].reshape(a, a)
    right_vectors = bases.vectors[right_side].reshape(b, b)
    flat = scratch[0, :size]
    for w in range(size):
        flat[w] = factor * weights.gradient[start + w]

    transpose(transposed, g)
    _accumulate(bases.covariances[left_side], g, transposed, scratch[3], rule)
    _accumulate(bases.covariances[right_side], transposed, g, scratch[3], rule)

    if not n_updates:
        return
    other[:] = _ZERO
    add_product_of_transposed(other, left_vectors, g)
    g[:] = _ZERO
    add_any_product(g, other, right_vectors)
    own = slice(start, start + size)
    _direct(flat, weights.first[own], weights.second[own], rule, n_updates)
    other[:] = _ZERO
    add_any_product(other, left_vectors, g)
    right_transposed = scratch[3, : b * b].reshape(b, b)
    transpose(right_transposed, right_vectors)
    g[:] = _ZERO
    add_any_product(g, other, right_transposed)
    _move(flat, weights, start, rule, rate)


@compiled
@no_type_check
def _accumulate(covariance, g, transposed, scratch, rule):
    """Update the running mean of g gᵀ."""
    side = len(g)
    flat = scratch[: side * side]
    flat[:] = _ZERO
    add_any_product(flat.reshape(side, side), g, transposed)
    weight = np.float32(1 - rule.beta2)
    for c in range(len(covariance)):
        covariance[c] += weight * (flat[c] - covariance[c])


@compiled
@no_type_check
def _direct(gradient, first, second, rule, n_updates):
    """Add the gradient to the moments, and replace it by Adam's direction."""
    of_first, of_second = np.float32(1 - rule.beta1), np.float32(1 - rule.beta2)
    mean = np.float32(1 / (1 - rule.beta1**n_updates))
    square = np.float32(1 / (1 - rule.beta2**n_updates))
    for w in range(len(gradient)):
        g = gradient[w]
        m = first[w] + of_first * (g - first[w])
        v = second[w] + of_second * (g * g - second[w])
        first[w], second[w] = m, v
        gradient[w] = m * mean / (math.sqrt(v * square) + _EPSILON)


@compiled
@no_type_check
def _move(direction, weights, start, rule, rate):
    kept, by, new = np.float32(1 - rate * rule.weight_decay), np.float32(rate), np.float32(1 - rule.ema_decay)
    own = slice(start, start + len(direction))
    values, average = weights.values[own], weights.average[own]
    for w in range(len(direction)):
        values[w] = kept * values[w] - by * direction[w]
        average[w] += new * (values[w] - average[w])
