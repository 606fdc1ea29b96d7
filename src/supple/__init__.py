"""Supple: machine-learned force fields for flexible molecules."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supple.dataset import Dataset as Dataset
    from supple.errors import SuppleError as SuppleError
    from supple.neural.fit import SchNet as SchNet
    from supple.potential import Potential as Potential
    from supple.reading import read as read
    from supple.sgdml.fit import SGDML as SGDML
    from supple.units import Units as Units

#: The public names and where they live; imported when first used, so that `supple --help` need not wait for torch.
_PUBLIC = {
    "Dataset": "supple.dataset",
    "Potential": "supple.potential",
    "SGDML": "supple.sgdml.fit",
    "SchNet": "supple.neural.fit",
    "SuppleError": "supple.errors",
    "Units": "supple.units",
    "read": "supple.reading",
}
__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'supple' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
