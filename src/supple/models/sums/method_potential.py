"""MethodPotential: a method of quantum chemistry as a force field, so that it can be a part of one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.data.dataset import Dataset
from supple.errors import CalculationError, ModelFileError, SettingsError
from supple.methods import METHODS
from supple.methods.label_frames import label_frames
from supple.methods.label_store import LabelStore, geometry_key
from supple.methods.level import Level, TimedPoint
from supple.models.potential import Potential
from supple.models.sums.sample_point import SamplePoint
from supple.runtime.progress import Progress

_log = logging.getLogger("supple")


class MethodPotential(Potential):
    """Energies and forces of a method; every geometry is calculated anew, unless its result is known.

    Attributes:
        level: the method, charge and multiplicity.
        version: of the method, with which the force field was made.
        sample: what that version gave for one geometry; None if there is nothing to compare with.
        known: results by the key of the geometry (`geometry_key`); not kept in the file.
    """

    kind = "method"

    def __init__(
        self, numbers: Int[np.ndarray, "N"], level: Level, version: str | None = None, sample: SamplePoint | None = None
    ) -> None:
        """A method for a molecule.

        Args:
            numbers: atomic numbers.
            level, sample: as the attributes.
            version: that which is installed when None.
        """
        super().__init__(numbers)
        self.level, self.sample = level, sample
        self.version = level.version if version is None else version
        self.known: Mapping[str, TimedPoint] = {}
        self._verified = version is None

    @property
    def name(self) -> str:
        """That of the method."""
        return self.level.name

    def energy_and_forces(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å of B geometries in Å; NaN where a position is not finite.

        Raises:
            CalculationError: the method fails for a geometry, or another version of it is installed, which gives other numbers.
            SettingsError: the method is not installed.
        """
        positions = self.checked(positions)
        frames = positions.detach().cpu().numpy()
        energies, forces = np.full(len(frames), np.nan), np.full(frames.shape, np.nan)
        for i, frame in enumerate(frames):
            if np.isfinite(frame).all():
                energies[i], forces[i] = self._result(frame, i)
        return torch.as_tensor(energies, device=positions.device), torch.as_tensor(forces, device=positions.device)

    def prepare(self, geometries: Dataset, progress: Progress) -> None:
        """Calculate these geometries side by side; what was calculated before, beside their file, is not calculated again."""
        self._verify()
        folder, finite = geometries.source.folder, np.isfinite(geometries.positions).all(axis=(1, 2))
        label_frames(self.level, self.numbers, geometries.positions[finite], folder, progress)
        self.known = LabelStore(folder, self.level, self.numbers).read()

    def configuration(self) -> dict[str, Any]:
        """Method, version and electronic state, and what it gave for one geometry."""
        level = {"method": self.level.name, "charge": self.level.charge, "multiplicity": self.level.multiplicity}
        sample = None if self.sample is None else self.sample.model_dump(mode="json")
        return level | {"version": self.version, "sample": sample}

    @classmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: Mapping[str, Any], arrays: Mapping[str, Tensor]
    ) -> Potential:
        """The method that a file names; a function of somebody's own is not imported before it is used.

        Raises:
            ModelFileError: the method is not installed, or no method of this name is known.
            ValueError, KeyError: the content is not that of a method.
        """
        name, version = str(configuration["method"]), str(configuration["version"])
        level = Level(name, int(configuration["charge"]), int(configuration["multiplicity"]))
        sample = None if configuration["sample"] is None else SamplePoint.model_validate(configuration["sample"])
        if sample is not None and not len(sample.positions) == len(sample.forces) == len(numbers):
            raise ValueError("the sample of the method is of another molecule")
        if arrays:
            raise ValueError("a method has no arrays")
        made = cls(numbers, level, version, sample)
        module = name.partition(":")[0]
        if module not in METHODS:
            if ":" not in name or module.partition(".")[0] in sys.stdlib_module_names:
                raise ModelFileError(f"This force field is the sum of a model and of '{name}', which is not a method.")
            return made  # reading a file runs nothing that it names
        try:
            installed = level.version
        except SettingsError as error:
            raise ModelFileError(
                f"This force field is the sum of a model and of {name}, which is missing: {error}"
            ) from error
        if installed != version:
            _log.warning(
                f"This force field was made with {name} of {version}, and {installed} is installed: before its first use the two are "
                "compared."
            )
        return made

    def operations(self) -> nn.Module:
        """There are none.

        Raises:
            ModelFileError: always.
        """
        raise ModelFileError(
            f"This force field calls {self.name} at every step, which no graph of operations can hold: use it through Supple, from "
            "Python."
        )

    def _result(self, frame: Float[np.ndarray, "N 3"], index: int) -> tuple[float, Float[np.ndarray, "N 3"]]:
        timed = self.known.get(geometry_key(frame)) if self.known else None
        if timed is None:
            self._verify()
            (timed,) = self.level.single_points(self.numbers, frame[None])
        point = timed.point
        if point.energy is None or point.forces is None:
            raise CalculationError(
                f"{self.name}, the baseline of the force field, failed for geometry {{index}} of those given, counted from 0 "
                f"({point.failure}): leave it out.",
                index,
            )
        return point.energy, point.forces

    def _verify(self) -> None:
        """Compare another version than that of the training with it, once."""
        if self._verified:
            return
        installed = self.level.version
        if installed != self.version:
            if self.sample is None or not self.sample.agrees(self.level, self.numbers):
                raise CalculationError(
                    f"The force field was made with {self.name} of {self.version}; {installed}, which is installed, gives other energies "
                    "or forces, so that the sum would be wrong: install that version, or train again."
                )
            _log.warning(f"{installed} gives the same energy and forces for {self.name} as {self.version}.")
        self._verified = True
