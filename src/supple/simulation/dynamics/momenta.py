"""Momenta of an isolated molecule: its degrees of freedom, initial momenta, and the temperature that momenta mean."""

from __future__ import annotations

import numpy as np
from ase import Atoms, units
from ase.md.velocitydistribution import thermalize_momenta
from jaxtyping import Float, Int

from supple.molecule.rigid_modes import internal_degrees_of_freedom, without_rigid_motion
from supple.simulation.dynamics.molecular_state import MolecularState


def draw_momenta(atoms: Atoms, temperature: float, rng: np.random.Generator, *, rigid_motion: bool) -> None:
    """Draw momenta from the Maxwell-Boltzmann distribution.

    Args:
        atoms: the molecule, which gets the momenta.
        temperature: K.
        rng: random numbers.
        rigid_motion: whether the molecule translates and rotates; otherwise both are removed, which does not change the
            distribution of the internal degrees of freedom.
    """
    thermalize_momenta(atoms, temperature_K=temperature, rng=rng)
    if not rigid_motion:
        atoms.set_momenta(without_rigid_motion(atoms.positions, atoms.get_momenta(), atoms.get_masses()))


def temperatures(
    kinetic_energies: Float[np.ndarray, "B"], degrees_of_freedom: Int[np.ndarray, "B"]
) -> Float[np.ndarray, "B"]:
    """Temperatures in K from kinetic energies in eV."""
    return 2 * kinetic_energies / (np.maximum(degrees_of_freedom, 1) * units.kB)


def initial_state(
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "N 3"],
    temperature: float,
    rng: np.random.Generator,
    *,
    rigid_motion: bool,
) -> MolecularState:
    """A molecule with newly drawn momenta, from which an engine starts.

    Args:
        numbers: atomic numbers.
        positions: Å; the centre of mass is moved to the origin.
        temperature: K.
        rng: random numbers; the state continues with this generator.
        rigid_motion: as in `draw_momenta`.
    """
    atoms = Atoms(numbers, positions)
    atoms.positions -= atoms.get_center_of_mass()
    draw_momenta(atoms, temperature, rng, rigid_motion=rigid_motion)
    internal = internal_degrees_of_freedom(atoms.positions, atoms.get_masses())
    return MolecularState(
        positions=atoms.positions,
        momenta=atoms.get_momenta(),
        rng=dict(rng.bit_generator.state),
        degrees_of_freedom=3 * len(atoms) if rigid_motion else internal,
    )
