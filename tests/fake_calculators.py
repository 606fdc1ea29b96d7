"""Calculators of the user's own: springs, two valleys, a cheap method for the molecule of toy.py, and some that fail."""

import time

import numpy as np
import torch
from ase.calculators.calculator import CalculationFailed, Calculator
from toy import toy_energy


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


class Softer(Springs):
    """The same springs, a little weaker: a cheap method for them."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        self.results = {name: 0.9 * value for name, value in self.results.items()}


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


class Cheap(Calculator):
    """The energy of toy.py and a smooth error of each pair, which is the same for equal elements."""

    implemented_properties = ["energy", "forces"]
    calls = 0
    error = 0.05

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        Cheap.calls += 1
        r = torch.tensor(self.atoms.positions[None], requires_grad=True)
        z = torch.tensor(self.atoms.numbers, dtype=torch.float64)
        first, second = torch.triu_indices(len(z), len(z), 1)
        pairs = (r[:, first] - r[:, second]).norm(dim=-1)
        energy = (
            toy_energy(r) + self.error * (torch.sqrt(z[first] * z[second]) * torch.exp(-0.3 * pairs)).sum(-1) + 77.0
        )
        (gradient,) = torch.autograd.grad(energy.sum(), r)
        self.results = {"energy": energy.item(), "forces": -gradient[0].numpy()}


class SometimesCheap(Cheap):
    """Fails for about a fifth of the geometries."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        if int(abs(self.atoms.positions[0, 0]) * 1e6) % 5 == 0:
            raise CalculationFailed("no self-consistency")


class Slow(Cheap):
    """Takes a while."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        time.sleep(0.1)


class Rough(Cheap):
    """Its error is rougher than what it approximates."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        super().calculate(atoms, properties, system_changes)
        r, n = self.atoms.positions, len(self.atoms)
        away = r[:, None] - r + np.eye(n)[..., None]
        length = np.linalg.norm(away, axis=2)
        slope = 0.4 * 25 * np.cos(25 * length) * (1 - np.eye(n))
        self.results["energy"] += float((0.4 * np.sin(25 * length) * (1 - np.eye(n))).sum() / 2)
        self.results["forces"] = self.results["forces"] - ((slope / length)[..., None] * away).sum(axis=1)


class Breaks(Springs):
    """Always fails."""

    def calculate(self, atoms=None, properties=None, system_changes=None):
        raise CalculationFailed("no orbitals\nand a second line")


def valleys():
    return Valleys()


def cheap():
    return Cheap()


def sometimes_cheap():
    return SometimesCheap()


def slow():
    return Slow()


def rough():
    return Rough()


def breaks():
    return Breaks()


def springs():
    return Springs()


def softer():
    return Softer()


def sometimes():
    return Sometimes()


def nothing():
    return Nothing()


def no_calculator():
    return 3
