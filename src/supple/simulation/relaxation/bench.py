"""A bench whose every method is a force field: what samples with quantum chemistry scans and relaxes with a model, too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from jaxtyping import Float

from supple.models.potential import Potential
from supple.sampling.context import Bench


@dataclass(frozen=True, eq=False)
class ForceFieldBench(Bench):
    """A molecule and the force field that it is judged by.

    Attributes:
        potential: the force field.
        geometry: Å, shape (N, 3); where all begins.
    """

    potential: Potential
    geometry: Float[np.ndarray, "N 3"]

    @classmethod
    def of(cls, potential: Potential, geometry: Float[np.ndarray, "N 3"]) -> ForceFieldBench:
        """A bench for a geometry of the force field's molecule, in Å."""
        kind = potential.kind
        return cls("the molecule", kind, kind, 0, 1, 0, potential=potential, geometry=geometry)

    def start(self, other: str | None = None) -> Atoms:
        """The geometry."""
        del other  # there is one
        return Atoms(self.potential.numbers, self.geometry)

    def driver(self) -> Calculator:
        """A new calculator."""
        return self.potential.calculator()

    def labeller(self) -> Calculator:
        """The same."""
        return self.potential.calculator()
