"""From positions to the functions of pairs, and from derivatives by pairs to forces; see pair_functions.py for the equations."""

from __future__ import annotations

import math
from typing import no_type_check

import numpy as np

from supple.models.neural.bespoke.compiled.jit import part
from supple.models.neural.bespoke.compiled.pair_terms import PAIR_VALUES, PULL, UNIT
from supple.models.neural.bespoke.pair_functions import AMPLITUDE

_ROOT3, _ROOT5, _ROOT15 = math.sqrt(3), math.sqrt(5), math.sqrt(15)


@part
@no_type_check
def measure(positions, molecule, geometry, energies, start, frames):
    """The pairs of the geometries from `start` on. Energies become zero, or NaN where positions are NaN or infinite."""
    n, room = len(molecule.order), len(geometry.first) // len(geometry.counts)
    placed = np.empty((n, 3))
    for b in range(frames):
        for i in range(n):
            for axis in range(3):
                placed[i, axis] = positions[start + b, molecule.order[i], axis]
        energies[start + b] = np.float32(0)
        found = b * room
        for i in range(n):
            for j in range(i + 1, n):
                x, y, z = placed[j, 0] - placed[i, 0], placed[j, 1] - placed[i, 1], placed[j, 2] - placed[i, 2]
                r = math.sqrt(x * x + y * y + z * z)
                if r < molecule.cutoff:
                    geometry.first[found], geometry.second[found], geometry.distances[found] = i, j, r
                    _fill_harmonics(geometry.values, found * PAIR_VALUES, x / r, y / r, z / r)
                    _fill_radial(geometry, found * molecule.radial, molecule.radial, r, math.pi / molecule.cutoff)
                    for k in range(PULL):
                        geometry.pull[found * PULL + k] = np.float32(0)
                    found += 1
                elif not r < np.inf:
                    energies[start + b] = np.float32(np.nan)
        geometry.counts[b] = found - b * room


@part
@no_type_check
def _fill_harmonics(values, at, x, y, z):
    values[at], values[at + 1], values[at + 2] = _ROOT3 * y, _ROOT3 * z, _ROOT3 * x
    values[at + 3], values[at + 4], values[at + 6] = _ROOT15 * x * y, _ROOT15 * y * z, _ROOT15 * x * z
    values[at + 5] = 0.5 * _ROOT5 * (2 * z * z - x * x - y * y)
    values[at + 7] = 0.5 * _ROOT15 * (x * x - y * y)
    values[at + UNIT], values[at + UNIT + 1], values[at + UNIT + 2] = x, y, z


@part
@no_type_check
def _fill_radial(geometry, at, n, r, step):
    """sin(k θ) and cos(k θ) by recurrence from those of θ = π r / r_c."""
    sine, cosine = math.sin(step * r), math.cos(step * r)
    cut, falling = 0.5 * AMPLITUDE * (cosine + 1) / r, -0.5 * AMPLITUDE * step * sine / r
    twice = 2 * cosine
    s_before, s, c_before, c = 0.0, sine, 1.0, cosine
    for k in range(n):
        geometry.radial[at + k] = s * cut
        geometry.slopes[at + k] = ((k + 1) * step * c - s / r) * cut + s * falling
        s_before, s = s, twice * s - s_before
        c_before, c = c, twice * c - c_before


@part
@no_type_check
def add_forces(molecule, geometry, forces, start, frames):
    """The forces of the geometries from `start` on, from the derivatives of their energies by u and r of each pair."""
    room = len(geometry.first) // len(geometry.counts)
    total = np.empty((len(molecule.order), 3))
    for b in range(frames):
        total[:] = 0.0
        for p in range(b * room, b * room + geometry.counts[b]):
            at, by = p * PAIR_VALUES + UNIT, p * PULL
            x, y, z = geometry.values[at], geometry.values[at + 1], geometry.values[at + 2]
            along = geometry.pull[by] * x + geometry.pull[by + 1] * y + geometry.pull[by + 2] * z
            i, j, r = geometry.first[p], geometry.second[p], geometry.distances[p]
            for axis in range(3):
                u = geometry.values[at + axis]
                by_vector = geometry.pull[by + 3] * u + (geometry.pull[by + axis] - along * u) / r
                total[i, axis] += by_vector
                total[j, axis] -= by_vector
        for i in range(len(molecule.order)):
            for axis in range(3):
                forces[start + b, molecule.order[i], axis] = total[i, axis]
