"""OpenMM: the molecule as a force within a system, which may hold other particles besides. Units nm and kJ/mol.

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
    """A force to add to an OpenMM system: the energy of one molecule; all other particles feel nothing of it.

    How the molecule and other particles interact is for other forces to say, and these must leave out the pairs
    within the molecule.

    Args:
        potential: of the molecule.
        particles: indices of its atoms, in the force field's order; from 0 on when None. The molecule must be whole: OpenMM
            does not wrap positions that it hands to this force.
        topology: of the system, where there is one: tells whether the particles are the molecule's elements.

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
            f"{len(chosen)} particles ({len(set(chosen))} different ones) are no molecule of {potential!r}: "
            f"name the indices of its {n} atoms, each once."
        )
    if topology is not None:
        _require_elements(potential, chosen, topology)
    return PythonForce(Computation(potential), {}, chosen)


class Computation:
    """What OpenMM calls: a state with positions in nm becomes the energy in kJ/mol and forces in kJ/mol/nm."""

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
            raise MoleculeError(f"There is no particle {particle}: the topology has {len(atoms)} atoms, from 0 on.")
        element = atoms[particle].element
        if element is None or element.atomic_number != number:
            found = "no element" if element is None else element.symbol
            raise MoleculeError(
                f"Particle {particle} is {found}, where {potential!r} has the atomic number {number}: "
                "name the particles in the force field's order."
            )
