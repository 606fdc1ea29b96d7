"""Analysis of trajectories: distributions, free energies, spectra and stability, and comparison with a reference."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supple.simulation.analysis.analyse_trajectories import analyse as analyse
    from supple.simulation.analysis.analysis_result import Analysis as Analysis
    from supple.simulation.analysis.report import is_report as is_report
    from supple.simulation.analysis.report import write_report as write_report
    from supple.simulation.analysis.settings import AnalysisSettings as AnalysisSettings
    from supple.simulation.trajectories import Trajectory as Trajectory
    from supple.simulation.trajectories import read_trajectory as read_trajectory

#: Imported when first used: the command line needs the settings alone, and must not wait for numpy.
_PUBLIC = {
    "Analysis": "supple.simulation.analysis.analysis_result",
    "AnalysisSettings": "supple.simulation.analysis.settings",
    "Trajectory": "supple.simulation.trajectories",
    "is_report": "supple.simulation.analysis.report",
    "analyse": "supple.simulation.analysis.analyse_trajectories",
    "read_trajectory": "supple.simulation.trajectories",
    "write_report": "supple.simulation.analysis.report",
}
__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
