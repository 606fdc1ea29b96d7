"""Calculators of a user's own: springs between neighbours, and some that fail."""

import numpy as np
from ase.calculators.calculator import CalculationFailed, Calculator


class Springs(Calculator):
    """Harmonic springs between all pairs, about the lengths of the first geometry that it meets in this process."""

    implemented_properties = ["energy", "forces"]
    rest = None

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        r = self.atoms.positions
        apart = r[:, None] - r
        length = np.linalg.norm(apart, axis=2)
        if Springs.rest is None or Springs.rest.shape != length.shape:
            Springs.rest = length.copy()
        off = length - Springs.rest
        np.fill_diagonal(length, 1.0)
        self.results = {
            "energy": float((off**2).sum() / 4 * 20.0),
            "forces": -(20.0 * (off / length)[..., None] * apart).sum(axis=1),
        }


class Sometimes(Springs):
    """Fails for about a third of the geometries."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        if int(abs(self.atoms.positions[0, 0]) * 1e6) % 3 == 0:
            raise CalculationFailed("no self-consistency")


class Nothing(Springs):
    """Gives energies that are no numbers."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        self.results["energy"] = float("nan")


def springs():
    return Springs()


def sometimes():
    return Sometimes()


def nothing():
    return Nothing()


def no_calculator():
    return 3
