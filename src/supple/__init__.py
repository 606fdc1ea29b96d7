"""Supple: machine-learned force fields for flexible molecules.

From a file of geometries to a force field:

    import supple

    dataset = supple.read("ethanol.xyz", units="kcal/mol")
    train, valid, test = dataset.split(train=200, valid=100)
    potential = supple.SGDML().fit(train, valid)
    print(potential.evaluate(test))
    potential.save("ethanol.safetensors")
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supple.data.dataset import Dataset as Dataset
    from supple.data.reading import read as read
    from supple.data.splits import Split as Split
    from supple.data.units import Units as Units
    from supple.data.writing import write as write
    from supple.errors import SuppleError as SuppleError
    from supple.models.loading import load as load
    from supple.models.metrics import Metrics as Metrics
    from supple.models.neural.bespoke.settings import Bespoke as Bespoke
    from supple.models.neural.schnet.settings import SchNet as SchNet
    from supple.models.potential import Potential as Potential
    from supple.models.sgdml.settings import SGDML as SGDML

    __version__: str

# Threads that wait for each other by spinning make every small step wait for a time slice where another program uses a core: twenty times
# slower on a busy machine. OpenMP reads this when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

#: The public names and their modules, which are imported on first use: `supple --help` need not wait for torch.
_PUBLIC = {
    "Bespoke": "supple.models.neural.bespoke.settings",
    "Dataset": "supple.data.dataset",
    "Metrics": "supple.models.metrics",
    "Potential": "supple.models.potential",
    "SGDML": "supple.models.sgdml.settings",
    "SchNet": "supple.models.neural.schnet.settings",
    "Split": "supple.data.splits",
    "SuppleError": "supple.errors",
    "Units": "supple.data.units",
    "load": "supple.models.loading",
    "read": "supple.data.reading",
    "write": "supple.data.writing",
}
__all__ = sorted([*_PUBLIC, "__version__"])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("supple")
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'supple' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
