"""Whatever is written in one format and read in another is the same data."""

from itertools import product

import numpy as np
import pytest
from toy import toy_dataset

from supple.data.dataset import Dataset
from supple.data.reading import read
from supple.data.units import Units
from supple.data.writing import format_of, write
from supple.data.writing.exact_numbers import in_unit
from supple.data.writing.registry import WRITERS
from supple.errors import DataError, SettingsError

SUFFIX = {"extxyz": ".xyz", "sgdml": ".npz", "rmd17": ".npz", "ase": ".db", "schnetpack": ".db", "spice": ".h5"}
FORMATS = tuple(SUFFIX)
EV = 23.060547830619026
#: Formats whose units are their own.
FIXED = {"rmd17": "kcal/mol", "ase": "eV", "spice": "hartree,bohr"}


@pytest.fixture(scope="module")
def data():
    clean = toy_dataset(7)
    rng = np.random.default_rng(0)
    return Dataset.of(
        clean.numbers, clean.positions, clean.energies * EV, clean.forces * EV, "kcal/mol", "methanol.xyz",
        extras={"origin": np.array(list("abcdefg")), "step": np.arange(7.0), "dipole": rng.normal(size=(7, 3))},
        about={"theory": "PBE/def2-SVP"},
    )  # fmt: skip


def same(one, other):
    np.testing.assert_array_equal(one.numbers, other.numbers)
    np.testing.assert_allclose(one.positions, other.positions, rtol=4e-16, atol=0)
    np.testing.assert_allclose(one.energies, other.energies, rtol=4e-16, atol=0)
    np.testing.assert_allclose(one.forces, other.forces, rtol=4e-16, atol=1e-300)


def test_every_format_is_tested():
    assert WRITERS.names[: len(FORMATS)] == FORMATS


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("units", ["kcal/mol", "hartree,bohr"])
def test_numbers_units_and_all_else_come_back(data, fmt, units, tmp_path):
    path = tmp_path / f"x{SUFFIX[fmt]}"
    assert write(path, data, None if fmt in FIXED else Units.parse(units), fmt) == []
    back = read(path)
    same(back, data)
    assert back.source.units == Units.parse(FIXED.get(fmt, units))
    assert back.source.theory == "PBE/def2-SVP"
    for name, values in data.extras.items():
        np.testing.assert_array_equal(back.extras[name], values)


@pytest.mark.parametrize(("first", "second"), [pair for pair in product(FORMATS, FORMATS) if pair[0] != pair[1]])
def test_through_two_formats(data, first, second, tmp_path):
    one, two = tmp_path / f"one{SUFFIX[first]}", tmp_path / f"two{SUFFIX[second]}"
    write(one, data, to=first)
    write(two, read(one), to=second)
    same(read(two), data)


def test_numbers_in_the_units_of_the_file_are_those_of_the_file(tmp_path):
    """A number that was read and is written in its own unit is read as the same number again."""
    rng = np.random.default_rng(0)
    e, f = rng.normal(size=20) * 1e5, rng.normal(size=(20, 6, 3)) * 50
    clean = toy_dataset(20)
    first = Dataset.of(clean.numbers, clean.positions, e, f, "kcal/mol")
    write(tmp_path / "a.npz", first, to="sgdml")
    second = read(tmp_path / "a.npz", "kcal/mol")
    np.testing.assert_array_equal(second.energies, first.energies)
    np.testing.assert_array_equal(second.forces, first.forces)


