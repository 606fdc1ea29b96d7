"""A step of the optimiser, with clipping before it and the running average of the weights after it, in one pass through the cache.

The formulas are those of optimiser.py. The `matrices` are transformed into eigenbases; each is a row of numbers: its offset among the
weights, its two sides, and the offsets of its left and right bases. `pieces` are all other weights: from, to.
"""

from __future__ import annotations

import math
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float, Int

from supple.models.neural.compiled.jit import compiled, part
from supple.models.neural.compiled.thread_team import share, wait
from supple.models.neural.compiled.tiles import multiply_any, transpose

_EPSILON = np.float32(1e-8)
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


@part
@no_type_check
def _update_matrix(matrix, weights, bases, rule, scratch, factor, n_updates, rate):
    start, a, b, left, right = matrix
    g, other, transposed, more, size = scratch[0], scratch[1], scratch[2], scratch[3], a * b
    for w in range(size):
        g[w] = factor * weights.gradient[start + w]

    transpose(transposed, 0, g, 0, a, b)
    multiply_any(more, 0, g, 0, transposed, 0, a, b, a)
    _accumulate(bases.covariances, left, more, a * a, rule)
    multiply_any(more, 0, transposed, 0, g, 0, b, a, b)
    _accumulate(bases.covariances, right, more, b * b, rule)

    if not n_updates:
        return
    vectors = bases.vectors
    transpose(more, 0, vectors, left, a, a)
    multiply_any(other, 0, more, 0, g, 0, a, a, b)
    multiply_any(g, 0, other, 0, vectors, right, a, b, b)
    own = slice(start, start + size)
    _direct(g[:size], weights.first[own], weights.second[own], rule, n_updates)
    multiply_any(other, 0, vectors, left, g, 0, a, a, b)
    transpose(more, 0, vectors, right, b, b)
    multiply_any(g, 0, other, 0, more, 0, a, b, b)
    _move(g[:size], weights, start, rule, rate)


@part
@no_type_check
def _accumulate(covariances, at, square, size, rule):
    """Update the running mean of g gᵀ."""
    weight = np.float32(1 - rule.beta2)
    for c in range(size):
        covariances[at + c] += weight * (square[c] - covariances[at + c])


@part
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


@part
@no_type_check
def _move(direction, weights, start, rule, rate):
    kept, by, new = np.float32(1 - rate * rule.weight_decay), np.float32(rate), np.float32(1 - rule.ema_decay)
    own = slice(start, start + len(direction))
    values, average = weights.values[own], weights.average[own]
    for w in range(len(direction)):
        values[w] = kept * values[w] - by * direction[w]
        average[w] += new * (values[w] - average[w])
