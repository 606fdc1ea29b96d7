"""Calculators of images that belong together: the first that is asked answers for all of them, in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import all_changes

from supple.models.ase_calculator import SuppleCalculator
from supple.models.potential import Potential


class TogetherCalculator(SuppleCalculator):
    """The calculator of one image of a band."""

    def __init__(self, potential: Potential, band: Sequence[Atoms], **kwargs: Any) -> None:
        super().__init__(potential, **kwargs)
        self.band = band

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Energy and forces of all images as they are now; each keeps its own."""
        if atoms is None or not any(atoms is image for image in self.band):
            super().calculate(atoms, properties, system_changes)
            return
        energies, forces = self.potential.predict(np.array([image.positions for image in self.band]))
        for image, energy, force in zip(self.band, energies, forces, strict=True):
            calculator = image.calc
            calculator.atoms = Atoms(image.numbers, image.positions)
            calculator.results = {"energy": float(energy), "free_energy": float(energy), "forces": force}


def calculate_together(potential: Potential, band: Sequence[Atoms]) -> None:
    """Give each image a calculator of its own, which answers for all."""
    for image in band:
        image.calc = TogetherCalculator(potential, band)
