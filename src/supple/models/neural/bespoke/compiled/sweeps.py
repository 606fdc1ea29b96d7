"""The network's sweeps over a few geometries at a time: energies and forces, and the gradient of weighted energies by all weights.

forward     pairs, then in each layer: h, the sums over neighbours, and what happens on the atoms; then the readout
reverse     the same backwards, from energies to pairs, and to forces
gradient    the same backwards, from energies to weights
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from supple.models.neural.bespoke.compiled.arrays import (
    EMBEDDING,
    MIX,
    READOUT_IN,
    READOUT_IN_BIAS,
    READOUT_OUT,
    READOUT_OUT_BIAS,
)
from supple.models.neural.bespoke.compiled.atoms import reverse_class, update_class
from supple.models.neural.bespoke.compiled.geometry import add_forces, measure
from supple.models.neural.bespoke.compiled.jit import compiled, part
from supple.models.neural.bespoke.compiled.linear_maps import (
    add_rows,
    add_scalar_map,
    fill_rows,
    map_degrees,
    map_degrees_gradient,
)
from supple.models.neural.bespoke.compiled.neighbours import (
    sum_neighbours,
    sum_neighbours_gradient,
    sum_neighbours_reverse,
)
from supple.models.neural.bespoke.harmonics import DEGREE
from supple.models.neural.compiled.silu import silu
from supple.models.neural.compiled.tiles import add_product_of_transposed, multiply

_ZERO = np.float32(0)
_DEGREES = DEGREE + 1


@compiled
@no_type_check
def predict(positions, molecule, weights, space, energies, forces, start, stop):
    """Fill energies and forces of the geometries from start to stop."""
    predict_some(positions, molecule, weights, space, energies, forces, start, stop)


@part
@no_type_check
def predict_some(positions, molecule, weights, space, energies, forces, start, stop):
    """Energies (B,) and forces (B, N, 3) of the geometries from start to stop, as many at a time as there is space for."""
    room, nothing = len(space.geometry.counts), space.ones
    parts, n = (stop - start + room - 1) // room, stop - start
    for number in range(parts):
        first = start + n * number // parts
        frames = start + n * (number + 1) // parts - first
        forward(positions, molecule, weights, space, energies, first, frames)
        _start_reverse(molecule, weights, space, space.ones, 0, frames, nothing, False)
        for k in range(len(molecule.places) - 2, -1, -1):
            for t in range(len(molecule.starts) - 1):
                reverse_class(molecule, weights, space.kept, space.adjoint, k, t, frames, nothing, False)
            adjoint = space.adjoint
            sum_neighbours_reverse(
                molecule, weights.radial[k], space, space.kept.h[k], adjoint.a, adjoint.h, k > 0, frames
            )
            if k > 0:
                _mix_reverse(molecule, weights, adjoint, k, frames)
        add_forces(molecule, space.geometry, forces, first, frames)
        for b in range(first, first + frames):
            if not np.isfinite(energies[b]):
                for i in range(forces.shape[1]):
                    for axis in range(3):
                        forces[b, i, axis] = np.float32(np.nan)


@part
@no_type_check
def gradient(positions, molecule, weights, space, energies, by_energies, start, frames, by_weights, by_radial):
    """Add the gradient by the weights of Σ by_energies · energies over some geometries, for which there is space."""
    forward(positions, molecule, weights, space, energies, start, frames)
    _start_reverse(molecule, weights, space, by_energies, start, frames, by_weights, True)
    n_classes, square = len(molecule.starts) - 1, molecule.features * molecule.features
    kept, adjoint = space.kept, space.adjoint
    for k in range(len(molecule.places) - 2, -1, -1):
        for t in range(n_classes):
            reverse_class(molecule, weights, kept, adjoint, k, t, frames, by_weights, True)
        sum_neighbours_gradient(
            molecule, weights.radial[k], space, kept.h[k], adjoint.a, adjoint.h, by_radial[k], k > 0, frames
        )
        for t in range(n_classes):
            low, high, at = molecule.starts[t], molecule.starts[t + 1], molecule.places[k, MIX] + t * square
            map_degrees_gradient(
                by_weights, at, n_classes * square, kept.x[k], adjoint.h, low, high, _DEGREES if k > 0 else 1, frames,
                molecule.features,
            )  # fmt: skip
        _mix_reverse(molecule, weights, adjoint, k, frames)
    for t in range(n_classes):
        for i in range(molecule.starts[t], molecule.starts[t + 1]):
            row = molecule.places[-1, EMBEDDING] + t * molecule.features
            at = i * frames * molecule.features
            add_rows(by_weights, row, adjoint.new, at, frames, molecule.features)


@part
@no_type_check
def forward(positions, molecule, weights, space, energies, start, frames):
    """Energies of the geometries from `start` on; keeps what the reverse sweep needs."""
    measure(positions, molecule, space.geometry, energies, start, frames)
    values, kept, f, n_classes = weights.values, space.kept, molecule.features, len(molecule.starts) - 1
    ends, layers = molecule.places[-1], len(molecule.places) - 1
    for t in range(n_classes):
        low, high = molecule.starts[t], molecule.starts[t + 1]
        fill_rows(kept.x[0], low * frames * f, (high - low) * frames, f, values, ends[EMBEDDING] + t * f)
    for k in range(layers):
        for t in range(n_classes):
            low, high, at = molecule.starts[t], molecule.starts[t + 1], molecule.places[k, MIX] + t * f * f
            degrees = _DEGREES if k > 0 else 1
            map_degrees(kept.h[k], kept.x[k], low, high, degrees, frames, f, values, at, n_classes * f * f, False)
        sum_neighbours(molecule, weights.radial[k], space, kept.h[k], kept.a[k], k > 0, frames)
        for t in range(n_classes):
            update_class(molecule, values, kept, k, t, frames)
    totals = np.zeros(frames)
    for t in range(n_classes):
        low, high = molecule.starts[t], molecule.starts[t + 1]
        first, rows = low * frames * f, (high - low) * frames
        fill_rows(kept.z, first, rows, f, values, ends[READOUT_IN_BIAS] + t * f)
        add_scalar_map(kept.z, kept.x[layers], low, high, 1, frames, f, values, ends[READOUT_IN] + t * f * f)
        activated = kept.activated[layers]
        silu(kept.z, activated, kept.slope[layers], first, rows * f)
        for r in range(rows):
            total, at, out = _ZERO, first + r * f, ends[READOUT_OUT] + t * f
            for c in range(f):
                total += activated[at + c] * values[out + c]
            totals[r % frames] += total + values[ends[READOUT_OUT_BIAS] + t]
    for b in range(frames):
        energies[start + b] += np.float32(totals[b])


@part
@no_type_check
def _start_reverse(molecule, weights, space, by_energies, start, frames, by_weights, training):
    """From the derivatives by the energies to those by the last x."""
    kept, adjoint, ends = space.kept, space.adjoint, molecule.places[-1]
    f, layers, values = molecule.features, len(molecule.places) - 1, weights.values
    slope, activated, x, by_z = kept.slope[layers], kept.activated[layers], kept.x[layers], adjoint.z
    for t in range(len(molecule.starts) - 1):
        low, high = molecule.starts[t], molecule.starts[t + 1]
        first, rows, out = low * frames * f, (high - low) * frames, ends[READOUT_OUT] + t * f
        for r in range(rows):
            at, by_energy = first + r * f, by_energies[start + r % frames]
            for c in range(f):
                by_z[at + c] = by_energy * slope[at + c] * values[out + c]
        at = ends[READOUT_IN] + t * f * f
        multiply(adjoint.new, first, by_z, first, weights.transposed, at, rows, f, f)
        if training:
            add_product_of_transposed(by_weights, at, x, first, 0, by_z, first, 0, f, rows, 1, f)
            add_rows(by_weights, ends[READOUT_IN_BIAS] + t * f, by_z, first, rows, f)
            for r in range(rows):
                here, by_energy = first + r * f, by_energies[start + r % frames]
                by_weights[ends[READOUT_OUT_BIAS] + t] += by_energy
                for c in range(f):
                    by_weights[out + c] += by_energy * activated[here + c]


@part
@no_type_check
def _mix_reverse(molecule, weights, adjoint, k, frames):
    """The derivatives by what layer k received, in the place of those by what the layer before returned."""
    f, n_classes, degrees = molecule.features, len(molecule.starts) - 1, _DEGREES if k > 0 else 1
    for c in range(len(molecule.order) * degrees * degrees * frames * f):
        adjoint.new[c] = adjoint.x[c]
    for t in range(n_classes):
        low, high, at = molecule.starts[t], molecule.starts[t + 1], molecule.places[k, MIX] + t * f * f
        map_degrees(
            adjoint.new, adjoint.h, low, high, degrees, frames, f, weights.transposed, at, n_classes * f * f, True
        )
