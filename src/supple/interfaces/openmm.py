"""OpenMM: a molecule as a force within a system that may contain other particles. Units nm and kJ/mol.

Eastman et al., J. Phys. Chem. B 128, 109 (2024), doi 10.1021/acs.jpcb.3c06662. https://openmm.org
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from supple.data.units import Units
from supple.errors import MoleculeError
from supple.models.potential import Potential
from supple.runtime.optional_dependencies import extra

if TYPE_CHECKING:
    from openmm import PythonForce
    from openmm.app import Topology

_UNITS = Units.of("kJ/mol", "nm")


def openmm_force(
    potential: Potential, particles: Sequence[int] | None = None, topology: Topology | None = None
) -> PythonForce:
    """A force to add to an OpenMM system: the energy of one molecule, independent of all other particles.

    Interactions between the molecule and other particles must come from other forces, which must exclude the pairs within
    the molecule.

    Args:
        potential: of the molecule.
        particles: indices of its atoms, in the order of the force field; 0 to N - 1 when None. The molecule must be whole:
            OpenMM does not wrap the positions that it passes to this force.
        topology: of the system; if given, the elements of the particles are compared with those of the molecule.

    Raises:
        SettingsError: OpenMM 8.6 or later is not installed.
        MoleculeError: the particles are not the atoms of the molecule.
    """
    with extra("openmm", "OpenMM 8.6 or later"):
        from openmm import PythonForce

    n = len(potential.numbers)
    chosen = [int(i) for i in (range(n) if particles is None else particles)]
    if len(chosen) != n or len(set(chosen)) != n or min(chosen) < 0:
        raise MoleculeError(
            f"{len(chosen)} particles ({len(set(chosen))} distinct) do not make up the molecule of {potential!r}: "
            f"give the indices of its {n} atoms, each once."
        )
    if topology is not None:
        _require_elements(potential, chosen, topology)
    return PythonForce(Computation(potential), {}, chosen)


class Computation:
    """Called by OpenMM: positions in nm to the energy in kJ/mol and forces in kJ/mol/nm."""

    def __init__(self, potential: Potential) -> None:
        self.potential = potential

    def __call__(self, state: Any) -> tuple[float, Float[np.ndarray, "N 3"]]:
        """Energy and forces of the particles of the force."""
        positions = state.getPositions(asNumpy=True)._value * _UNITS.length_in_angstrom
        energies, forces = self.potential.predict(np.asarray(positions, dtype=np.float64)[None])
        return float(energies[0]) / _UNITS.energy_in_ev, forces[0] / _UNITS.forces_in_ev_per_angstrom


def _require_elements(potential: Potential, particles: Sequence[int], topology: Topology) -> None:
    atoms = list(topology.atoms())
    for number, particle in zip(potential.numbers, particles, strict=True):
        if particle >= len(atoms):
            raise MoleculeError(
                f"There is no particle {particle}: the topology has {len(atoms)} atoms, counted from 0."
            )
        element = atoms[particle].element
        if element is None or element.atomic_number != number:
            found = "no element" if element is None else element.symbol
            raise MoleculeError(
                f"Particle {particle} is {found}, but {potential!r} has atomic number {number} there: "
                "give the particles in the order of the force field."
            )
