"""The export format of the sGDML package.

Chmiela et al., Comput. Phys. Commun. 240, 38 (2019), doi 10.1016/j.cpc.2019.02.007.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from supple.interfaces.export_format import ExportFormat
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.sgdml_package import save_sgdml_model
from supple.models.potential import Potential


def _write(potential: Potential, path: Path, units: str | None) -> None:
    save_sgdml_model(cast(SGDMLPotential, potential), path, units)  # `export` lets no other kind pass


SGDML_PACKAGE = ExportFormat(_write, ".npz", "a model of the sGDML package", kind="sgdml", has_units=True)
