"""The context of a sampling run: molecule, methods and seed, which every way to draw geometries needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from supple.errors import SettingsError
from supple.geometry.calculators import single_point
from supple.methods import find_method
from supple.methods.electrons import require_electrons
from supple.methods.level import Level
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.molecules import starting_geometry


@dataclass(frozen=True)
class SamplingContext:
    """Molecule, methods and seed of a sampling run.

    Attributes:
        molecule: as the user names it.
        method: of the labels.
        drive: the method of dynamics and relaxations.
        charge, multiplicity: of the molecule.
        seed: of all random numbers.
    """

    molecule: str
    method: str
    drive: str
    charge: int
    multiplicity: int
    seed: int

    def start(self, geometry: str | None = None) -> Atoms:
        """The molecule, or another geometry of it."""
        return starting_geometry(geometry or self.molecule, self.seed)

    @property
    def level(self) -> Level:
        """The level of theory of the labels."""
        return Level(self.method, self.charge, self.multiplicity)

    def driver(self) -> Calculator:
        """A new calculator for dynamics and relaxations."""
        return find_method(self.drive).calculator(self.charge, self.multiplicity)

    def labeller(self) -> Calculator:
        """A new calculator for labels."""
        return find_method(self.method).calculator(self.charge, self.multiplicity)

    def require_ready(self, *, here: bool = True) -> None:
        """Refuse what cannot work, before anything is started.

        Args:
            here: whether the methods must be installed on this machine, and not elsewhere.

        Raises:
            SettingsError, DataError: the molecule or a method is unknown, a package is missing, or the molecule cannot have
                this charge and multiplicity.
        """
        start = self.start()
        methods = [find_method(name) for name in (self.drive, self.method)]
        for method in methods if here else []:
            method.calculator(self.charge, self.multiplicity)
        if not any(method.takes_charge for method in methods):
            if self.charge or self.multiplicity > 1:
                raise SettingsError(
                    f"{self.method} is a function of your own, which sets charge and multiplicity itself: leave out "
                    "--charge and --multiplicity."
                )
            return
        formal = start.info.get("formal_charge", self.charge)
        if formal != self.charge:
            raise SettingsError(f"'{self.molecule}' has charge {formal}, not {self.charge}: give --charge {formal}.")
        require_electrons(start, self.charge, self.multiplicity)

    def rng(self, name: str) -> np.random.Generator:
        """The random numbers of a segment or a part of it."""
        return np.random.default_rng([self.seed, crc32(name.encode())])

    def label(
        self,
        atoms: Atoms,
        extras: Mapping[str, float] | None = None,
        state: Mapping[str, Any] | None = None,
        remark: str | None = None,
    ) -> LabelledFrame:
        """A geometry with its energy and, if the method has them, forces; a failed calculation gives a failed frame."""
        positions, with_forces = atoms.positions.copy(), find_method(self.method).has_forces
        result = single_point(atoms, self.labeller, forces=with_forces)
        if result.failure is not None:
            return LabelledFrame(positions, None, None, result.failure, extras or {}, state, remark, of_label=True)
        return LabelledFrame(positions, result.energy, result.forces, None, extras or {}, state, remark)
