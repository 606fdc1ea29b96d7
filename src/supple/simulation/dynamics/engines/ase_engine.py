"""One molecule, by ASE's integrators."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.md.langevin import Langevin as AseLangevin
from ase.md.nose_hoover_chain import NoseHooverChainNVT, NoseHooverChainThermostat
from ase.md.verlet import VelocityVerlet
from jaxtyping import Float

from supple.models.potential import Potential
from supple.simulation.dynamics.engines.base import Engine, State
from supple.simulation.dynamics.settings import DynamicsSettings


class ThroughAse(Engine):
    """ASE's atoms, calculator and integrator."""

    integrator: VelocityVerlet | AseLangevin | NoseHooverChainNVT

    def __init__(self, potential: Potential, settings: DynamicsSettings, states: Sequence[State]) -> None:
        super().__init__(potential.numbers, settings, states)
        (state,) = states
        self.atoms = Atoms(potential.numbers, calculator=potential.calculator())
        self.place(0, state)

    def place(self, k: int, state: State) -> None:
        """Put the molecule into another state."""
        self.rngs[k].bit_generator.state = state["rng"]
        self.atoms.positions = np.array(state["positions"])
        self.atoms.set_momenta(np.array(state["momenta"]))
        self._build(state)

    @abstractmethod
    def _build(self, state: State) -> None:
        """Make the integrator for the atoms as they are."""

    @property
    def positions(self) -> Float[np.ndarray, "B N 3"]:
        """Å, B = 1."""
        return self.atoms.positions[None]

    @property
    def momenta(self) -> Float[np.ndarray, "B N 3"]:
        """√(eV u)."""
        return self.atoms.get_momenta()[None]

    @property
    def energies(self) -> Float[np.ndarray, "B"]:
        """The potential energy, eV."""
        return np.array([self.atoms.get_potential_energy()])

    @property
    def forces(self) -> Float[np.ndarray, "B N 3"]:
        """eV/Å."""
        return self.atoms.get_forces()[None]

    def step(self) -> None:
        """One time step."""
        self.integrator.step()

    def _shift(self, by: Float[np.ndarray, "B 3"]) -> None:
        self.atoms.positions += by[0]


class ConstantEnergy(ThroughAse):
    """NVE, by velocity Verlet."""

    def _build(self, state: State) -> None:
        self.integrator = VelocityVerlet(self.atoms, self._timestep)

    def conserved_energies(self) -> Float[np.ndarray, "B"]:
        """The total energy, eV."""
        return self.energies + self.kinetic_energies()


class Langevin(ThroughAse):
    """Friction and random forces on every atom: the whole molecule moves and turns, too.

    Vanden-Eijnden and Ciccotti, Chem. Phys. Lett. 429, 310 (2006), doi 10.1016/j.cplett.2006.07.086.
    """

    whole = True

    def _build(self, state: State) -> None:
        self.integrator = AseLangevin(
            self.atoms, self._timestep, temperature_K=self.settings.temperature, friction=1 / self._damping,
            rng=self.rngs[0], fixcm=False,
        )  # fmt: skip

    def conserved_energies(self) -> None:
        """None: ASE's integrator does not keep account of the heat."""


class NoseHoover(ThroughAse):
    """A chain of three Nosé-Hoover thermostats.

    Martyna, Klein and Tuckerman, J. Chem. Phys. 97, 2635 (1992), doi 10.1063/1.463940.
    """

    integrator: NoseHooverChainNVT

    def _build(self, state: State) -> None:
        kelvin = self.settings.temperature
        self.integrator = NoseHooverChainNVT(self.atoms, self._timestep, temperature_K=kelvin, tdamp=self._damping)
        # ASE counts 3N degrees of freedom. The chain scales momenta, and so gives none to a molecule that neither moves
        # nor turns as a whole: with 3N, the others would become too hot, methanol by a half.
        thirds: Any = int(self.degrees_of_freedom[0]) / 3
        chain = NoseHooverChainThermostat(thirds, self.integrator.masses, kelvin, self._damping)
        if "eta" in state:
            chain._eta, chain._p_eta = np.array(state["eta"]), np.array(state["p_eta"])
        self.integrator._thermostat = chain

    def state(self, k: int) -> State:
        """Positions and momenta of the chain, too."""
        chain = self.integrator._thermostat
        return super().state(k) | {"eta": chain._eta.copy(), "p_eta": chain._p_eta.copy()}

    def conserved_energies(self) -> Float[np.ndarray, "B"]:
        """The energy of molecule and chain, eV."""
        return np.array([self.integrator.get_conserved_energy()])


#: The ensembles, by the names that users give them.
THROUGH_ASE: dict[str, type[ThroughAse]] = {
    "nve": ConstantEnergy,
    "langevin": Langevin,
    "nose-hoover": NoseHoover,
}
