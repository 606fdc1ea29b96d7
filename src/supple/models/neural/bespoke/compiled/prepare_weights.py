"""The weights in the form that the sweeps take, and the gradient back from it."""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from supple.models.neural.bespoke.compiled.arrays import RADIAL_SCALAR, RADIAL_TENSOR, Molecule, Weights
from supple.models.neural.bespoke.compiled.jit import compiled
from supple.models.neural.bespoke.harmonics import DEGREE
from supple.models.neural.bespoke.layer import SUM_SCALE
from supple.models.neural.compiled.thread_team import share

_SUM_SCALE = np.float32(SUM_SCALE)
_DEGREES = DEGREE + 1


def empty(molecule: Molecule, values: np.ndarray) -> Weights:
    """Arrays for `prepare` to fill, beside the values."""
    filters = (len(molecule.places) - 1, 2 * _DEGREES * molecule.radial * molecule.features)
    return Weights(values, np.zeros_like(values), np.zeros(filters, np.float32))


@compiled
@no_type_check
def prepare(thread, team, molecule, weights):
    """A thread's part of the transposed matrices and of the radial weights."""
    f, k = molecule.features, molecule.radial
    low, high = share(len(molecule.squares), thread, team)
    for number in range(low, high):
        at = molecule.squares[number]
        for i in range(f):
            for j in range(f):
                weights.transposed[at + i * f + j] = weights.values[at + j * f + i]
    for layer in range(thread, len(molecule.places) - 1, team):
        columns = (2 * _DEGREES if layer > 0 else _DEGREES) * f
        for part in range(2 if layer > 0 else 1):
            for degree in range(_DEGREES):
                at = molecule.places[layer, RADIAL_TENSOR if part else RADIAL_SCALAR] + degree * k * f
                for q in range(k):
                    to = q * columns + (part * _DEGREES + degree) * f
                    for c in range(f):
                        weights.radial[layer, to + c] = _SUM_SCALE * weights.values[at + q * f + c]


@compiled
@no_type_check
def add_radial_gradient(molecule, by_radial, gradient):
    """Add the derivatives by the radial weights, in the form above, to those by the parameters."""
    f, k = molecule.features, molecule.radial
    for layer in range(len(molecule.places) - 1):
        columns = (2 * _DEGREES if layer > 0 else _DEGREES) * f
        for part in range(2 if layer > 0 else 1):
            for degree in range(_DEGREES):
                at = molecule.places[layer, RADIAL_TENSOR if part else RADIAL_SCALAR] + degree * k * f
                for q in range(k):
                    of = q * columns + (part * _DEGREES + degree) * f
                    for c in range(f):
                        gradient[at + q * f + c] += _SUM_SCALE * by_radial[layer, of + c]
