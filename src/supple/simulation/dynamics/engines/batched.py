"""Many molecules at once: ASE's integrators on arrays, with the forces of all in one call.

The schemes and the order of the random numbers are those of through_ase.py, so that a replica moves as it would alone, to
rounding; a test holds the two together.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from ase import units
from jaxtyping import Bool, Float

from supple.models.potential import Potential
from supple.simulation.dynamics.engines.base import Engine, State
from supple.simulation.dynamics.engines.nose_hoover_chain import THERMOSTATS, propagate
from supple.simulation.dynamics.settings import DynamicsSettings


class SideBySide(Engine):
    """Arrays of B molecules."""

    def __init__(self, potential: Potential, settings: DynamicsSettings, states: Sequence[State]) -> None:
        super().__init__(potential.numbers, settings, states)
        self.potential = potential
        self._positions = np.array([state["positions"] for state in states])
        self._momenta = np.array([state["momenta"] for state in states])
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
        """One time step of all molecules."""

    def place(self, k: int, state: State) -> None:
        """Put molecule k into another state."""
        self.rngs[k].bit_generator.state = state["rng"]
        self._positions[k], self._momenta[k] = state["positions"], state["momenta"]
        self._compute()

    def keep(self, which: Bool[np.ndarray, "B"]) -> None:
        """Go on with these molecules alone."""
        super().keep(which)
        self._positions, self._momenta = self._positions[which], self._momenta[which]
        self._energies, self._forces = self._energies[which], self._forces[which]

    def _compute(self) -> None:
        self._energies, self._forces = self.potential.predict(self._positions)

    def _shift(self, by: Float[np.ndarray, "B 3"]) -> None:
        self._positions += by[:, None]
        self._compute()  # rounding: a run that is gone on with after this frame has to compute them, too

    def _verlet(self) -> None:
        """Velocity Verlet."""
        half = 0.5 * self._timestep
        self._momenta += half * self._forces
        self._positions += self._timestep * self._momenta / self.masses
        self._compute()
        self._momenta += half * self._forces


class ConstantEnergy(SideBySide):
    """NVE, by velocity Verlet."""

    def step(self) -> None:
        """One time step of all molecules."""
        self._verlet()

    def conserved_energies(self) -> Float[np.ndarray, "B"]:
        """Total energies, eV."""
        return self._energies + self.kinetic_energies()


class Langevin(SideBySide):
    """Friction γ and random forces; Vanden-Eijnden and Ciccotti, doi 10.1016/j.cplett.2006.07.086, eq. 23, as in ASE."""

    whole = True

    def __init__(self, potential: Potential, settings: DynamicsSettings, states: Sequence[State]) -> None:
        super().__init__(potential, settings, states)
        dt, friction = self._timestep, 1 / self._damping
        sigma = np.sqrt(2 * units.kB * settings.temperature * friction / self.masses)
        self._by_force = (dt / 2 - dt**2 * friction / 8) / self.masses
        self._by_velocity = dt * friction / 2 - (dt * friction) ** 2 / 8
        self._of_velocity = np.sqrt(dt) * sigma / 2 - dt**1.5 * friction * sigma / 8
        self._of_position = dt**1.5 * sigma / (2 * np.sqrt(3))
        self._common = friction / 2 * self._of_position

    def step(self) -> None:
        """One time step of all molecules."""
        velocities = self._momenta / self.masses
        noise = np.empty((len(self.rngs), 2, *self._positions.shape[1:]))
        for rng, room in zip(self.rngs, noise, strict=True):
            rng.standard_normal(out=room)
        of_velocity = self._of_velocity * noise[:, 0] - self._common * noise[:, 1]
        velocities += self._by_force * self._forces - self._by_velocity * velocities + of_velocity
        self._positions += self._timestep * velocities + self._of_position * noise[:, 1]
        self._compute()
        velocities += self._by_force * self._forces - self._by_velocity * velocities + of_velocity
        self._momenta = velocities * self.masses

    def conserved_energies(self) -> None:
        """None: no account is kept of the heat."""


class NoseHoover(SideBySide):
    """A chain of three thermostats for each molecule; Martyna, Klein and Tuckerman, doi 10.1063/1.463940."""

    def __init__(self, potential: Potential, settings: DynamicsSettings, states: Sequence[State]) -> None:
        super().__init__(potential, settings, states)
        self._kt = units.kB * settings.temperature
        self._inertia = np.full((len(states), THERMOSTATS), self._kt * self._damping**2)
        self._inertia[:, 0] *= self.degrees_of_freedom
        rest = [0.0] * THERMOSTATS
        self._eta = np.array([state.get("eta", rest) for state in states])
        self._p_eta = np.array([state.get("p_eta", rest) for state in states])

    def step(self) -> None:
        """One time step of all molecules: half of the chains, the molecules, the other half."""
        self._propagate()
        self._verlet()
        self._propagate()

    def _propagate(self) -> None:
        twice_kinetic = 2 * self.kinetic_energies()
        factors = propagate(
            twice_kinetic, self._eta, self._p_eta, self._inertia, self._kt, self.degrees_of_freedom, self._timestep / 2
        )
        self._momenta *= factors[:, None, None]

    def place(self, k: int, state: State) -> None:
        """Put molecule k into another state, with a chain at rest if it has none."""
        super().place(k, state)
        self._eta[k], self._p_eta[k] = state.get("eta", 0.0), state.get("p_eta", 0.0)

    def keep(self, which: Bool[np.ndarray, "B"]) -> None:
        """Go on with these molecules alone."""
        super().keep(which)
        self._eta, self._p_eta, self._inertia = self._eta[which], self._p_eta[which], self._inertia[which]

    def state(self, k: int) -> State:
        """Positions and momenta of the chain, too."""
        return super().state(k) | {"eta": self._eta[k].copy(), "p_eta": self._p_eta[k].copy()}

    def conserved_energies(self) -> Float[np.ndarray, "B"]:
        """Energies of molecules and chains, eV."""
        of_position = self._kt * (self.degrees_of_freedom * self._eta[:, 0] + self._eta[:, 1:].sum(axis=1))
        of_momentum = 0.5 * (self._p_eta**2 / self._inertia).sum(axis=1)
        return self._energies + self.kinetic_energies() + of_position + of_momentum


#: The ensembles, by the names that users give them.
SIDE_BY_SIDE: dict[str, type[SideBySide]] = {
    "nve": ConstantEnergy,
    "langevin": Langevin,
    "nose-hoover": NoseHoover,
}
