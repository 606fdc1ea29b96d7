"""Units: every spelling, exact factors, and the same data in other units."""

from __future__ import annotations

import ase.units
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supple.data.dataset import Dataset
from supple.data.units import ENERGY, INTERNAL, LENGTH, Units
from supple.errors import DataError, UnitsError


@pytest.mark.parametrize(
    ("text", "energy", "length", "forces"),
    [
        ("kcal/mol", "kcal/mol", "Å", "kcal/mol/Å"),
        ("KCAL", "kcal/mol", "Å", "kcal/mol/Å"),
        ("Hartree,Bohr", "hartree", "bohr", "hartree/bohr"),
        ("Eh,a0", "hartree", "bohr", "hartree/bohr"),
        ("eV, Angstrom, eV/Ang", "eV", "Å", "eV/Å"),
        ("energy=kJ/mol,length=nm", "kJ/mol", "nm", "kJ/mol/nm"),
        ("energy=eV,length=Å,forces=hartree/bohr", "eV", "Å", "hartree/bohr"),
        ("force=kcal/mol/A,energies=ry", "Ry", "Å", "kcal/mol/Å"),
        ("meV", "meV", "Å", "meV/Å"),
        ("eV,\u212b", "eV", "Å", "eV/Å"),  # the sign for ångström instead of the letter
    ],
)
def test_spellings(text: str, energy: str, length: str, forces: str) -> None:
    units = Units.parse(text)
    assert (units.energy, units.length, units.forces) == (energy, length, forces)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The units are empty"),
        ("kcal/mole", "'kcal/mole' is not a known energy unit .did you mean kcal/mol"),
        ("MeV", "'MeV' is not a known energy unit"),
        ("eV,feet", "'feet' is not a known length unit"),
        ("eV,Å,eV", "'eV' is not a force unit: write energy per length"),
        ("eV,Å,eV/Å,K", "too many parts"),
        ("energy=eV,mass=u", "'mass' .* is not a quantity: choose from energy, length, forces"),
        ("length=Å", "do not name the energy unit"),
    ],
)
def test_broken_units(text: str, words: str) -> None:
    with pytest.raises(UnitsError, match=words):
        Units.parse(text)


def test_units_errors_are_data_errors() -> None:
    assert issubclass(UnitsError, DataError)


def test_factors_agree_with_ase() -> None:
    ours = {"kcal/mol": ase.units.kcal / ase.units.mol, "kJ/mol": ase.units.kJ / ase.units.mol,
            "hartree": ase.units.Hartree, "Ry": ase.units.Rydberg}  # fmt: skip
    for name, value in ours.items():
        assert ENERGY[name] == pytest.approx(value, rel=1e-7)
    assert LENGTH["bohr"] == pytest.approx(ase.units.Bohr, rel=1e-7)
    assert 1 / ENERGY["kcal/mol"] == pytest.approx(23.060548, rel=1e-7)


names = st.tuples(*[st.sampled_from(sorted(table)) for table in (ENERGY, LENGTH, ENERGY, LENGTH)])


@given(names)
def test_text_and_back(parts: tuple[str, str, str, str]) -> None:
    units = Units(*parts)
    assert Units.parse(str(units)) == units
    assert Units.parse(units) is units


@given(names)
def test_the_same_data_in_any_units(parts: tuple[str, str, str, str]) -> None:
    units = Units(*parts)
    rng = np.random.default_rng(0)
    r, e, f = rng.normal(size=(4, 3, 3)), -2079 + rng.normal(size=4), rng.normal(size=(4, 3, 3))
    reference = Dataset.of([8, 1, 1], r, e, f)
    written = (r / units.length_in_angstrom, e / units.energy_in_ev, f / units.forces_in_ev_per_angstrom)
    data = Dataset.of([8, 1, 1], *written, units)
    assert data.forces is not None
    assert np.allclose(data.positions, r, rtol=1e-14, atol=0)
    assert np.allclose(data.energies, e, rtol=1e-14, atol=0)
    assert np.allclose(data.forces, f, rtol=1e-14, atol=0)
    assert data.frame_hashes == reference.frame_hashes


def test_inside_all_is_electronvolts_and_angstrom() -> None:
    assert (INTERNAL.energy_in_ev, INTERNAL.length_in_angstrom, INTERNAL.forces_in_ev_per_angstrom) == (1, 1, 1)
