"""OpenMM: a molecule as a force within a system that may contain other particles. Units nm and kJ/mol.

Eastman et al., J. Phys. Chem. B 128, 109 (2024), doi 10.1021/acs.jpcb.3c06662. https://openmm.org
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from supple.data.units import Units
from supple.errors import MoleculeError
from supple.models.arrangement import another_molecule, another_order
from supple.models.followed_molecule import FollowedMolecule
from supple.models.potential import Potential
from supple.molecule.boxes import Boxes
from supple.runtime.optional_dependencies import extra

if TYPE_CHECKING:
    from openmm import PythonForce, System
    from openmm.app import Topology

_UNITS = Units.of("kJ/mol", "nm")
#: Distances (Å) of an atom from its nearest neighbour between which it may belong to a molecule or a complex.
_NEAREST, _FARTHEST = 0.3, 15.0

_REMEDY = (
    "check that all particles exist in the system, and that the molecule is whole; if so, call openmm_force with system=..., "
    "and with the topology if the molecule is cut by a periodic box."
)


def openmm_force(
    potential: Potential,
    particles: Sequence[int] | None = None,
    topology: Topology | None = None,
    system: System | None = None,
) -> PythonForce:
    """A force to add to an OpenMM system: the energy of one molecule, independent of all other particles.

    Interactions between the molecule and other particles must come from other forces, which must exclude the pairs within
    the molecule.

    Args:
        potential: of the molecule.
        particles: indices of its atoms; 0 to N - 1 when None. They are in the order of the force field, or, with a topology, in
            any order, which is recognised by the bonds.
        topology: of the system; if given, the elements of the particles are compared with those of the molecule, and if it has
            a periodic box, a molecule that the box cuts is joined. Without one the molecule must be whole.
        system: to which the force will be added; if given, the particles are looked up in it. OpenMM itself does not check that
            they exist.

    Raises:
        SettingsError: OpenMM 8.6 or later is not installed.
        MoleculeError: the particles are not the atoms of the molecule. If neither topology nor system is given, this is known
            only when OpenMM computes the first energy, from positions that are not those of a molecule.
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
    if system is not None:
        _require_particles(chosen, system.getNumParticles(), "system")
    numbers = potential.numbers if topology is None else _numbers(potential, chosen, topology)
    known = topology is not None or system is not None
    force = PythonForce(Computation(FollowedMolecule(potential, numbers, "The molecule in OpenMM"), known), {}, chosen)
    if topology is not None and topology.getPeriodicBoxVectors() is not None:
        force.setUsesPeriodicBoundaryConditions(True)
    return force


class Computation:
    """Called by OpenMM: positions in nm to the energy in kJ/mol and forces in kJ/mol/nm.

    Args:
        molecule: the particles of the force.
        known: whether they are known to exist in the system.
    """

    def __init__(self, molecule: FollowedMolecule, known: bool) -> None:
        self.molecule = molecule
        self._known = known
        self._periodic: bool | None = None

    def __call__(self, state: Any) -> tuple[float, Float[np.ndarray, "N 3"]]:
        """Energy and forces of the particles of the force."""
        positions = np.asarray(state.getPositions(asNumpy=True)._value, dtype=np.float64) * _UNITS.length_in_angstrom
        if not self._known:
            _require_molecule(positions, self.molecule.potential)
            self._known = True
        energies, forces = self.molecule.potential.predict(self.molecule.arranged(positions, self._box(state))[None])
        in_order = self.molecule.returned(forces[0])
        return float(energies[0]) / _UNITS.energy_in_ev, in_order / _UNITS.forces_in_ev_per_angstrom

    def _box(self, state: Any) -> Boxes | None:
        """The periodic box, Å; None unless the force was told that there is one."""
        if self._periodic is False:
            return None
        from openmm import OpenMMException

        try:
            vectors = state.getPeriodicBoxVectors(asNumpy=True)._value
        except OpenMMException:
            self._periodic = False
            return None
        return Boxes.of(np.asarray(vectors)[None] * _UNITS.length_in_angstrom, np.ones((1, 3)))


def _require_molecule(positions: Float[np.ndarray, "N 3"], potential: Potential) -> None:
    """Refuse what OpenMM reads for particles that do not exist: anything at all.

    Args:
        positions: in the order of the force field, Å; particles in another order need a topology.
        potential: of the molecule.

    Raises:
        MoleculeError: positions are not finite, an atom is far from all others, or at the place of another, or a bond is missing
            that the training frames have.
    """
    apart = np.linalg.norm(positions[:, None] - positions, axis=2) + np.diag(np.full(len(positions), np.inf))
    nearest = apart.min(axis=1)
    if len(positions) > 1 and not ((nearest > _NEAREST) & (nearest < _FARTHEST)).all():
        atom = int(np.flatnonzero(~((nearest > _NEAREST) & (nearest < _FARTHEST)))[0])
        raise MoleculeError(
            f"Particle {atom} of the molecule, counted from 0, is not beside the others ({nearest[atom]:.3g} Å from the nearest): "
            f"{_REMEDY}"
        )
    connectivity = potential.connectivity
    if connectivity is not None and connectivity.compare(potential.numbers, positions[None]).broken[0]:
        raise MoleculeError(f"The particles do not have the bonds of the molecule: {_REMEDY}")


def _require_particles(particles: Sequence[int], count: int, where: str) -> None:
    for particle in particles:
        if particle >= count:
            raise MoleculeError(f"There is no particle {particle}: the {where} has {count} atoms, counted from 0.")


def _numbers(potential: Potential, particles: Sequence[int], topology: Topology) -> Int[np.ndarray, "N"]:
    """Atomic numbers of the particles, by the topology."""
    atoms = list(topology.atoms())
    _require_particles(particles, len(atoms), "topology")
    elements = [atoms[particle].element for particle in particles]
    if None in elements:
        particle = particles[elements.index(None)]
        raise MoleculeError(f"Particle {particle} has no element in the topology: give it one, or leave it out.")
    numbers = np.array([element.atomic_number for element in elements])
    if sorted(numbers) != sorted(potential.numbers):
        raise another_molecule(potential, numbers, "The molecule in OpenMM")
    if potential.connectivity is None and not np.array_equal(numbers, potential.numbers):
        raise another_order(potential, numbers, "The molecule in OpenMM")
    return numbers
