"""Calculators of the images of a band that evaluate all images in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import all_changes

from supple.models.ase_calculator import SuppleCalculator
from supple.models.potential import Potential


class BatchedCalculator(SuppleCalculator):
    """The calculator of one image; whichever is called first computes energies and forces of all of them."""

    def __init__(self, potential: Potential, images: Sequence[Atoms], **kwargs: Any) -> None:
        super().__init__(potential, **kwargs)
        self.images = images

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Energies and forces of all images at their present positions; each image's calculator keeps its own."""
        if atoms is None or not any(atoms is image for image in self.images):
            super().calculate(atoms, properties, system_changes)
            return
        energies, forces = self.potential.predict(np.array([image.positions for image in self.images]))
        for image, energy, force in zip(self.images, energies, forces, strict=True):
            calculator = image.calc
            calculator.atoms = Atoms(image.numbers, image.positions)
            calculator.results = {"energy": float(energy), "free_energy": float(energy), "forces": force}


def attach_batched_calculators(potential: Potential, images: Sequence[Atoms]) -> None:
    """Give each image a calculator that evaluates all of them together."""
    for image in images:
        image.calc = BatchedCalculator(potential, images)
