"""Supple: machine-learned force fields for flexible molecules."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supple.data.dataset import Dataset as Dataset
    from supple.data.reading import read as read
    from supple.data.units import Units as Units
    from supple.errors import SuppleError as SuppleError
    from supple.models.loading import load as load
    from supple.models.neural.fit import SchNet as SchNet
    from supple.models.potential import Potential as Potential
    from supple.models.sgdml.fit import SGDML as SGDML

#: The public names and where they live; imported when first used, so that `supple --help` need not wait for torch.
_PUBLIC = {
    "Dataset": "supple.data.dataset",
    "Potential": "supple.models.potential",
    "SGDML": "supple.models.sgdml.fit",
    "SchNet": "supple.models.neural.fit",
    "SuppleError": "supple.errors",
    "Units": "supple.data.units",
    "load": "supple.models.loading",
    "read": "supple.data.reading",
}
__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'supple' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
