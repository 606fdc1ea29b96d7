"""Units from magnitudes: the right ones for what programs write, and no false alarm."""

from __future__ import annotations

import numpy as np
import pytest

from supple.data.dataset import Dataset
from supple.data.reading.guess_units import UnitGuess, guess_units
from supple.data.units import Units

SPELLINGS = ["eV", "kcal/mol", "kJ/mol", "hartree", "hartree,bohr", "eV,bohr", "kJ/mol,nm",
             "energy=hartree,forces=hartree/bohr"]  # fmt: skip


def guess_in(water: Dataset, text: str, shift: float = 0.0, scale: float = 1.0, energies: bool = True) -> UnitGuess:
    """The guess for the water frames written in these units."""
    units = Units.parse(text)
    assert water.forces is not None
    return guess_units(
        water.numbers,
        water.positions / units.length_in_angstrom,
        (water.energies + shift) / units.energy_in_ev if energies else None,
        water.forces * scale / units.forces_in_ev_per_angstrom,
    )


@pytest.mark.parametrize("text", SPELLINGS)
def test_all_electron_energies(water: Dataset, text: str) -> None:
    found = guess_in(water, text)
    assert found.units == Units.parse(text)
    assert found.clear
    assert not found.contradicts(found.units)


@pytest.mark.parametrize("text", ["hartree", "energy=hartree,forces=hartree/bohr", "eV", "kcal/mol"])
def test_energies_of_valence_electrons(water: Dataset, text: str) -> None:
    gfn2_of_water = -5.07 * 27.211
    found = guess_in(water, text, shift=gfn2_of_water + 2079)
    assert found.units.energy == Units.parse(text).energy
    assert found.clear


@pytest.mark.parametrize("text", ["eV", "kcal/mol", "kJ/mol", "hartree,bohr"])
def test_forces_alone_give_a_likely_unit_and_no_certainty(water: Dataset, text: str) -> None:
    for found in (guess_in(water, text, energies=False), guess_in(water, text, shift=2079.0)):
        assert found.units == Units.parse(text)
        assert not found.energy_is_clear


def test_small_forces_prove_nothing_and_large_ones_do(water: Dataset) -> None:
    assert not guess_in(water, "eV", scale=0.01, energies=False).contradicts(Units())
    assert guess_in(water, "kcal/mol", energies=False).contradicts(Units())
    assert not guess_in(water, "eV", scale=4.0, energies=False).contradicts(Units())


def test_noble_gases_have_no_bonds_to_measure_by() -> None:
    found = guess_units(np.array([18, 18]), np.array([[[0.0, 0, 0], [0, 0, 3.8]]]), None, None)
    assert not found.length_is_clear
    assert not found.contradicts_length("bohr")


def test_one_atom_and_atoms_in_one_place() -> None:
    assert not guess_units(np.array([1]), np.zeros((2, 1, 3)), None, np.zeros((2, 1, 3))).clear
    assert not guess_units(np.array([1, 1]), np.zeros((2, 2, 3)), np.zeros(2), np.zeros((2, 2, 3))).clear


@pytest.mark.parametrize("text", [*SPELLINGS, "energy=eV,length=nm,forces=hartree/bohr"])
def test_spelling_is_understood(text: str) -> None:
    assert Units.parse(Units.parse(text).shorthand) == Units.parse(text)
    assert Units.parse("kcal/mol").shorthand == "kcal/mol"


MORSE = {"H2": ((1, 1), 0.74, 4.75, 1.94, -26.7), "HCl": ((1, 17), 1.27, 4.6, 1.87, -132.0)}


def dissociating(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A dissociation curve: numbers, positions, energies and forces in eV and Å."""
    numbers, rest, depth, a, zero = MORSE[name]
    r = np.linspace(0.75 * rest, 4 * rest, 40)
    decay = np.exp(-a * (r - rest))
    pull = -2 * a * depth * (1 - decay) * decay
    z = np.array([0.0, 0.0, 1.0])
    return (
        np.array(numbers),
        r[:, None, None] * np.stack([0 * z, z]),
        zero + depth * (1 - decay) ** 2,
        pull[:, None, None] * np.stack([-z, z]),
    )


@pytest.mark.parametrize("name", MORSE)
@pytest.mark.parametrize("text", ["eV", "kcal/mol", "hartree,bohr"])
def test_dissociated_frames_do_not_make_the_length_unit_another(name: str, text: str) -> None:
    numbers, positions, energies, forces = dissociating(name)
    units = Units.parse(text)
    found = guess_units(
        numbers,
        positions / units.length_in_angstrom,
        energies / units.energy_in_ev,
        forces / units.forces_in_ev_per_angstrom,
    )
    assert not found.contradicts(units)
    bare = guess_units(numbers, positions / units.length_in_angstrom, None, None)
    assert not bare.contradicts_length(units.length)


def test_stretched_bonds_are_no_other_unit() -> None:
    for length in (0.55, 0.96):
        found = guess_units(np.array([1, 1]), np.array([[[0.0, 0, 0], [0, 0, length]]]), None, None)
        assert not found.contradicts_length("Å")


def test_energies_that_look_like_two_methods_contradict_neither() -> None:
    """The GFN2-xTB energy of butanol in eV is its energy of all electrons as if in Ry."""
    numbers = np.array([6] * 4 + [8] + [1] * 10)
    positions = np.cumsum(np.full((1, 15, 3), 0.4), axis=1)
    relaxed = np.random.default_rng(0).normal(scale=1e-3, size=(1, 15, 3))
    assert not guess_units(numbers, positions, np.array([-487.0]), relaxed).contradicts(Units())
    assert guess_units(numbers, positions, np.array([-233.5]), relaxed).contradicts(Units())
