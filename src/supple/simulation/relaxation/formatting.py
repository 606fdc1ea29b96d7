"""Torsion angles and harmonic frequencies as text."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.torsions import rotatable_torsions, torsion_angles


def format_torsions(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "N 3"]) -> str:
    """The torsions of a geometry in degrees, such as `N1-C2-C3-O4 180°`."""
    torsions = rotatable_torsions(numbers, positions[None])
    angles = np.round(torsion_angles(positions[None], torsions)[0]) + 0.0  # no minus before a zero
    return ", ".join(f"{torsion} {angle:.0f}°" for torsion, angle in zip(torsions, angles, strict=True)) or "none"


def format_frequencies(wavenumbers: Float[np.ndarray, "V"]) -> str:
    """Harmonic frequencies in cm⁻¹, and a warning where some are imaginary (given as negative numbers)."""
    listed = " ".join(f"{abs(w):.0f}i" if w < 0 else f"{w:.0f}" for w in wavenumbers)
    n = int((wavenumbers < 0).sum())
    if not n:
        return f"{listed} cm⁻¹."
    return (
        f"{listed} cm⁻¹; {n} {'is' if n == 1 else 'are'} imaginary: this is not a minimum, or not fully converged; "
        "try a smaller --fmax."
    )
