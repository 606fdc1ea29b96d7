"""DynamicsSettings: the settings of molecular dynamics, which are the options of `supple md`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from supple.errors import SettingsError
from supple.simulation.dynamics.time_units import format_time, parse_time
from supple.simulation.settings_base import NonNegativeInt, PositiveFloat, SimulationSettings, Text

#: fs; a number, or a text with a unit.
Time = Annotated[PositiveFloat, Text(parse_time, lambda fs: format_time(fs, separator=""))]
#: Relative rounding error within which one time is a multiple of another.
_ROUNDING = 1e-6
#: Settings that may change when a run is resumed.
_MAY_CHANGE = {"time", "on_leave", "max_error"}


@dataclass(frozen=True)
class DynamicsSettings(SimulationSettings):
    """Ensemble, temperature, times and seed. Times are numbers in fs, or texts such as `100ps`."""

    topic: ClassVar[str] = "molecular dynamics"

    ensemble: Literal["nve", "langevin", "nose-hoover"] = field(
        default="langevin", metadata={"description": "Constant energy, Langevin dynamics, or a Nosé-Hoover chain."}
    )
    temperature: PositiveFloat = field(
        default=300.0, metadata={"description": "Temperature (K); with NVE, of the initial velocities."}
    )
    time: Time = field(default=100e3, metadata={"description": "Length of the run: 500fs, 100ps, 2ns."})
    timestep: Time = field(default=0.5, metadata={"description": "Time step of the integrator."})
    every: Time = field(default=10.0, metadata={"description": "Time from one saved frame to the next."})
    damping: Time = field(
        default=100.0,
        metadata={"description": "Time constant of the thermostat: 1/friction, or the period of the chain."},
    )
    seed: NonNegativeInt = field(
        default=0, metadata={"description": "Seed of the initial velocities and random forces."}
    )
    on_leave: Literal["stop", "warn", "restrain"] = field(
        default="stop",
        metadata={
            "description": "When a guard triggers: stop the replica, warn, or restrain (return to the last frame within "
            "range, with new velocities)."
        },
    )
    max_error: str | None = field(
        default=None,
        metadata={
            "description": "A guard triggers where the expected error of a force component is larger: 0.2eV/Å, or a number in the units "
            "of the training data. Needs a force field with error bars; ten times the validation error when not given."
        },
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
        return {name: value for name, value in asdict(self).items() if name not in _MAY_CHANGE}

    def _require_multiple(self, name: str, unit: str) -> None:
        long, short = getattr(self, name), getattr(self, unit)
        ratio = long / short
        if round(ratio) < 1 or abs(ratio - round(ratio)) > _ROUNDING * ratio:
            nearest = format_time(max(round(ratio), 1) * short, separator="")
            raise SettingsError(
                f"--{name} {format_time(long)} is not a multiple of --{unit} {format_time(short)}: use for instance "
                f"--{name} {nearest}."
            )
