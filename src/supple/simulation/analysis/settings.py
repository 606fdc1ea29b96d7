"""AnalysisSettings: the settings of an analysis of trajectories, which are options of `supple analyse`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from supple.simulation.settings_base import NonNegativeInt, PositiveFloat, SimulationSettings


@dataclass(frozen=True)
class AnalysisSettings(SimulationSettings):
    """Settings for what trajectory files do not state."""

    topic: ClassVar[str] = "the analysis"

    temperature: PositiveFloat | None = field(
        default=None, metadata={"description": "Temperature (K) of the free energies (default: from the momenta)."}
    )
    constant_energy: bool = field(
        default=False,
        metadata={
            "description": "The total energy is conserved (NVE); for files that do not contain the conserved energy."
        },
    )
    frame_time: PositiveFloat | None = field(
        default=None,
        metadata={
            "description": "Time from frame to frame (fs), for files without times; overrides those of the file."
        },
    )
    skip: NonNegativeInt = field(
        default=0, metadata={"description": "Number of frames to leave out at the beginning of each trajectory."}
    )
