"""Conformers and frequencies in words."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.torsions import rotatable_torsions, torsion_angles


def torsions_in_words(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "N 3"]) -> str:
    """The torsions of a geometry, in degrees."""
    torsions = rotatable_torsions(numbers, positions[None])
    angles = np.round(torsion_angles(positions[None], torsions)[0]) + 0.0  # no minus before a zero
    return ", ".join(f"{torsion} {angle:.0f}°" for torsion, angle in zip(torsions, angles, strict=True)) or "none"


def frequencies_in_words(wavenumbers: Float[np.ndarray, "V"]) -> str:
    """Harmonic frequencies in cm⁻¹, and what they say of the geometry; imaginary ones are negative."""
    listed = " ".join(f"{abs(w):.0f}i" if w < 0 else f"{w:.0f}" for w in wavenumbers)
    n = int((wavenumbers < 0).sum())
    if not n:
        return f"{listed} cm⁻¹."
    return (
        f"{listed} cm⁻¹; {n} {'is' if n == 1 else 'are'} imaginary: no minimum, or one that is not quite reached; "
        "try a smaller --fmax."
    )
