"""Momenta of a molecule alone in space: how many it has, how they are drawn, and what temperature they mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms, units
from ase.md.velocitydistribution import thermalize_momenta
from jaxtyping import Float, Int

from supple.molecule.rigid_modes import internal_degrees_of_freedom, without_rigid_motion


def draw_momenta(atoms: Atoms, kelvin: float, rng: np.random.Generator, *, whole: bool) -> None:
    """Draw momenta from the Maxwell-Boltzmann distribution.

    Args:
        atoms: get the momenta.
        kelvin: temperature.
        rng: what is drawn from.
        whole: also of the molecule as a whole; otherwise its motion and rotation are taken out, which leaves the
            distribution of the internal degrees of freedom as it was.
    """
    thermalize_momenta(atoms, temperature_K=kelvin, rng=rng)
    if not whole:
        atoms.set_momenta(without_rigid_motion(atoms.positions, atoms.get_momenta(), atoms.get_masses()))


def temperatures(
    kinetic_energies: Float[np.ndarray, "B"], degrees_of_freedom: Int[np.ndarray, "B"]
) -> Float[np.ndarray, "B"]:
    """K, of kinetic energies in eV."""
    return 2 * kinetic_energies / (np.maximum(degrees_of_freedom, 1) * units.kB)


def first_state(
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "N 3"],
    kelvin: float,
    rng: np.random.Generator,
    *,
    whole: bool,
) -> dict[str, Any]:
    """A molecule with momenta drawn: what an engine begins from.

    Args:
        numbers: atomic numbers.
        positions: Å; its centre of mass is taken to the origin.
        kelvin: temperature.
        rng: what is drawn from, and goes on with the state.
        whole: as in `draw_momenta`.
    """
    atoms = Atoms(numbers, positions)
    atoms.positions -= atoms.get_center_of_mass()
    draw_momenta(atoms, kelvin, rng, whole=whole)
    return {
        "positions": atoms.positions,
        "momenta": atoms.get_momenta(),
        "rng": rng.bit_generator.state,
        "degrees_of_freedom": 3 * len(atoms)
        if whole
        else internal_degrees_of_freedom(atoms.positions, atoms.get_masses()),
    }
