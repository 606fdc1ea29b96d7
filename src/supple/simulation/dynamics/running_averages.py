"""Averages of a replica so far: its mean temperature, the drift of its conserved energy, and how often guards triggered."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from supple.runtime.validation import Count


class RunningAverages(BaseModel):
    """Sums that continue with a run; energies in eV per atom relative to the first one, times in fs.

    The aliases are the names in state.json.
    """

    model_config = ConfigDict(populate_by_name=True)

    checks: Count = Field(default=0, alias="looks")
    temperature_sum: float = 0.0
    #: Conserved energy at the start, eV.
    first_energy: float | None = None
    time_sum: float = Field(default=0.0, alias="t")
    drift_sum: float = Field(default=0.0, alias="e")
    time_squared_sum: float = Field(default=0.0, alias="tt")
    time_drift_sum: float = Field(default=0.0, alias="te")
    #: Of each guard: in how many checks it triggered; when it first did, and what was wrong then.
    triggers: dict[str, Count] = Field(default_factory=dict, alias="outside")
    first_triggers: dict[str, tuple[float, str]] = Field(default_factory=dict, alias="first_outside")
    #: How often the molecule was put back to its last frame within range.
    returns: Count = 0

    def add(self, time: float, temperature: float, drift: float | None) -> None:
        """Add a check: time in fs, temperature in K, energy gained since the start in eV per atom."""
        self.checks += 1
        self.temperature_sum += temperature
        if drift is not None:
            self.time_sum, self.drift_sum = self.time_sum + time, self.drift_sum + drift
            self.time_squared_sum += time * time
            self.time_drift_sum += time * drift

    def add_trigger(self, guard: str, time: float, sentence: str) -> None:
        """A guard triggered at a time in fs."""
        self.triggers[guard] = self.triggers.get(guard, 0) + 1
        self.first_triggers.setdefault(guard, (time, sentence))

    @property
    def mean_temperature(self) -> float | None:
        """K; None before the first check."""
        return self.temperature_sum / self.checks if self.checks else None

    @property
    def drift(self) -> float | None:
        """Slope of a straight line through the conserved energy, meV/atom/ps; None where none is conserved."""
        spread = self.checks * self.time_squared_sum - self.time_sum * self.time_sum
        if self.first_energy is None or self.checks < 2 or spread <= 0:
            return None
        return 1e6 * (self.checks * self.time_drift_sum - self.time_sum * self.drift_sum) / spread
