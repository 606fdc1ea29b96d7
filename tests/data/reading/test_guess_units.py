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
