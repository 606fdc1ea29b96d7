"""DynamicsSettings: the settings of molecular dynamics, which are the options of `supple md`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveFloat

from supple.errors import SettingsError
from supple.simulation.dynamics.time_units import format_time, parse_time
from supple.simulation.settings_base import CommandLineText, SimulationSettings

#: fs; a number, or a text with a unit.
Time = Annotated[
    PositiveFloat,
    BeforeValidator(lambda value: parse_time(value) if isinstance(value, str) else value),
    CommandLineText(lambda fs: format_time(fs, separator="")),
]
#: Relative rounding error within which one time is a multiple of another.
_ROUNDING = 1e-6
#: Settings that may change when a run is resumed.
_MAY_CHANGE = {"time", "on_leave"}


class DynamicsSettings(SimulationSettings):
    """Ensemble, temperature, times and seed. Times are numbers in fs, or texts such as `100ps`."""

    topic: ClassVar[str] = "molecular dynamics"

    ensemble: Literal["nve", "langevin", "nose-hoover"] = Field(
        default="langevin", description="Constant energy, Langevin dynamics, or a Nosé-Hoover chain."
    )
    temperature: PositiveFloat = Field(
        default=300.0, description="Temperature (K); with NVE, of the initial velocities."
    )
    time: Time = Field(default=100e3, description="Length of the run: 500fs, 100ps, 2ns.")
    timestep: Time = Field(default=0.5, description="Time step of the integrator.")
    every: Time = Field(default=10.0, description="Time from one saved frame to the next.")
    damping: Time = Field(
        default=100.0, description="Time constant of the thermostat: 1/friction, or the period of the chain."
    )
    seed: NonNegativeInt = Field(default=0, description="Seed of the initial velocities and random forces.")
    on_leave: Literal["stop", "warn", "restrain"] = Field(
        default="stop",
        description="When a guard triggers: stop the replica, warn, or restrain (return to the last frame within range, "
        "with new velocities).",
    )

    def require_consistent(self) -> None:
        """Check the times against each other.

        Raises:
            SettingsError: one is not a multiple of another.
        """
        self._require_multiple("every", "timestep")
        self._require_multiple("time", "every")

    @property
    def steps(self) -> int:
        """Time steps in total."""
        return round(self.time / self.timestep)

    @property
    def steps_per_frame(self) -> int:
        """Time steps from one saved frame to the next."""
        return round(self.every / self.timestep)

    def fixed(self) -> dict[str, Any]:
        """The settings that must not change when a run is resumed."""
        return self.model_dump(exclude=_MAY_CHANGE)

    def _require_multiple(self, name: str, unit: str) -> None:
        long, short = getattr(self, name), getattr(self, unit)
        ratio = long / short
        if round(ratio) < 1 or abs(ratio - round(ratio)) > _ROUNDING * ratio:
            nearest = format_time(max(round(ratio), 1) * short, separator="")
            raise SettingsError(
                f"--{name} {format_time(long)} is not a multiple of --{unit} {format_time(short)}: use for instance "
                f"--{name} {nearest}."
            )
