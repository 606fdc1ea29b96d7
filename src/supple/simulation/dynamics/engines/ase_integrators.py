"""ASE's integrators, for one molecule."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from ase import Atoms
from ase.md.langevin import Langevin as AseLangevin
from ase.md.nose_hoover_chain import NoseHooverChainNVT, NoseHooverChainThermostat
from ase.md.verlet import VelocityVerlet
from jaxtyping import Float

from supple.models.potential import Potential
from supple.simulation.dynamics.engines.engine import Engine
from supple.simulation.dynamics.molecular_state import MolecularState
from supple.simulation.dynamics.settings import DynamicsSettings


class AseEngine(Engine):
    """One molecule as ASE's Atoms, with its calculator and integrator."""

    integrator: VelocityVerlet | AseLangevin | NoseHooverChainNVT

    def __init__(self, potential: Potential, settings: DynamicsSettings, states: Sequence[MolecularState]) -> None:
        super().__init__(potential.numbers, settings, states)
        (state,) = states
        self.atoms = Atoms(potential.numbers, calculator=potential.calculator(uncertainty=False))
        self.set_state(0, state)

    def set_state(self, k: int, state: MolecularState) -> None:
        """Put the molecule into another state."""
        self.rngs[k].bit_generator.state = state.rng
        self.atoms.positions = np.array(state.positions)
        self.atoms.set_momenta(np.array(state.momenta))
        self._build(state)

    @abstractmethod
    def _build(self, state: MolecularState) -> None:
        """Create the integrator for the atoms as they are."""

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
        """Take one time step."""
        self.integrator.step()

    def _shift(self, by: Float[np.ndarray, "B 3"]) -> None:
        self.atoms.positions += by[0]


class ConstantEnergy(AseEngine):
    """NVE, by velocity Verlet."""

    def _build(self, state: MolecularState) -> None:
        self.integrator = VelocityVerlet(self.atoms, self._timestep)

    def conserved_energies(self) -> Float[np.ndarray, "B"]:
        """The total energy, eV."""
        return self.energies + self.kinetic_energies()


class Langevin(AseEngine):
    """Friction and random forces on every atom: the molecule as a whole translates and rotates, too.

    Vanden-Eijnden and Ciccotti, Chem. Phys. Lett. 429, 310 (2006), doi 10.1016/j.cplett.2006.07.086.
    """

    rigid_motion = True

    def _build(self, state: MolecularState) -> None:
        self.integrator = AseLangevin(
            self.atoms, self._timestep, temperature_K=self.settings.temperature, friction=1 / self._damping,
            rng=self.rngs[0], fixcm=False,
        )  # fmt: skip

    def conserved_energies(self) -> None:
        """None: ASE's integrator does not record the heat exchanged with the bath."""


class NoseHoover(AseEngine):
    """A chain of three Nosé-Hoover thermostats.

    Martyna, Klein and Tuckerman, J. Chem. Phys. 97, 2635 (1992), doi 10.1063/1.463940.
    """

    integrator: NoseHooverChainNVT

    def _build(self, state: MolecularState) -> None:
        kelvin = self.settings.temperature
        self.integrator = NoseHooverChainNVT(self.atoms, self._timestep, temperature_K=kelvin, tdamp=self._damping)
        # ASE counts 3N degrees of freedom. A chain scales momenta, and therefore a molecule without translation and
        # rotation never gets any: with 3N, the internal ones would be too hot, those of methanol by a half.
        thirds: Any = int(self.degrees_of_freedom[0]) / 3
        chain = NoseHooverChainThermostat(thirds, self.integrator.masses, kelvin, self._damping)
        if state.eta is not None and state.p_eta is not None:
            chain._eta, chain._p_eta = np.array(state.eta), np.array(state.p_eta)
        self.integrator._thermostat = chain

    def state(self, k: int) -> MolecularState:
        """All that the molecule needs to continue, including the chain."""
        chain = self.integrator._thermostat
        return replace(super().state(k), eta=chain._eta.copy(), p_eta=chain._p_eta.copy())

    def conserved_energies(self) -> Float[np.ndarray, "B"]:
        """Energy of molecule and chain, eV."""
        return np.array([self.integrator.get_conserved_energy()])


#: The ensembles, by their names in the settings.
ASE: dict[str, type[AseEngine]] = {
    "nve": ConstantEnergy,
    "langevin": Langevin,
    "nose-hoover": NoseHoover,
}
