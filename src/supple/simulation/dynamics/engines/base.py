"""Engine: molecules that move side by side and know nothing of each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from ase import Atoms, units
from jaxtyping import Bool, Float, Int

from supple.simulation.dynamics.settings import DynamicsSettings

#: All that one molecule needs to go on, to the bit: positions, momenta, random numbers, thermostat.
State = dict[str, Any]
#: Å by which a molecule may wander off before it is taken back to the origin: far from it, networks in single precision lose digits.
AFAR = 1.0


class Engine(ABC):
    """An integrator for B molecules of one kind.

    Attributes:
        masses: u, shape (N, 1).
        settings: ensemble, temperature, times.
        rngs: of each molecule.
        degrees_of_freedom: of each molecule, that its temperature is an average over; shape (B,).
    """

    #: Whether the ensemble's forces act on the molecule as a whole, too, so that it moves and turns.
    whole: ClassVar[bool] = False

    def __init__(self, numbers: Int[np.ndarray, "N"], settings: DynamicsSettings, states: Sequence[State]) -> None:
        self.masses = Atoms(numbers).get_masses()[:, None]
        self.settings = settings
        self.rngs = [_generator(state) for state in states]
        self.degrees_of_freedom = np.array([state["degrees_of_freedom"] for state in states])

    @property
    @abstractmethod
    def positions(self) -> Float[np.ndarray, "B N 3"]:
        """Å."""

    @property
    @abstractmethod
    def momenta(self) -> Float[np.ndarray, "B N 3"]:
        """In ASE's unit, √(eV u)."""

    @property
    @abstractmethod
    def energies(self) -> Float[np.ndarray, "B"]:
        """Potential energies, eV."""

    @property
    @abstractmethod
    def forces(self) -> Float[np.ndarray, "B N 3"]:
        """eV/Å."""

    @abstractmethod
    def step(self) -> None:
        """One time step of all molecules."""

    @abstractmethod
    def conserved_energies(self) -> Float[np.ndarray, "B"] | None:
        """eV; what exact integration would leave as it is, or None where the integrator has no such thing."""

    @abstractmethod
    def place(self, k: int, state: State) -> None:
        """Put molecule k into another state."""

    def keep(self, which: Bool[np.ndarray, "B"]) -> None:
        """Go on with these molecules alone."""
        self.rngs = [rng for rng, kept in zip(self.rngs, which, strict=True) if kept]
        self.degrees_of_freedom = self.degrees_of_freedom[which]

    def rest(self) -> None:
        """Called before frames are saved: take molecules that have wandered off back to the origin.

        Only where forces act on the molecule as a whole; elsewhere its centre stays where it is.
        """
        if not self.whole:
            return
        centres = (self.positions * self.masses).sum(axis=1) / self.masses.sum()
        afar = np.linalg.norm(centres, axis=1) > AFAR
        if afar.any():
            self._shift(np.where(afar[:, None], -centres, 0.0))

    @abstractmethod
    def _shift(self, by: Float[np.ndarray, "B 3"]) -> None:
        """Move each molecule as a whole."""

    def kinetic_energies(self) -> Float[np.ndarray, "B"]:
        """Of each molecule, eV."""
        return 0.5 * (self.momenta**2 / self.masses).sum(axis=(1, 2))

    def state(self, k: int) -> State:
        """All that molecule k needs to go on."""
        return {
            "positions": self.positions[k].copy(),
            "momenta": self.momenta[k].copy(),
            "rng": self.rngs[k].bit_generator.state,
            "degrees_of_freedom": int(self.degrees_of_freedom[k]),
        }

    @property
    def _timestep(self) -> float:
        return self.settings.timestep * units.fs

    @property
    def _damping(self) -> float:
        return self.settings.damping * units.fs


def _generator(state: State) -> np.random.Generator:
    rng = np.random.default_rng()
    rng.bit_generator.state = state["rng"]
    return rng
