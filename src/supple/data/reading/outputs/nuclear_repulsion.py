"""The repulsion of the nuclei: it follows from a geometry, and programs print it with each energy.

So an output says itself whether an energy is that of a geometry, wherever the two stand.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from supple.data.units import LENGTH

#: Relative; coordinates are printed with six decimals or more, and programs have values of the bohr of several years.
_TOLERANCE = 2e-5
#: Of heavier atoms than neon the core may be a pseudopotential, and the charge of the nucleus smaller.
_HEAVIEST = 10


def require_repulsion(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "N 3"], stated: float) -> None:
    """Compare a printed repulsion with that of a geometry, of molecules in which all atoms are light.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (N, 3).
        stated: hartree.

    Raises:
        ValueError: they differ.
    """
    if numbers.max() > _HEAVIEST or len(numbers) < 2:
        return
    first, second = np.triu_indices(len(numbers), 1)
    distances = np.linalg.norm(positions[first] - positions[second], axis=1) / LENGTH["bohr"]
    repulsion = float((numbers[first] * numbers[second] / np.maximum(distances, 1e-3)).sum())
    if abs(repulsion - stated) > _TOLERANCE * repulsion:
        raise ValueError(
            f"the nuclear repulsion is stated as {stated:.6f} hartree, and that of the geometry before it is {repulsion:.6f}"
        )
