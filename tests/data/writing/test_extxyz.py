"""Extended xyz: read back exactly by Supple, and by ASE."""

from __future__ import annotations

from pathlib import Path

import ase.io
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from supple.data.dataset import Dataset
from supple.data.reading import read
from supple.data.writing import write_extxyz
from supple.errors import DataError, UnitsError

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)


@pytest.fixture
def methane() -> Dataset:
    rng = np.random.default_rng(0)
    carbon_and_hydrogen = np.array([[0, 0, 0], [1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * 0.63
    positions = carbon_and_hydrogen + rng.normal(scale=0.02, size=(3, 5, 3))
    return Dataset.of([6, 1, 1, 1, 1], positions, -1100.0 + rng.normal(size=3), rng.normal(size=(3, 5, 3)))


@pytest.mark.parametrize("name", ["a.xyz", "a.extxyz", "a.xyz.gz"])
def test_read_back_exactly(tmp_path: Path, methane: Dataset, name: str) -> None:
    write_extxyz(tmp_path / name, methane)
    assert read(tmp_path / name).fingerprint == methane.fingerprint
    assert [p.name for p in tmp_path.iterdir()] == [name]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrays(float, (2, 3, 3), elements=finite),
    arrays(float, 2, elements=finite),
    arrays(float, (2, 3, 3), elements=finite),
)
def test_any_numbers_come_back(tmp_path: Path, positions: np.ndarray, energies: np.ndarray, forces: np.ndarray) -> None:
    write_extxyz(tmp_path / "a.xyz", ([8, 1, 1], positions, energies, forces))
    data = read(tmp_path / "a.xyz", units="eV")
    assert data.forces is not None
    assert np.array_equal(data.positions, positions)
    assert np.array_equal(data.energies, energies)
    assert np.array_equal(data.forces, forces)


@pytest.mark.parametrize("units", ["kcal/mol", "hartree,bohr", "energy=kJ/mol,length=nm,forces=hartree/bohr"])
def test_other_units_are_stated(tmp_path: Path, methane: Dataset, units: str) -> None:
    write_extxyz(tmp_path / "a.xyz", methane, units)
    data = read(tmp_path / "a.xyz")
    assert methane.forces is not None
    assert data.forces is not None
    assert data.source.units.energy in units
    assert np.allclose(data.positions, methane.positions, rtol=0, atol=1e-14)
    assert np.allclose(data.energies, methane.energies, rtol=1e-15)
    assert np.allclose(data.forces, methane.forces, rtol=0, atol=1e-14)


def test_ase_reads_it(tmp_path: Path, methane: Dataset) -> None:
    write_extxyz(tmp_path / "a.xyz", methane)
    frames = ase.io.read(tmp_path / "a.xyz", index=":")
    assert methane.forces is not None
    assert len(frames) == 3
    for m, atoms in enumerate(frames):
        assert not atoms.pbc.any()
        assert np.array_equal(atoms.positions, methane.positions[m])
        assert atoms.get_potential_energy() == methane.energies[m]
        assert np.array_equal(atoms.get_forces(), methane.forces[m])
        assert atoms.info["energy_unit"] == "eV"


def test_without_energies_or_forces(tmp_path: Path, methane: Dataset) -> None:
    write_extxyz(tmp_path / "a.xyz", (methane.numbers, methane.positions, None, methane.forces))
    assert not read(tmp_path / "a.xyz").has_energies
    write_extxyz(tmp_path / "a.xyz", (methane.numbers, methane.positions, None, None))
    assert np.array_equal(read(tmp_path / "a.xyz", labels=False).positions, methane.positions)


def test_energies_that_are_not_known(tmp_path: Path, methane: Dataset) -> None:
    energies = np.array([np.nan, -1100.0, -1101.0])
    write_extxyz(tmp_path / "a.xyz", (methane.numbers, methane.positions, energies, methane.forces))
    assert np.array_equal(read(tmp_path / "a.xyz", keys="energy=energy").energies, energies, equal_nan=True)


def test_equal_data_give_equal_files(tmp_path: Path, methane: Dataset) -> None:
    for name in ("a.xyz.gz", "b.xyz.gz"):
        write_extxyz(tmp_path / name, methane)
    assert (tmp_path / "a.xyz.gz").read_bytes() == (tmp_path / "b.xyz.gz").read_bytes()


def test_a_failure_leaves_the_old_file(tmp_path: Path, methane: Dataset) -> None:
    write_extxyz(tmp_path / "a.xyz", methane)
    before = (tmp_path / "a.xyz").read_bytes()
    with pytest.raises(DataError, match=r"a\.xyz: forces have shape"):
        write_extxyz(tmp_path / "a.xyz", (methane.numbers, methane.positions, None, np.zeros((1, 5, 3))))
    with pytest.raises(UnitsError, match="'parsec' is not a known length unit"):
        write_extxyz(tmp_path / "a.xyz", methane, "eV,parsec")
    assert (tmp_path / "a.xyz").read_bytes() == before
