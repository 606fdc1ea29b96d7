"""GrowthSettings: what is grown, and by which method; Goal: how far."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, NonNegativeInt, PositiveFloat, PositiveInt

from supple.data.units import Units
from supple.errors import SettingsError, UnitsError
from supple.methods import find_method
from supple.models.baseline.settings import Baseline
from supple.models.neural.settings import NetworkSettings
from supple.models.registry import make_settings
from supple.models.settings import ModelSettings

#: Baselines that are no method.
AUTO, NONE = "auto", "none"
#: The unit of a target that is a number alone.
_UNIT = "kcal/mol/Å"
#: By which geometries are explored, and by which if that is the method itself.
_DRIVE, _OTHER_DRIVE = "GFN2-xTB", "GFN1-xTB"


class GrowthSettings(BaseModel):
    """What a force field is grown for. A run is resumed only with the same.

    Attributes:
        molecule: a file, SMILES or a bundled name.
        method: of the calculations, as `supple.methods.find_method` takes it.
        drive: the cheap method by which the molecule is explored before there is a force field.
        charge, multiplicity: of the molecule.
        temperature: at which the force field is to be used, K.
        model: kind of model.
        baseline: to which it learns the difference, a method or the file of a force field; `auto` is the cheap method, learned by a network,
            where the first calculations say that it helps, and `none` is none.
        seed: of all random numbers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    molecule: str
    method: str
    drive: str
    charge: int = 0
    multiplicity: PositiveInt = 1
    temperature: PositiveFloat = 300.0
    model: str = "sgdml"
    baseline: str = AUTO
    seed: NonNegativeInt = 0

    def model_settings(self, learned: Path | None = None, before: Path | None = None) -> ModelSettings:
        """The settings of the model.

        Args:
            learned: file of the learned baseline, if there is one.
            before: file of the force field of the round before, if there is one; a network goes on from its weights.

        Raises:
            SettingsError: there is no such model, or its baseline is not possible.
        """
        given = {"baseline": baseline} if (baseline := self._baseline(learned)) else {}
        settings = make_settings(self.model, given)
        if before is None or not isinstance(settings, NetworkSettings):
            return settings
        return type(settings).continuing(before, **given)

    def _baseline(self, learned: Path | None) -> dict[str, JsonValue] | None:
        if self.baseline == NONE or (self.baseline == AUTO and learned is None):
            return None
        method = str(learned) if self.baseline == AUTO else self.baseline
        if Baseline(method=method).file is not None or not find_method(method).takes_charge:
            return {"method": method}
        return {"method": method, "charge": self.charge, "multiplicity": self.multiplicity}


def drive_for(method: str) -> str:
    """The cheap method by which to explore a molecule that is calculated by `method`."""
    return _OTHER_DRIVE if method == _DRIVE else _DRIVE


@dataclass(frozen=True)
class Goal:
    """When to stop.

    Attributes:
        target: force error (RMSE) to reach, eV/Å.
        units: in which errors are reported.
        budget: most calculations, those of the last test included.
    """

    target: float
    units: Units
    budget: int

    @classmethod
    def of(cls, target: str, budget: int) -> Goal:
        """A goal from text.

        Args:
            target: such as `1 kcal/mol/Å`, `40 meV/Å`, or a number of kcal/mol/Å.
            budget: as the attribute.

        Raises:
            SettingsError: the target is not a positive number with a unit of force.
        """
        found = re.fullmatch(r"\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(\S.*)?", target)
        try:
            value, unit = float(found.group(1)) if found else 0.0, (found.group(2) if found else None) or _UNIT
            energy, _, length = unit.strip().rpartition("/")
            units = Units.of(energy or unit, forces=f"{energy}/{length}" if energy else unit)
        except (ValueError, UnitsError) as error:
            raise _not_a_target(target) from error
        if value <= 0:
            raise _not_a_target(target)
        return cls(value * units.forces_in_ev_per_angstrom, units, budget)

    def shown(self, error: float) -> str:
        """A force error in eV/Å as text in the units of the report."""
        return f"{error / self.units.forces_in_ev_per_angstrom:.3g} {self.units.forces}"


def _not_a_target(text: str) -> SettingsError:
    return SettingsError(
        f"'{text}' is not a force error: write a number above zero and a unit, such as '1 kcal/mol/Å' or '40 meV/Å'."
    )
