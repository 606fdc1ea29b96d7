"""What a run of molecular dynamics is made by."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeInt, PositiveFloat, ValidationError

from supple.errors import SettingsError
from supple.simulation.dynamics.time_units import femtoseconds, written

#: fs; a number, or a text with a unit.
Time = Annotated[PositiveFloat, BeforeValidator(lambda value: femtoseconds(value) if isinstance(value, str) else value)]
#: Parts of a step by which a time may miss a whole number of them: rounding.
_ROUNDING = 1e-6
#: Settings that may differ when a run is gone on with: how long it goes on, and what is done when a guard speaks.
_FREE = {"time", "on_leave"}


class DynamicsSettings(BaseModel):
    """Ensemble, temperature, times and seed. Times are numbers in fs, or texts such as `100ps`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ensemble: Literal["nve", "langevin", "nose-hoover"] = "langevin"
    temperature: PositiveFloat = Field(300.0, description="K; at constant energy, of the first velocities.")
    timestep: Time = Field(0.5, description="fs")
    time: Time = Field(100e3, description="fs in all")
    every: Time = Field(10.0, description="fs between saved frames")
    damping: Time = Field(100.0, description="fs; 1/friction of Langevin's, the time of the Nosé-Hoover chain")
    seed: NonNegativeInt = Field(0, description="of velocities and random forces")
    on_leave: Literal["stop", "warn", "restrain"] = Field(
        "stop", description="when a guard says that a replica has left its range"
    )

    @classmethod
    def of(cls, **values: Any) -> DynamicsSettings:
        """Settings from what a user gives.

        Raises:
            SettingsError: a setting does not exist, has a value that it cannot have, or does not fit the others.
        """
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise SettingsError(
                f"The setting {name} of the dynamics: {first['msg']} (given: {first['input']})."
            ) from error
        settings._whole("every", "timestep")
        settings._whole("time", "every")
        return settings

    @property
    def steps(self) -> int:
        """Steps in all."""
        return round(self.time / self.timestep)

    @property
    def steps_per_frame(self) -> int:
        """Steps from one saved frame to the next."""
        return round(self.every / self.timestep)

    def identity(self) -> dict[str, Any]:
        """All that a run cannot change while it goes on."""
        return self.model_dump(exclude=_FREE)

    def _whole(self, name: str, unit: str) -> None:
        long, short = getattr(self, name), getattr(self, unit)
        times = long / short
        if round(times) < 1 or abs(times - round(times)) > _ROUNDING * times:
            near = max(round(times), 1) * short
            raise SettingsError(
                f"--{name} {written(long)} is not a whole number of times --{unit} {written(short)}: "
                f"take for instance {written(near).replace(' ', '')}."
            )