@pytest.mark.parametrize("fmt", ["sgdml", "rmd17", "schnetpack"])
def test_energies_that_are_not_known_are_refused_where_there_is_no_room(data, fmt, tmp_path):
    energies = data.energies.copy()
    energies[2] = np.nan
    gaps = Dataset.of(data.numbers, data.positions, energies, data.forces)
    with pytest.raises(DataError, match="1 of 7 are unknown"):
        write(tmp_path / f"x{SUFFIX[fmt]}", gaps, to=fmt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fmt", ["extxyz", "ase", "spice"])
def test_energies_that_are_not_known_are_kept_where_there_is_room(data, fmt, tmp_path):
    energies = data.energies.copy()
    energies[2] = np.nan
    path = tmp_path / f"x{SUFFIX[fmt]}"
    write(path, Dataset.of(data.numbers, data.positions, energies, data.forces), to=fmt)
    keys = {"extxyz": "energy=energy", "spice": "energy=dft_total_energy"}.get(fmt)
    if fmt == "ase":
        with pytest.raises(DataError, match="frame 2 has no energy"):
            read(path)
        return
    np.testing.assert_array_equal(np.isnan(read(path, keys=keys).energies), np.isnan(energies))


def test_without_energies(data, tmp_path):
    for fmt in FORMATS:
        path = tmp_path / f"{fmt}{SUFFIX[fmt]}"
        write(path, Dataset.of(data.numbers, data.positions, None, data.forces), to=fmt)
        assert not read(path, units=None if fmt != "rmd17" else "kcal/mol").has_energies


def test_forces_per_another_length_do_not_fit_sgdml(data, tmp_path):
    with pytest.raises(DataError, match="sGDML needs forces in energy per length"):
        write(tmp_path / "x.npz", data, Units.of("hartree", "Å", "hartree/bohr"), "sgdml")


def test_formats_by_suffix_and_by_name(tmp_path):
    assert format_of(tmp_path / "a.xyz.gz") == "extxyz"
    assert format_of(tmp_path / "a.npz", "rmd17") == "rmd17"
    with pytest.raises(SettingsError, match="has no suffix of a format"):
        format_of(tmp_path / "a.foo")
    with pytest.raises(SettingsError, match="not a format to write"):
        format_of(tmp_path / "a.npz", "cif")


@pytest.mark.parametrize("fmt", FIXED)
def test_a_format_with_units_of_its_own_refuses_others(data, fmt, tmp_path):
    path = tmp_path / f"x{SUFFIX[fmt]}"
    with pytest.raises(SettingsError, match=f"Files of the format {fmt} are always in"):
        write(path, data, Units.parse("kJ/mol"), fmt)
    write(path, data, Units.parse(FIXED[fmt]), fmt)
    same(read(path), data)


@pytest.mark.parametrize(("name", "fmt"), [("a.xyz", "sgdml"), ("a.npz.gz", "rmd17"), ("a.db", "extxyz"), ("a", "ase")])
def test_a_suffix_by_which_the_file_would_not_be_read_again_is_refused(name, fmt, tmp_path):
    with pytest.raises(SettingsError, match=f"could not be read again as {fmt}"):
        format_of(tmp_path / name, fmt)


@pytest.mark.parametrize("fmt", FORMATS)
def test_names_that_mean_something_else_in_the_format_are_left_out_and_told_of(data, fmt, tmp_path):
    own = {
        "extxyz": "energy_unit", "sgdml": "E", "rmd17": "coords", "ase": "forces", "schnetpack": "energy",
        "spice": "conformations",
    }  # fmt: skip
    path = tmp_path / f"x{SUFFIX[fmt]}"
    extras = {own[fmt]: np.arange(7.0), "step": np.arange(7.0)}
    clash = Dataset.of(data.numbers, data.positions, data.energies, data.forces, extras=extras)
    assert write(path, clash, to=fmt) == [own[fmt]]
    back = read(path)
    same(back, data)
    np.testing.assert_array_equal(back.extras["step"], extras["step"])


def test_units_that_schnetpack_has_no_name_for_are_refused(data, tmp_path):
    with pytest.raises(DataError, match="SchNetPack does not support the unit meV"):
        write(tmp_path / "x.db", data, Units.parse("meV"), "schnetpack")


@pytest.mark.parametrize("fmt", ["sgdml", "rmd17"])
def test_equal_data_give_equal_archives(data, fmt, tmp_path, monkeypatch):
    write(tmp_path / "a.npz", data, to=fmt)
    monkeypatch.setattr("time.time", lambda: 2e9)
    write(tmp_path / "b.npz", data, to=fmt)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_numbers_of_few_digits_are_written_as_they_stood_in_the_file():
    stood = np.array([-97208.5731, 0.1, 1e-7, 123456.789, -3.0, 0.0, np.nan])
    for unit in (Units.parse("kcal/mol").energy_in_ev, Units.parse("hartree,bohr").length_in_angstrom):
        np.testing.assert_array_equal(in_unit(stood * unit, unit), stood)
