"""Level: a method for a molecule of known charge and multiplicity."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from jaxtyping import Float, Int
from threadpoolctl import ThreadpoolController

from supple.geometry.calculators import SinglePoint, single_point
from supple.methods import Method, find_method
from supple.methods.version import method_version


class TimedPoint(NamedTuple):
    """A calculation, and the seconds that it took."""

    point: SinglePoint
    seconds: float


@dataclass(frozen=True)
class Level:
    """A level of theory for one molecule; it can be sent to another process.

    Attributes:
        name: of the method, as `find_method` takes it.
        charge, multiplicity: of the molecule; 0 and 1 for a function of the user's own, which sets them itself.
        version_there: of the method on the machines that calculate, where these are others.
    """

    name: str
    charge: int = 0
    multiplicity: int = 1
    version_there: str | None = None

    @property
    def method(self) -> Method:
        """The method.

        Raises:
            SettingsError: it is unknown, or a package that it needs is not installed.
        """
        return find_method(self.name)

    @property
    def anywhere(self) -> Level:
        """The same, found from any folder that a worker may run in."""
        kind, _, file = self.name.partition(":")
        return replace(self, name=f"{kind}:{Path(file).absolute()}") if kind == "template" else self

    @property
    def version(self) -> str:
        """As `method_version`.

        Raises:
            SettingsError: the method is unknown or not installed.
        """
        return self.version_there or method_version(self.method)

    def identity(self, numbers: Int[np.ndarray, "N"]) -> dict[str, Any]:
        """All that results for a molecule depend on besides the geometry; JSON.

        Raises:
            SettingsError: the method is unknown or not installed.
        """
        return {
            "method": self.name,
            "version": self.version,
            "charge": self.charge,
            "multiplicity": self.multiplicity,
            "numbers": [int(z) for z in numbers],
        }

    def calculator(self) -> Calculator:
        """A new calculator.

        Raises:
            SettingsError: the method is unknown or not installed.
        """
        return self.method.calculator(self.charge, self.multiplicity)

    def single_points(
        self, numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]
    ) -> Iterator[TimedPoint]:
        """Energies and forces of geometries in Å, one after the other; forces only of methods that have them; what fails says why.

        Each is calculated anew, on one thread, so that the numbers do not depend on the order: tight binding of small molecules
        is fastest so, and of several calculations each is best given one core.
        """
        method = self.method
        for frame in positions:
            started = time.perf_counter()
            with one_thread():
                point = single_point(
                    Atoms(numbers, frame),
                    lambda: method.calculator(self.charge, self.multiplicity),
                    forces=method.has_forces,
                )
            yield TimedPoint(point, time.perf_counter() - started)


@contextmanager
def one_thread() -> Iterator[None]:
    """Within this block, libraries that are loaded by now use one thread."""
    with _threads().limit(limits=1):
        yield


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()
