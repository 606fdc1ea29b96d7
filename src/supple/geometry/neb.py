"""The nudged elastic band with a climbing image.

Henkelman, Uberuaga and Jónsson, J. Chem. Phys. 113, 9901 (2000), doi 10.1063/1.1329672; tangents as Henkelman and Jónsson,
J. Chem. Phys. 113, 9978 (2000), doi 10.1063/1.1323224.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.mep import NEB
from ase.optimize import FIRE


def band_of(images: list[Atoms]) -> NEB:
    """A band of these images, the ends fixed; moving and turning are taken out."""
    return NEB(images, method="improvedtangent", remove_rotation_and_translation=True)


def relax_band(band: NEB, fmax: float, steps: int) -> float:
    """Relax a band whose images have calculators, and return the largest force that is left on it, eV/Å.

    An image climbs well only when the band lies roughly where it belongs: it begins to climb at three times `fmax`, or after
    half of the steps.
    """
    FIRE(band, logfile=None).run(fmax=3 * fmax, steps=steps // 2)
    band.climb = True
    FIRE(band, logfile=None).run(fmax=fmax, steps=steps // 2)
    return float(np.linalg.norm(band.get_forces(), axis=1).max())
