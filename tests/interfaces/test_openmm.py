"""OpenMM: alone, among other particles, and through its dynamics."""

import numpy as np
import pytest
from interfaces.conftest import assert_same

from supple.data.units import Units
from supple.errors import MoleculeError

openmm = pytest.importorskip("openmm", reason="OpenMM is not installed")

UNITS = Units.of("kJ/mol", "nm")


def context_of(force, masses, step=0.00002, box=None):
    system = openmm.System()
    if box is not None:
        system.setDefaultPeriodicBoxVectors(*box)
    for mass in masses:
        system.addParticle(mass)
    system.addForce(force)
    integrator = openmm.VerletIntegrator(step)
    return openmm.Context(system, integrator, openmm.Platform.getPlatformByName("Reference"))


def answer(context, positions):
    """Energy in eV, forces in eV/Å of positions in Å, and forces as OpenMM has them."""
    context.setPositions(positions / UNITS.length_in_angstrom)
    state = context.getState(energy=True, forces=True)
    forces = state.getForces(asNumpy=True)._value
    return state.getPotentialEnergy()._value * UNITS.energy_in_ev, forces * UNITS.forces_in_ev_per_angstrom


def test_same_as_supple(potential, frames):
    from supple.interfaces.openmm import openmm_force

    context = context_of(openmm_force(potential), np.ones(len(potential.numbers)))
    energies, forces = zip(*(answer(context, r) for r in frames), strict=True)
    assert_same(potential, frames, energies, np.array(forces))


def test_the_units_are_nm_and_kj_per_mol(potential, frames):
    # Converted by OpenMM, not by Supple.
    from openmm import unit

    from supple.interfaces.openmm import openmm_force

    context = context_of(openmm_force(potential), np.ones(len(potential.numbers)))
    context.setPositions(frames[0] * unit.angstrom)
    energy = context.getState(energy=True).getPotentialEnergy()
    per_ev = 1.602176634e-19 * unit.joule * unit.AVOGADRO_CONSTANT_NA
    assert energy / per_ev == pytest.approx(potential.predict(frames[:1])[0][0], rel=1e-6)


def test_other_particles_feel_nothing(potential, frames):
    from supple.interfaces.openmm import openmm_force

    n = len(potential.numbers)
    particles = [*range(n + 2, 2, -1)]
    context = context_of(openmm_force(potential, particles), np.ones(n + 5))
    everything = np.full((n + 5, 3), 40.0)
    everything[particles] = frames[0]
    energy, forces = answer(context, everything)
    assert_same(potential, frames[:1], [energy], forces[None, particles])
    assert not np.delete(forces, particles, axis=0).any()


def test_its_dynamics_keep_the_energy(potential, frames):
    from ase.data import atomic_masses

    from supple.interfaces.openmm import openmm_force

    context = context_of(openmm_force(potential), atomic_masses[potential.numbers])
    context.setPositions(frames[0] / UNITS.length_in_angstrom)
    totals = []
    for _ in range(2):
        state = context.getState(energy=True)
        totals.append((state.getPotentialEnergy() + state.getKineticEnergy())._value * UNITS.energy_in_ev)
        context.getIntegrator().step(100)
    assert totals[0] == pytest.approx(totals[1], abs=2e-3)


def test_wrong_particles_are_refused(potential):
    from supple.interfaces.openmm import openmm_force

    n = len(potential.numbers)
    with pytest.raises(MoleculeError, match="each once"):
        openmm_force(potential, [0] * n)
    with pytest.raises(MoleculeError, match="each once"):
        openmm_force(potential, range(n - 1))


def test_elements_of_a_topology_are_compared(potential):
    from openmm.app import Element, Topology

    from supple.interfaces.openmm import openmm_force

    topology = Topology()
    residue = topology.addResidue("MOL", topology.addChain())
    for i, z in enumerate(potential.numbers):
        topology.addAtom(f"X{i}", Element.getByAtomicNumber(int(z)), residue)
    n = len(potential.numbers)
    assert list(openmm_force(potential, range(n), topology).getParticles()) == list(range(n))
    other = Topology()
    for z in (6, 8, 1, 1, 1, 2):
        other.addAtom("X", Element.getByAtomicNumber(z), other.addResidue("MOL", other.addChain()))
    with pytest.raises(MoleculeError, match="describes no other molecule"):
        openmm_force(potential, range(n), other)
    with pytest.raises(MoleculeError, match=f"no particle {n}"):
        openmm_force(potential, [*range(n - 1), n], topology)


def topology_of(numbers, box=None):
    from openmm.app import Element, Topology

    topology = Topology()
    residue = topology.addResidue("MOL", topology.addChain())
    for i, z in enumerate(numbers):
        topology.addAtom(f"X{i}", Element.getByAtomicNumber(int(z)), residue)
    if box is not None:
        topology.setPeriodicBoxVectors(box)
    return topology


def test_particles_in_another_order_are_recognised_by_their_bonds(potential, frames):
    from supple.interfaces.openmm import openmm_force

    n = len(potential.numbers)
    force = openmm_force(potential, range(n), topology_of(potential.numbers[::-1]))
    energy, forces = answer(context_of(force, np.ones(n)), frames[0][::-1])
    assert_same(potential, frames[:1], [energy], forces[None, ::-1])


def test_a_molecule_cut_by_the_box_is_joined(potential, frames):
    from supple.interfaces.openmm import openmm_force

    n, box = len(potential.numbers), np.array([[1.5, 0, 0], [0.3, 1.5, 0], [-0.2, 0.4, 1.5]])
    force = openmm_force(potential, topology=topology_of(potential.numbers, box))
    context = context_of(force, np.ones(n), box=box)
    for positions in frames[:3]:
        cell = box * UNITS.length_in_angstrom
        energy, forces = answer(context, np.mod((positions - positions[0]) @ np.linalg.inv(cell), 1.0) @ cell)
        assert_same(potential, positions[None], [energy], forces[None])


def test_particles_that_do_not_exist(potential, frames):
    from supple.interfaces.openmm import openmm_force

    n = len(potential.numbers)
    particles = [*range(n - 1), 10**6]
    system = openmm.System()
    for _ in range(n):
        system.addParticle(1.0)
    with pytest.raises(MoleculeError, match=f"no particle 1000000: the system has {n} atoms"):
        openmm_force(potential, particles, system=system)
    far = frames[0].copy()
    beside = far[0] + [6.0, 0.0, 0.0]
    for place in (np.nan, 1e12, far[1], beside):
        far[0] = place
        context = context_of(openmm_force(potential), np.ones(n))
        with pytest.raises(openmm.OpenMMException, match="check that all particles exist in the system"):
            answer(context, far)
