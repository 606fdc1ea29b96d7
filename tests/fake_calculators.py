"""Calculators of the user's own: springs, two valleys, and some that fail."""

import numpy as np
from ase.calculators.calculator import CalculationFailed, Calculator


class Springs(Calculator):
    """Harmonic springs between all pairs, about the lengths of the first geometry in this process."""

    implemented_properties = ["energy", "forces"]
    rest = None

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        r = self.atoms.positions
        displacement = r[:, None] - r
        length = np.linalg.norm(displacement, axis=2)
        if Springs.rest is None or Springs.rest.shape != length.shape:
            Springs.rest = length.copy()
        off = length - Springs.rest
        np.fill_diagonal(length, 1.0)
        self.results = {
            "energy": float((off**2).sum() / 4 * 20.0),
            "forces": -(20.0 * (off / length)[..., None] * displacement).sum(axis=1),
        }


class Sometimes(Springs):
    """Fails for about a third of the geometries."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        if int(abs(self.atoms.positions[0, 0]) * 1e6) % 3 == 0:
            raise CalculationFailed("no self-consistency")


class Nothing(Springs):
    """Gives energies that are NaN."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        self.results["energy"] = float("nan")


class Valleys(Calculator):
    """Two valleys of the distance of the first two atoms, 1.3 and 1.5 Å; the first is lower by 0.1 eV."""

    implemented_properties = ["energy", "forces"]

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        along = self.atoms.positions[1] - self.atoms.positions[0]
        x = np.linalg.norm(along)
        a, b = x - 1.3, x - 1.5
        slope = 4000 * 2 * a * b * (a + b) + 0.5
        forces = np.zeros((len(self.atoms), 3))
        forces[0], forces[1] = slope * along / x, -slope * along / x
        self.results = {"energy": 4000 * a**2 * b**2 + 0.5 * a, "forces": forces}


class Breaks(Springs):
    """Always fails."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        raise CalculationFailed("no orbitals\nand a second line")


def valleys():
    return Valleys()


def breaks():
    return Breaks()


def springs():
    return Springs()


def sometimes():
    return Sometimes()


def nothing():
    return Nothing()


def no_calculator():
    return 3
