"""The nudged elastic band with a climbing image.

Henkelman, Uberuaga and Jónsson, J. Chem. Phys. 113, 9901 (2000), doi 10.1063/1.1329672; tangents as in Henkelman and Jónsson,
J. Chem. Phys. 113, 9978 (2000), doi 10.1063/1.1323224. The initial path is interpolated by image-dependent pair potentials (IDPP):
Smidstrup et al., J. Chem. Phys. 140, 214106 (2014), doi 10.1063/1.4878664.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import minimize_rotation_and_translation
from ase.mep import NEB
from ase.optimize import FIRE

#: Å; ends that differ by less at every atom are one geometry.
_SAME = 0.1


def make_band(images: list[Atoms]) -> NEB:
    """A band of these images with fixed ends; translation and rotation are removed."""
    return NEB(images, method="improvedtangent", remove_rotation_and_translation=True)


def interpolate_idpp(first: Atoms, last: Atoms, images: int) -> NEB:
    """A band of `images` images between two geometries, the ends included; the last is superimposed on the first."""
    band = make_band([first.copy(), *(first.copy() for _ in range(images - 2)), last.copy()])
    band.interpolate("idpp")
    return band


def same_geometry(first: Atoms, last: Atoms) -> bool:
    """Whether two geometries are the same after superposition, so that there is no path between them."""
    moved = last.copy()
    minimize_rotation_and_translation(first, moved)
    return bool(np.linalg.norm(moved.positions - first.positions, axis=1).max() < _SAME)


def relax_band(band: NEB, fmax: float, steps: int) -> float:
    """Relax a band whose images have calculators, and return the largest remaining force, eV/Å.

    The image climbs well only when the band is roughly relaxed: it starts to climb at three times `fmax`, or after half of
    the steps.
    """
    FIRE(band, logfile=None).run(fmax=3 * fmax, steps=steps // 2)
    band.climb = True
    FIRE(band, logfile=None).run(fmax=fmax, steps=steps // 2)
    return float(np.linalg.norm(band.get_forces(), axis=1).max())
