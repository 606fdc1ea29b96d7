"""Molecular dynamics with a force field, monitored by guards."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supple.simulation.dynamics.md_result import MDResult as MDResult
    from supple.simulation.dynamics.md_result import summary as summary
    from supple.simulation.dynamics.settings import DynamicsSettings as DynamicsSettings
    from supple.simulation.dynamics.start_or_resume import run_md as run_md

#: Imported when first used: the command line needs the settings alone, and must not wait for torch.
_PUBLIC = {
    "DynamicsSettings": "settings",
    "MDResult": "md_result",
    "run_md": "start_or_resume",
    "summary": "md_result",
}
__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
