"""The ensembles, by ASE's integrators: each knows its degrees of freedom, what it conserves, and how it goes on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.md.langevin import Langevin as AseLangevin
from ase.md.md import MolecularDynamics
from ase.md.nose_hoover_chain import NoseHooverChainNVT, NoseHooverChainThermostat
from ase.md.verlet import VelocityVerlet

from supple.dynamics.momenta import draw_momenta, internal_degrees_of_freedom
from supple.dynamics.settings import DynamicsSettings

#: Å by which a molecule may wander off before it is taken back to the origin: far from it, networks in single precision lose digits.
_AFAR = 1.0


class Ensemble(ABC):
    """An integrator of some atoms, which carry positions, momenta and the calculator.

    Attributes:
        atoms: what is moved.
        degrees_of_freedom: that the temperature is an average over.
    """

    integrator: MolecularDynamics

    def __init__(self, atoms: Atoms, settings: DynamicsSettings, rng: np.random.Generator) -> None:
        self.atoms = atoms
        self.settings = settings
        self.rng = rng
        self.degrees_of_freedom = internal_degrees_of_freedom(atoms)

    def begin(self) -> None:
        """Draw the first momenta."""
        draw_momenta(self.atoms, self.settings.temperature, self.rng, whole=False)
        self._build()

    def go_on(self, state: dict[str, Any]) -> None:
        """Be as when this state was taken."""
        self.atoms.positions = np.array(state["positions"])
        self.atoms.set_momenta(np.array(state["momenta"]))
        self.rng.bit_generator.state = state["rng"]
        self._build()

    def state(self) -> dict[str, Any]:
        """All that is needed to go on, to the bit; JSON."""
        return {
            "positions": self.atoms.positions.tolist(),
            "momenta": self.atoms.get_momenta().tolist(),
            "rng": self.rng.bit_generator.state,
        }

    def step(self) -> None:
        """One time step."""
        self.integrator.step()

    def rest(self) -> None:
        """Called before a frame is saved: the moment for what must not disturb the steps between."""

    @abstractmethod
    def _build(self) -> None:
        """Make the integrator for the atoms as they are."""

    @abstractmethod
    def conserved_energy(self) -> float | None:
        """eV; what exact integration would leave as it is, or None where the integrator has no such thing."""

    @property
    def _timestep(self) -> float:
        return self.settings.timestep * units.fs


class ConstantEnergy(Ensemble):
    """NVE, by velocity Verlet."""

    def _build(self) -> None:
        self.integrator = VelocityVerlet(self.atoms, self._timestep)

    def conserved_energy(self) -> float:
        """The total energy, eV."""
        return float(self.atoms.get_potential_energy() + self.atoms.get_kinetic_energy())


class Langevin(Ensemble):
    """Friction and random forces on every atom: the whole molecule moves and turns, too.

    Vanden-Eijnden and Ciccotti, Chem. Phys. Lett. 429, 310 (2006), doi 10.1016/j.cplett.2006.07.086.
    """

    def __init__(self, atoms: Atoms, settings: DynamicsSettings, rng: np.random.Generator) -> None:
        super().__init__(atoms, settings, rng)
        self.degrees_of_freedom = 3 * len(atoms)

    def begin(self) -> None:
        """Draw the first momenta, those of the whole molecule included."""
        draw_momenta(self.atoms, self.settings.temperature, self.rng, whole=True)
        self._build()

    def _build(self) -> None:
        friction = 1 / (self.settings.damping * units.fs)
        self.integrator = AseLangevin(
            self.atoms, self._timestep, temperature_K=self.settings.temperature, friction=friction, rng=self.rng,
            fixcm=False,
        )  # fmt: skip

    def rest(self) -> None:
        """Take a molecule that has wandered off back to the origin."""
        centre = self.atoms.get_center_of_mass()
        if np.linalg.norm(centre) > _AFAR:
            self.atoms.positions -= centre

    def conserved_energy(self) -> None:
        """None: ASE's integrator does not keep account of the heat."""


class NoseHoover(Ensemble):
    """A chain of three Nosé-Hoover thermostats.

    Martyna, Klein and Tuckerman, J. Chem. Phys. 97, 2635 (1992), doi 10.1063/1.463940.
    """

    integrator: NoseHooverChainNVT

    def _build(self) -> None:
        damping = self.settings.damping * units.fs
        kelvin = self.settings.temperature
        self.integrator = NoseHooverChainNVT(self.atoms, self._timestep, temperature_K=kelvin, tdamp=damping)
        # ASE counts 3N degrees of freedom. The chain scales momenta, and so gives none to a molecule that neither moves
        # nor turns as a whole: with 3N, the others would become too hot, methanol by a half.
        self.integrator._thermostat = NoseHooverChainThermostat(
            self.degrees_of_freedom / 3, self.integrator.masses, kelvin, damping
        )

    def state(self) -> dict[str, Any]:
        """Positions and momenta of the chain, too."""
        chain = self.integrator._thermostat
        return super().state() | {"eta": chain._eta.tolist(), "p_eta": chain._p_eta.tolist()}

    def go_on(self, state: dict[str, Any]) -> None:
        """Be as when this state was taken."""
        super().go_on(state)
        chain = self.integrator._thermostat
        chain._eta, chain._p_eta = np.array(state["eta"]), np.array(state["p_eta"])

    def conserved_energy(self) -> float:
        """The energy of molecule and chain, eV."""
        return float(self.integrator.get_conserved_energy())


#: The ensembles, by the names that users give them.
ENSEMBLES: dict[str, type[Ensemble]] = {"nve": ConstantEnergy, "langevin": Langevin, "nose-hoover": NoseHoover}
