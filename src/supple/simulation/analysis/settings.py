"""AnalysisSettings: the settings of an analysis of trajectories, which are options of `supple analyse`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, NonNegativeInt, PositiveFloat

from supple.simulation.settings_base import SimulationSettings


class AnalysisSettings(SimulationSettings):
    """What the files do not say about themselves."""

    topic: ClassVar[str] = "the analysis"

    temperature: PositiveFloat | None = Field(
        default=None, description="Temperature (K) of the free energies; from the momenta if left out."
    )
    constant_energy: bool = Field(
        default=False,
        description="The total energy is conserved (NVE); for files that do not contain the conserved energy.",
    )
    frame_time: PositiveFloat | None = Field(
        default=None, description="Time from frame to frame (fs), for files without times; overrides those of the file."
    )
    skip: NonNegativeInt = Field(
        default=0, description="Number of frames to leave out at the beginning of each trajectory."
    )
