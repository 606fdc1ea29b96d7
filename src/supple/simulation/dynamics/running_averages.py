"""What a run has been so far: mean temperature, the slope of what it conserves, and how often guards spoke."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Tally(BaseModel):
    """Sums that go on with a run; energies in eV per atom from the first one, times in fs."""

    looks: int = 0
    temperature_sum: float = 0.0
    first_energy: float | None = None
    t: float = 0.0
    e: float = 0.0
    tt: float = 0.0
    te: float = 0.0
    #: Of each guard: looks at which it spoke, when it first did, and what it said then.
    outside: dict[str, int] = Field(default_factory=dict)
    first_outside: dict[str, tuple[float, str]] = Field(default_factory=dict)
    #: Times that the molecule was put back to where it had been inside.
    returns: int = 0

    def count(self, time: float, temperature: float, drift: float | None) -> None:
        """One look at the run: time in fs, temperature in K, energy gained since the beginning in eV per atom."""
        self.looks += 1
        self.temperature_sum += temperature
        if drift is not None:
            self.t, self.e = self.t + time, self.e + drift
            self.tt, self.te = self.tt + time * time, self.te + time * drift

    def left(self, guard: str, time: float, sentence: str) -> None:
        """A guard spoke."""
        self.outside[guard] = self.outside.get(guard, 0) + 1
        self.first_outside.setdefault(guard, (time, sentence))

    @property
    def mean_temperature(self) -> float | None:
        """K."""
        return self.temperature_sum / self.looks if self.looks else None

    @property
    def drift(self) -> float | None:
        """meV/atom/ps: the slope of a straight line through the conserved energy; None where none is known."""
        spread = self.looks * self.tt - self.t * self.t
        if self.first_energy is None or self.looks < 2 or spread <= 0:
            return None
        return 1e6 * (self.looks * self.te - self.t * self.e) / spread
