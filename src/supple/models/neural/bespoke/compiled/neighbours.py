"""Sums over the neighbours of all atoms, and their adjoint: a few pairs at a time, from filters to sums."""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from supple.models.neural.bespoke.compiled.arrays import FILTERS, PAIRS
from supple.models.neural.bespoke.compiled.jit import part
from supple.models.neural.bespoke.compiled.pair_terms import (
    PAIR_VALUES,
    PULL,
    add_scalars,
    add_tensors,
    scalars_gradient,
    scalars_reverse,
    tensors_gradient,
    tensors_reverse,
)
from supple.models.neural.bespoke.harmonics import COMPONENTS
from supple.models.neural.compiled.tiles import add_product_of_transposed, multiply

_ZERO = np.float32(0)


@part
@no_type_check
def sum_neighbours(molecule, radial, space, h, a, tensors, frames):
    """A = the sums over neighbours of h; `radial` has the layer's weights of the radial functions."""
    geometry, w = space.geometry, space.filters
    f, k = molecule.features, molecule.radial
    step, columns, components = frames * f, f * (FILTERS if tensors else FILTERS // 2), COMPONENTS if tensors else 1
    room = len(geometry.first) // len(geometry.counts)
    _clear(a, len(molecule.order) * COMPONENTS * step)
    for b in range(frames):
        end = b * room + geometry.counts[b]
        for low in range(b * room, end, PAIRS):
            high = min(low + PAIRS, end)
            multiply(w, 0, geometry.radial, low * k, radial, 0, high - low, k, columns)
            for p in range(low, high):
                i, j, of = geometry.first[p], geometry.second[p], (p - low) * columns
                at_i, at_j = i * COMPONENTS * step + b * f, j * COMPONENTS * step + b * f
                from_i, from_j = i * components * step + b * f, j * components * step + b * f
                if tensors:
                    add_tensors(a, at_i, at_j, h, from_i, from_j, step, w, of, geometry.values, p * PAIR_VALUES, f)
                else:
                    add_scalars(a, at_i, at_j, h, from_i, from_j, step, w, of, geometry.values, p * PAIR_VALUES, f)


@part
@no_type_check
def sum_neighbours_reverse(molecule, radial, space, h, by_a, by_h, tensors, frames):
    """Derivatives by h, where it has tensors, and those by the pairs, which are added to `pull`."""
    geometry, w, slopes = space.geometry, space.filters, space.more_filters
    f, k = molecule.features, molecule.radial
    step, columns, components = frames * f, f * (FILTERS if tensors else FILTERS // 2), COMPONENTS if tensors else 1
    room = len(geometry.first) // len(geometry.counts)
    if tensors:
        _clear(by_h, len(molecule.order) * COMPONENTS * step)
    for b in range(frames):
        end = b * room + geometry.counts[b]
        for low in range(b * room, end, PAIRS):
            high = min(low + PAIRS, end)
            multiply(w, 0, geometry.radial, low * k, radial, 0, high - low, k, columns)
            multiply(slopes, 0, geometry.slopes, low * k, radial, 0, high - low, k, columns)
            for p in range(low, high):
                i, j, of = geometry.first[p], geometry.second[p], (p - low) * columns
                at_i, at_j = i * COMPONENTS * step + b * f, j * COMPONENTS * step + b * f
                from_i, from_j = i * components * step + b * f, j * components * step + b * f
                if tensors:
                    tensors_reverse(
                        by_a, at_i, at_j, h, by_h, from_i, from_j, step, w, slopes, of,
                        geometry.values, p * PAIR_VALUES, geometry.pull, p * PULL, f,
                    )  # fmt: skip
                else:
                    scalars_reverse(
                        by_a, at_i, at_j, h, by_h, from_i, from_j, step, w, slopes, of,
                        geometry.values, p * PAIR_VALUES, geometry.pull, p * PULL, f,
                    )  # fmt: skip


@part
@no_type_check
def sum_neighbours_gradient(molecule, radial, space, h, by_a, by_h, by_radial, tensors, frames):
    """Derivatives by h; those by the weights of the radial functions are added to `by_radial`."""
    geometry, w, by_w = space.geometry, space.filters, space.more_filters
    f, k = molecule.features, molecule.radial
    step, columns, components = frames * f, f * (FILTERS if tensors else FILTERS // 2), COMPONENTS if tensors else 1
    room = len(geometry.first) // len(geometry.counts)
    _clear(by_h, len(molecule.order) * components * step)
    for b in range(frames):
        end = b * room + geometry.counts[b]
        for low in range(b * room, end, PAIRS):
            high = min(low + PAIRS, end)
            multiply(w, 0, geometry.radial, low * k, radial, 0, high - low, k, columns)
            for p in range(low, high):
                i, j, of = geometry.first[p], geometry.second[p], (p - low) * columns
                at_i, at_j = i * COMPONENTS * step + b * f, j * COMPONENTS * step + b * f
                from_i, from_j = i * components * step + b * f, j * components * step + b * f
                if tensors:
                    tensors_gradient(
                        by_a, at_i, at_j, h, by_h, from_i, from_j, step, w, by_w, of,
                        geometry.values, p * PAIR_VALUES, geometry.pull, p * PULL, f,
                    )  # fmt: skip
                else:
                    scalars_gradient(
                        by_a, at_i, at_j, h, by_h, from_i, from_j, step, w, by_w, of,
                        geometry.values, p * PAIR_VALUES, geometry.pull, p * PULL, f,
                    )  # fmt: skip
            add_product_of_transposed(by_radial, 0, geometry.radial, low * k, 0, by_w, 0, 0, k, high - low, 1, columns)


@part
@no_type_check
def _clear(a, size):
    for k in range(size):
        a[k] = _ZERO
