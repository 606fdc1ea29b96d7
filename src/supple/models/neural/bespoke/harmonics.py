"""Real spherical harmonics up to degree 2, and the couplings of two of them to a third.

Y(u) of a unit vector u has 9 components, l = 0, 1, 2 and m = -l..l, normalised to Σ_m Y_lm² = 2l + 1:

    Y_0 = 1 ;  Y_1 = √3 (y, z, x) ;  Y_2 = √15 (xy, yz, (2z² - x² - y²)/√12, xz, (x² - y²)/2)

All are quadratic forms of ū = (1, u):  Y_c = ūᵀ S_c ū, with derivative 2 S_c ū.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

#: The highest degree.
DEGREE = 2
#: Number of components of all degrees.
COMPONENTS = (DEGREE + 1) ** 2
#: The degree of each component.
DEGREES = tuple(degree for degree in range(DEGREE + 1) for _ in range(2 * degree + 1))


class Path(NamedTuple):
    """A coupling of components of degrees `left` and `right` to degree `to`; only even sums keep the parity."""

    left: int
    right: int
    to: int


def paths(highest: int) -> list[Path]:
    """All couplings to degrees up to `highest`, by the degree that they lead to: 3 to l = 0, then 4 to 1, then 4 to 2."""
    degrees = range(DEGREE + 1)
    return [
        Path(left, right, to)
        for to in range(highest + 1)
        for left in degrees
        for right in degrees
        if (left + right + to) % 2 == 0 and abs(left - right) <= to <= left + right
    ]


def block(degree: int) -> slice:
    """The components of a degree."""
    return slice(degree**2, (degree + 1) ** 2)


def quadratic_forms() -> Float[np.ndarray, "C 4 4"]:
    """The symmetric matrices S_c of the spherical harmonics."""
    x, y, z = 1, 2, 3
    forms = np.zeros((COMPONENTS, 4, 4))
    forms[0, 0, 0] = 1.0
    for component, axis in zip((1, 2, 3), (y, z, x), strict=True):
        forms[component, 0, axis] = math.sqrt(3)
    for component, (first, second) in zip((4, 5, 7), ((x, y), (y, z), (x, z)), strict=True):
        forms[component, first, second] = math.sqrt(15)
    forms[6, [x, y, z], [x, y, z]] = np.array([-1.0, -1.0, 2.0]) * math.sqrt(5 / 4)
    forms[8, [x, y], [x, y]] = np.array([1.0, -1.0]) * math.sqrt(15 / 4)
    return (forms + forms.transpose(0, 2, 1)) / 2


def couplings(path: Path) -> Float[np.ndarray, "A B C"]:
    """The coefficients of a path: its block of the Gaunt integrals ∫ Y_a Y_b Y_c, scaled to Σ_abc coefficient² = 2 l_to + 1."""
    of_all = _gaunt_integrals()[block(path.left), block(path.right), block(path.to)]
    return of_all * math.sqrt((2 * path.to + 1) / (of_all**2).sum())


def _gaunt_integrals() -> Float[np.ndarray, "C C C"]:
    """Means of Y_a Y_b Y_c over the sphere, by a quadrature that is exact for polynomials of degree 6."""
    z, weights = np.polynomial.legendre.leggauss(4)
    angles = 2 * math.pi * np.arange(8) / 8
    planar = np.sqrt(1 - z**2)[:, None]
    u = np.stack(np.broadcast_arrays(1.0, planar * np.cos(angles), planar * np.sin(angles), z[:, None]), axis=-1)
    harmonics = np.einsum("cpq,zap,zaq->zac", quadratic_forms(), u, u)
    means = np.einsum("z,zai,zaj,zak->ijk", weights / 16, harmonics, harmonics, harmonics)
    return np.where(np.abs(means) < 1e-12, 0.0, means)
