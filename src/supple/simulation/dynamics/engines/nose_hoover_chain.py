"""Nosé-Hoover chains, one for each molecule, as a compiled loop.

A chain needs only the kinetic energy of its molecule, and scales the momenta. With numpy, its hundred operations on B numbers
would take as long as the forces of a small model.

Martyna, Tuckerman, Tobias and Klein, Mol. Phys. 87, 1117 (1996), doi 10.1080/00268979600100761; the three weights are those of
Yoshida, Phys. Lett. A 150, 262 (1990), doi 10.1016/0375-9601(90)90092-3.
"""

from __future__ import annotations

import math
from typing import no_type_check

import numpy as np

from supple.runtime.jit.cache import cached_njit

#: Thermostats in a chain.
THERMOSTATS = 3
_OUTER = 1 / (2 - 2 ** (1 / 3))
_WEIGHTS = (_OUTER, 1 - 2 * _OUTER, _OUTER)


@cached_njit
@no_type_check
def propagate(twice_kinetic, eta, p_eta, inertia, kt, degrees_of_freedom, time):
    """Propagate the chains, and return the factors by which the momenta of each molecule are to be scaled, shape (B,).

    Args:
        twice_kinetic: Σ p²/m of each molecule, eV, shape (B,); updated in place.
        eta, p_eta: positions and momenta of the thermostats, shape (B, 3); updated in place.
        inertia: inertia parameters of the thermostats, shape (B, 3).
        kt: thermal energy kT, eV.
        degrees_of_freedom: of each molecule, shape (B,).
        time: by how much to propagate, in ASE's unit.
    """
    factors = np.ones(len(twice_kinetic))
    last = THERMOSTATS - 1
    for b in range(len(factors)):
        for weight in _WEIGHTS:
            delta = weight * time
            for j in range(last, -1, -1):
                _kick(j, b, twice_kinetic, p_eta, inertia, kt, degrees_of_freedom, delta)
            for j in range(THERMOSTATS):
                eta[b, j] += delta * p_eta[b, j] / inertia[b, j]
            factor = math.exp(-delta * p_eta[b, 0] / inertia[b, 0])
            factors[b] *= factor
            twice_kinetic[b] *= factor * factor
            for j in range(THERMOSTATS):
                _kick(j, b, twice_kinetic, p_eta, inertia, kt, degrees_of_freedom, delta)
    return factors


@cached_njit
@no_type_check
def _kick(j, b, twice_kinetic, p_eta, inertia, kt, degrees_of_freedom, delta):
    """Update the momentum of thermostat j by half a step: half of the drag of thermostat j + 1, the force, the other half."""
    drag = 1.0
    if j < THERMOSTATS - 1:
        drag = math.exp(-delta / 4 * p_eta[b, j + 1] / inertia[b, j + 1])
    force = p_eta[b, j - 1] ** 2 / inertia[b, j - 1] - kt if j else twice_kinetic[b] - degrees_of_freedom[b] * kt
    p_eta[b, j] = (p_eta[b, j] * drag + delta / 2 * force) * drag
