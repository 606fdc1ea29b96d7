"""ASE's integrators on arrays, for a batch of molecules whose forces are computed in one call.

The schemes and the order of the random numbers are those of ase_integrators.py, so that a replica moves as it would alone, up
to rounding; a test compares the two.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from ase import units
from jaxtyping import Bool, Float

from supple.models.potential import Potential
from supple.simulation.dynamics.engines.engine import Engine
from supple.simulation.dynamics.engines.nose_hoover_chain import THERMOSTATS, propagate
from supple.simulation.dynamics.molecular_state import MolecularState
from supple.simulation.dynamics.settings import DynamicsSettings


class BatchedEngine(Engine):
    """A batch of B molecules."""

    def __init__(self, potential: Potential, settings: DynamicsSettings, states: Sequence[MolecularState]) -> None:
        super().__init__(potential.numbers, settings, states)
        self.potential = potential
        self._positions = np.array([state.positions for state in states])
        self._momenta = np.array([state.momenta for state in states])
        self._energies, self._forces = potential.predict(self._positions)

    @property
    def positions(self) -> Float[np.ndarray, "B N 3"]:
        """Å."""
        return self._positions

    @property
    def momenta(self) -> Float[np.ndarray, "B N 3"]:
        """√(eV u)."""
        return self._momenta

    @property
    def energies(self) -> Float[np.ndarray, "B"]:
        """Potential energies, eV."""
        return self._energies

    @property
    def forces(self) -> Float[np.ndarray, "B N 3"]:
        """eV/Å."""
        return self._forces

    @abstractmethod
    def step(self) -> None:
        """Take one time step with all molecules."""

    def set_state(self, k: int, state: MolecularState) -> None:
        """Put molecule k into another state."""
        self.rngs[k].bit_generator.state = state.rng
        self._positions[k], self._momenta[k] = state.positions, state.momenta
        self._compute()

    def keep(self, selected: Bool[np.ndarray, "B"]) -> None:
        """Continue with these molecules only."""
        super().keep(selected)
        self._positions, self._momenta = self._positions[selected], self._momenta[selected]
        self._energies, self._forces = self._energies[selected], self._forces[selected]

    def _compute(self) -> None:
        self._energies, self._forces = self.potential.predict(self._positions)

    def _shift(self, by: Float[np.ndarray, "B 3"]) -> None:
        self._positions += by[:, None]
        self._compute()  # a run that is resumed after this frame computes them here, too; they differ by rounding

    def _verlet(self) -> None:
        """Velocity Verlet."""
        half = 0.5 * self._timestep
        self._momenta += half * self._forces
        self._positions += self._timestep * self._momenta / self.masses
        self._compute()
        self._momenta += half * self._forces


class ConstantEnergy(BatchedEngine):
    """NVE, by velocity Verlet."""

    def step(self) -> None:
        """Take one time step with all molecules."""
        self._verlet()

    def conserved_energies(self) -> Float[np.ndarray, "B"]:
        """Total energies, eV."""
        return self._energies + self.kinetic_energies()


class Langevin(BatchedEngine):
    """Friction γ and random forces; Vanden-Eijnden and Ciccotti, doi 10.1016/j.cplett.2006.07.086, eq. 23, as in ASE."""

    rigid_motion = True

    def __init__(self, potential: Potential, settings: DynamicsSettings, states: Sequence[MolecularState]) -> None:
        super().__init__(potential, settings, states)
        dt, friction = self._timestep, 1 / self._damping
        sigma = np.sqrt(2 * units.kB * settings.temperature * friction / self.masses)
        # named as in ASE
        self._c1 = (dt / 2 - dt**2 * friction / 8) / self.masses
        self._c2 = dt * friction / 2 - (dt * friction) ** 2 / 8
        self._c3 = np.sqrt(dt) * sigma / 2 - dt**1.5 * friction * sigma / 8
        self._c5 = dt**1.5 * sigma / (2 * np.sqrt(3))
        self._c4 = friction / 2 * self._c5

    def step(self) -> None:
        """Take one time step with all molecules."""
        velocities = self._momenta / self.masses
        noise = np.empty((len(self.rngs), 2, *self._positions.shape[1:]))
        for rng, row in zip(self.rngs, noise, strict=True):
            rng.standard_normal(out=row)
        velocity_noise = self._c3 * noise[:, 0] - self._c4 * noise[:, 1]
        velocities += self._c1 * self._forces - self._c2 * velocities + velocity_noise
        self._positions += self._timestep * velocities + self._c5 * noise[:, 1]
        self._compute()
        velocities += self._c1 * self._forces - self._c2 * velocities + velocity_noise
        self._momenta = velocities * self.masses

    def conserved_energies(self) -> None:
        """None: the heat exchanged with the bath is not recorded."""


class NoseHoover(BatchedEngine):
    """A chain of three thermostats for each molecule; Martyna, Klein and Tuckerman, doi 10.1063/1.463940."""

    def __init__(self, potential: Potential, settings: DynamicsSettings, states: Sequence[MolecularState]) -> None:
        super().__init__(potential, settings, states)
        self._kt = units.kB * settings.temperature
        self._inertia = np.full((len(states), THERMOSTATS), self._kt * self._damping**2)
        self._inertia[:, 0] *= self.degrees_of_freedom
        at_rest = np.zeros(THERMOSTATS)
        self._eta = np.array([at_rest if state.eta is None else state.eta for state in states])
        self._p_eta = np.array([at_rest if state.p_eta is None else state.p_eta for state in states])

    def step(self) -> None:
        """Take one time step with all molecules: the chains by half a step before and after."""
        self._propagate()
        self._verlet()
        self._propagate()

    def _propagate(self) -> None:
        twice_kinetic = 2 * self.kinetic_energies()
        factors = propagate(
            twice_kinetic, self._eta, self._p_eta, self._inertia, self._kt, self.degrees_of_freedom, self._timestep / 2
        )
        self._momenta *= factors[:, None, None]

    def set_state(self, k: int, state: MolecularState) -> None:
        """Put molecule k into another state, with a chain at rest if it has none."""
        super().set_state(k, state)
        self._eta[k] = 0.0 if state.eta is None else state.eta
        self._p_eta[k] = 0.0 if state.p_eta is None else state.p_eta

    def keep(self, selected: Bool[np.ndarray, "B"]) -> None:
        """Continue with these molecules only."""
        super().keep(selected)
        self._eta, self._p_eta, self._inertia = self._eta[selected], self._p_eta[selected], self._inertia[selected]

    def state(self, k: int) -> MolecularState:
        """All that molecule k needs to continue, including its chain."""
        return replace(super().state(k), eta=self._eta[k].copy(), p_eta=self._p_eta[k].copy())

    def conserved_energies(self) -> Float[np.ndarray, "B"]:
        """Energies of molecules and chains, eV."""
        chain_potential = self._kt * (self.degrees_of_freedom * self._eta[:, 0] + self._eta[:, 1:].sum(axis=1))
        chain_kinetic = 0.5 * (self._p_eta**2 / self._inertia).sum(axis=1)
        return self._energies + self.kinetic_energies() + chain_potential + chain_kinetic


#: The ensembles, by their names in the settings.
BATCHED: dict[str, type[BatchedEngine]] = {
    "nve": ConstantEnergy,
    "langevin": Langevin,
    "nose-hoover": NoseHoover,
}
