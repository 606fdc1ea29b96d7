"""MolecularState: all that one molecule needs to continue, to the bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

#: The state of a random number generator, as numpy's bit generators give it.
RandomState = dict[str, Any]


@dataclass(frozen=True, eq=False)
class MolecularState:
    """A molecule with its random numbers and its thermostat.

    Attributes:
        positions: Å, shape (N, 3).
        momenta: in ASE's unit, √(eV u), shape (N, 3).
        rng: state of the random number generator.
        degrees_of_freedom: over which the kinetic energy is averaged to give the temperature.
        eta, p_eta: positions and momenta of a Nosé-Hoover chain, shape (3,) each; None without a chain, or for one at rest.
    """

    positions: Float[np.ndarray, "N 3"]
    momenta: Float[np.ndarray, "N 3"]
    rng: RandomState
    degrees_of_freedom: int
    eta: Float[np.ndarray, "T"] | None = None
    p_eta: Float[np.ndarray, "T"] | None = None
