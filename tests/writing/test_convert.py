"""Whatever is written in one format and read in another is the same data."""

from itertools import product

import numpy as np
import pytest
from toy import toy_dataset

from supple.dataset import Dataset
from supple.errors import DataError, SettingsError
from supple.reading import read
from supple.units import Units
from supple.writing import FORMATS, format_of, write

SUFFIX = {"extxyz": ".xyz", "sgdml": ".npz", "rmd17": ".npz", "ase": ".db", "schnetpack": ".db", "spice": ".h5"}
EV = 23.060547830619026
#: Formats whose units are their own, whatever is asked for.
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


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("units", ["kcal/mol", "hartree,bohr"])
def test_numbers_units_and_all_else_come_back(data, fmt, units, tmp_path):
    path = tmp_path / f"x{SUFFIX[fmt]}"
    assert write(path, data, Units.parse(units), fmt) == []
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
    with pytest.raises(DataError, match="1 are not known"):
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
    with pytest.raises(DataError, match="sGDML takes forces in energy per length"):
        write(tmp_path / "x.npz", data, Units.of("hartree", "Å", "hartree/bohr"), "sgdml")


def test_formats_by_suffix_and_by_name(tmp_path):
    assert format_of(tmp_path / "a.xyz.gz") == "extxyz"
    assert format_of(tmp_path / "a.npz", "rmd17") == "rmd17"
    with pytest.raises(SettingsError, match="says no format"):
        format_of(tmp_path / "a.foo")
    with pytest.raises(SettingsError, match="not a format to write"):
        format_of(tmp_path / "a.npz", "cif")
