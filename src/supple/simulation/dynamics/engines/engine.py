"""Engine: an integrator for a batch of molecules that do not interact."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from ase import Atoms, units
from jaxtyping import Bool, Float, Int

from supple.simulation.dynamics.molecular_state import MolecularState
from supple.simulation.dynamics.settings import DynamicsSettings

#: Å from the origin beyond which a molecule is moved back: far from it, networks in single precision lose digits.
_MAX_DISTANCE = 1.0


class Engine(ABC):
    """An integrator for B molecules of one kind.

    Attributes:
        masses: u, shape (N, 1).
        settings: ensemble, temperature, times.
        rngs: the random number generator of each molecule.
        degrees_of_freedom: of each molecule, over which its kinetic energy is averaged; shape (B,).
    """

    #: Whether the ensemble makes the molecule translate and rotate as a whole.
    rigid_motion: ClassVar[bool] = False

    def __init__(
        self, numbers: Int[np.ndarray, "N"], settings: DynamicsSettings, states: Sequence[MolecularState]
    ) -> None:
        self.masses = Atoms(numbers).get_masses()[:, None]
        self.settings = settings
        self.rngs = [_generator(state) for state in states]
        self.degrees_of_freedom = np.array([state.degrees_of_freedom for state in states])

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
        """Take one time step with all molecules."""

    @abstractmethod
    def conserved_energies(self) -> Float[np.ndarray, "B"] | None:
        """Energies that exact integration would conserve, eV; None where the ensemble has none."""

    @abstractmethod
    def set_state(self, k: int, state: MolecularState) -> None:
        """Put molecule k into another state."""

    def keep(self, selected: Bool[np.ndarray, "B"]) -> None:
        """Continue with these molecules only."""
        self.rngs = [rng for rng, keep in zip(self.rngs, selected, strict=True) if keep]
        self.degrees_of_freedom = self.degrees_of_freedom[selected]

    def recentre(self) -> None:
        """Move molecules that are far from the origin back to it; called before frames are saved.

        Without rigid motion, the centre of mass stays at the origin anyway.
        """
        if not self.rigid_motion:
            return
        centres = (self.positions * self.masses).sum(axis=1) / self.masses.sum()
        far = np.linalg.norm(centres, axis=1) > _MAX_DISTANCE
        if far.any():
            self._shift(np.where(far[:, None], -centres, 0.0))

    @abstractmethod
    def _shift(self, by: Float[np.ndarray, "B 3"]) -> None:
        """Translate each molecule by its row, in Å."""

    def kinetic_energies(self) -> Float[np.ndarray, "B"]:
        """Kinetic energies, eV."""
        return 0.5 * (self.momenta**2 / self.masses).sum(axis=(1, 2))

    def state(self, k: int) -> MolecularState:
        """All that molecule k needs to continue."""
        return MolecularState(
            positions=self.positions[k].copy(),
            momenta=self.momenta[k].copy(),
            rng=dict(self.rngs[k].bit_generator.state),
            degrees_of_freedom=int(self.degrees_of_freedom[k]),
        )

    @property
    def _timestep(self) -> float:
        return self.settings.timestep * units.fs

    @property
    def _damping(self) -> float:
        return self.settings.damping * units.fs


def _generator(state: MolecularState) -> np.random.Generator:
    rng = np.random.default_rng()
    rng.bit_generator.state = state.rng
    return rng
