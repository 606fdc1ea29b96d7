"""Descriptors of a single geometry and their gradients as compiled loops, for `supple.models.kernel.compiled_kernel_sum`.

The formulas are those of inverse_distances.py and internal_coordinates.py, with their derivatives written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, no_type_check

import numpy as np
import torch

from supple.molecule.descriptors.base import Descriptor
from supple.molecule.descriptors.internal_coordinates import InternalCoordinates
from supple.molecule.descriptors.inverse_distances import InverseDistances
from supple.runtime.jit.compile_options import Compiler

_compiled = Compiler(Path(__file__), finite=True).compiled


def compiled_entries(descriptor: Descriptor) -> tuple[Any, ...] | None:
    """What the loops need of a descriptor: pairs, angles, dihedrals and their weights; None where there is no loop for it."""
    if isinstance(descriptor, InverseDistances):
        return _entries(descriptor.entries, (), (), 1.0, 1.0)
    if isinstance(descriptor, InternalCoordinates):
        d = descriptor
        return _entries(d.distances.entries, d.angles, d.dihedrals, d.angle_weight, d.dihedral_weight)
    return None


def descriptor_function(descriptor: Descriptor) -> Callable[[np.ndarray], np.ndarray]:
    """A function from positions in Å, shape (B, N, 3), to descriptors, shape (B, D), by the loops where there are any.

    For few geometries and many calls, as by the guards of dynamics: each of torch's operations would wake its threads.
    """
    entries = compiled_entries(descriptor)
    if entries is None:
        return lambda positions: descriptor(torch.tensor(positions, dtype=torch.float64)).detach().numpy()
    return partial(_describe_each, entries, descriptor.size)


def _describe_each(entries: tuple[Any, ...], size: int, positions: np.ndarray) -> np.ndarray:
    x = np.empty((len(positions), size))
    for k, one in enumerate(positions):
        x[k] = describe(np.array(one, dtype=np.float64), entries)  # arrays that cannot be written are another type
    return x


def _entries(pairs: Any, angles: Any, dihedrals: Any, angle_weight: float, dihedral_weight: float) -> tuple[Any, ...]:
    groups = ((pairs, 2), (angles, 3), (dihedrals, 4))
    return (*(np.array(atoms, dtype=np.int64).reshape(-1, n) for atoms, n in groups), angle_weight, dihedral_weight)


@_compiled
@no_type_check
def describe(r, entries):
    """The descriptor x of a geometry."""
    pairs, angles, dihedrals, angle_weight, dihedral_weight = entries
    x = np.empty(len(pairs) + len(angles) + len(dihedrals))
    for d in range(len(pairs)):
        i, j = pairs[d]
        square = 0.0
        for axis in range(3):
            square += (r[i, axis] - r[j, axis]) ** 2
        x[d] = 1 / math.sqrt(square)
    at = len(pairs)
    for d in range(len(angles)):
        i, j, k = angles[d]
        uu, vv, uv = 0.0, 0.0, 0.0
        for axis in range(3):
            u, v = r[i, axis] - r[j, axis], r[k, axis] - r[j, axis]
            uu, vv, uv = uu + u * u, vv + v * v, uv + u * v
        x[at + d] = angle_weight * uv / math.sqrt(uu * vv)
    at += len(angles)
    for d in range(len(dihedrals)):
        ff, mm, ll, fm, ml, fl = _dots(r, dihedrals[d])
        x[at + d] = dihedral_weight * (fm * ml - fl * mm) / (math.sqrt(ff * ll) * mm)
    return x


@_compiled
@no_type_check
def pull_back(r, x, by_x, entries):
    """Jᵀ g: the gradient by the positions, from that by the descriptor."""
    pairs, angles, dihedrals, angle_weight, dihedral_weight = entries
    by_r = np.zeros_like(r)
    for d in range(len(pairs)):
        i, j = pairs[d]
        slope = -by_x[d] * x[d] ** 3
        for axis in range(3):
            part = slope * (r[i, axis] - r[j, axis])
            by_r[i, axis] += part
            by_r[j, axis] -= part
    at = len(pairs)
    for d in range(len(angles)):
        i, j, k = angles[d]
        uu, vv = 0.0, 0.0
        for axis in range(3):
            uu += (r[i, axis] - r[j, axis]) ** 2
            vv += (r[k, axis] - r[j, axis]) ** 2
        slope, cosine = by_x[at + d] * angle_weight, x[at + d] / angle_weight
        product = 1 / math.sqrt(uu * vv)
        for axis in range(3):
            u, v = r[i, axis] - r[j, axis], r[k, axis] - r[j, axis]
            by_u, by_v = slope * (v * product - cosine * u / uu), slope * (u * product - cosine * v / vv)
            by_r[i, axis] += by_u
            by_r[k, axis] += by_v
            by_r[j, axis] -= by_u + by_v
    at += len(angles)
    for d in range(len(dihedrals)):
        i, j, k, n = dihedrals[d]
        ff, mm, ll, fm, ml, fl = _dots(r, dihedrals[d])
        slope, term = by_x[at + d] * dihedral_weight, x[at + d] / dihedral_weight
        scale = 1 / (math.sqrt(ff * ll) * mm)
        for axis in range(3):
            f, m, last = r[j, axis] - r[i, axis], r[k, axis] - r[j, axis], r[n, axis] - r[k, axis]
            by_f = slope * ((m * ml - last * mm) * scale - term * f / ff)
            by_m = slope * ((f * ml + last * fm - 2 * m * fl) * scale - 2 * term * m / mm)
            by_l = slope * ((m * fm - f * mm) * scale - term * last / ll)
            by_r[i, axis] -= by_f
            by_r[j, axis] += by_f - by_m
            by_r[k, axis] += by_m - by_l
            by_r[n, axis] += by_l
    return by_r


@_compiled
@no_type_check
def _dots(r, atoms):
    """Products of the three bonds of a dihedral: f·f, m·m, l·l, f·m, m·l, f·l."""
    i, j, k, n = atoms
    ff, mm, ll, fm, ml, fl = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for axis in range(3):
        f, m, last = r[j, axis] - r[i, axis], r[k, axis] - r[j, axis], r[n, axis] - r[k, axis]
        ff, mm, ll = ff + f * f, mm + m * m, ll + last * last
        fm, ml, fl = fm + f * m, ml + m * last, fl + f * last
    return ff, mm, ll, fm, ml, fl
