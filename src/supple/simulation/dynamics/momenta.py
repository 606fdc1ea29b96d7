"""Momenta of an isolated molecule: its degrees of freedom, initial momenta, and the temperature that momenta mean."""

from __future__ import annotations

import numpy as np
from ase import Atoms, units
from ase.md.velocitydistribution import thermalize_momenta
from jaxtyping import Float, Int

from supple.simulation.dynamics.molecular_state import MolecularState

#: A moment of inertia below this fraction of the largest is that of a linear molecule about its axis.
_LINEAR = 1e-6


def internal_degrees_of_freedom(atoms: Atoms) -> int:
    """3N - 6, or 3N - 5 for a linear molecule: what is left without translation and rotation."""
    moments = np.asarray(atoms.get_moments_of_inertia())
    return int(3 * len(atoms) - 3 - (moments > _LINEAR * moments.max()).sum())


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
        masses = atoms.get_masses()[:, None]
        momenta = atoms.get_momenta() - masses * atoms.get_momenta().sum(axis=0) / masses.sum()
        r = atoms.positions - atoms.get_center_of_mass()
        inertia = (
            masses[:, :, None] * ((r**2).sum(axis=1)[:, None, None] * np.eye(3) - r[:, :, None] * r[:, None])
        ).sum(0)
        # ASE's ZeroRotation divides by the moment of inertia of a linear molecule about its axis
        angular_velocity = np.linalg.pinv(inertia, rcond=_LINEAR, hermitian=True) @ np.cross(r, momenta).sum(axis=0)
        atoms.set_momenta(momenta - masses * np.cross(angular_velocity, r))


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
    return MolecularState(
        positions=atoms.positions,
        momenta=atoms.get_momenta(),
        rng=dict(rng.bit_generator.state),
        degrees_of_freedom=3 * len(atoms) if rigid_motion else internal_degrees_of_freedom(atoms),
    )
