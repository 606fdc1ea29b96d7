"""Bonds tell the unit of forces, and whether energies belong to them, wherever the zero of energy is."""

from __future__ import annotations

import numpy as np
import pytest

from supple.data.reading.bond_motion import bond_motion
from supple.data.reading.guess_units import guess_units
from supple.data.units import Units

#: Measured force constants, eV/Å², and bond lengths, Å: Huber and Herzberg, Constants of Diatomic Molecules (1979).
DIATOMICS = {"N2": (7, 7, 1.098, 143.2), "HF": (1, 9, 0.917, 60.3), "CO": (6, 8, 1.128, 118.7), "HCl": (1, 17, 1.275, 32.2),
             "Cl2": (17, 17, 1.988, 20.2), "NaCl": (11, 17, 2.361, 6.8), "HBr": (1, 35, 1.414, 25.7), "I2": (53, 53, 2.666, 10.7)}  # fmt: skip
KT = 0.05


def vibrating(
    z1: int, z2: int, length: float, stiffness: float, n_frames: int = 60
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A harmonic diatomic in thermal motion, turned at random: positions, energies, forces in eV and Å."""
    rng = np.random.default_rng(z1 + z2)
    stretch = rng.normal(scale=np.sqrt(KT / stiffness), size=n_frames)
    axes = rng.normal(size=(n_frames, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    positions = np.stack([-axes / 2, axes / 2], axis=1) * (length + stretch)[:, None, None]
    forces = np.stack([axes, -axes], axis=1) * (stiffness * stretch)[:, None, None]
    return np.array([z1, z2]), positions, stiffness * stretch**2 / 2, forces


@pytest.mark.parametrize("name", DIATOMICS)
def test_forces_in_ev_give_about_one_for_every_bond(name: str) -> None:
    numbers, positions, _, forces = vibrating(*DIATOMICS[name])
    motion = bond_motion(numbers, positions, forces)
    assert motion is not None
    assert 1 / 1.6 < motion.stiffness < 1.6
    assert abs(motion.thermal_energy / KT - 1) < 0.4


@pytest.mark.parametrize("zero", [0.0, -300.0, -1487.0, 250.0])
@pytest.mark.parametrize("stated", ["eV", "kcal/mol", "hartree,bohr"])
def test_units_that_agree_with_their_own_labels_are_not_called_others(zero: float, stated: str) -> None:
    """-1487 eV is the total energy of N2 as if it were in Ry; other methods have other zeros."""
    numbers, positions, energies, forces = vibrating(*DIATOMICS["N2"])
    units = Units.parse(stated)
    found = guess_units(
        numbers,
        positions / units.length_in_angstrom,
        (energies + zero) / units.energy_in_ev,
        forces / units.forces_in_ev_per_angstrom,
    )
    assert not found.contradicts(units)


@pytest.mark.parametrize("truth", ["kcal/mol", "kJ/mol", "hartree", "energy=hartree,forces=hartree/bohr"])
def test_forces_too_small_or_too_large_for_how_bonds_vary_are_doubted(truth: str) -> None:
    numbers, positions, energies, forces = vibrating(*DIATOMICS["HF"])
    units = Units.parse(truth)
    found = guess_units(numbers, positions, energies / units.energy_in_ev, forces / units.forces_in_ev_per_angstrom)
    assert found.contradicts(Units())
    assert not found.contradicts(units)
    assert found.units == units


def test_relaxed_geometries_and_few_frames_prove_nothing() -> None:
    numbers, positions, _, forces = vibrating(*DIATOMICS["HF"])
    assert bond_motion(numbers, positions[:5], forces[:5]) is None
    relaxed = positions / np.linalg.norm(positions[:, :1] - positions[:, 1:], axis=2, keepdims=True) * 0.917
    assert bond_motion(numbers, relaxed, forces * 1e-3) is None
    assert bond_motion(numbers, positions, np.random.default_rng(0).normal(size=forces.shape)) is None
