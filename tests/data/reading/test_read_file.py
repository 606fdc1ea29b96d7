"""The one function, whatever the format: files that are not there, keys, geometries alone, real files."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import supple
from supple.data.dataset import Dataset
from supple.data.reading import read
from supple.data.reading.keys import Key, Keys
from supple.data.units import Units
from supple.errors import DataError, SettingsError, SuppleError, UnitsError

Write = Callable[[str, str | bytes], Path]


def test_public_name() -> None:
    assert supple.read is read


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no file .*absent\.xyz"):
        read(tmp_path / "absent.xyz")


def test_directory(tmp_path: Path) -> None:
    (tmp_path / "frames.xyz").mkdir()
    with pytest.raises(DataError, match="no files of geometries"):
        read(tmp_path / "frames.xyz")


def test_a_file_that_nobody_reads_names_what_is_read(file: Write) -> None:
    with pytest.raises(DataError, match=r"frames\.foo has an unknown format: Supple reads extended xyz, npz, HDF5"):
        read(file("frames.foo", "x"))


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_empty_file(file: Write, content: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.xyz.* contains no frames"):
        read(file("a.xyz", content))


def test_damaged_gzip(file: Write, plain_text: str) -> None:
    packed = gzip.compress(plain_text.encode())
    for content in (packed[: len(packed) // 2], plain_text.encode(), packed[:60] + b"\0" * 40 + packed[100:]):
        with pytest.raises(SuppleError, match=r"a\.xyz\.gz is damaged or not a gzip file"):
            read(file("a.xyz.gz", content), "eV")


def test_gzip_and_path_as_text(file: Write, plain_text: str, water: Dataset) -> None:
    data = read(str(file("a.xyz.gz", gzip.compress(plain_text.encode()))), units="eV")
    assert data.source.name == "a.xyz.gz"
    assert data.fingerprint == water.fingerprint


def test_units_given_may_be_units(file: Write, plain_text: str) -> None:
    data = read(file("a.xyz", plain_text), Units.parse("hartree,bohr"))
    assert data.source.units == Units.of("hartree", "bohr")


def test_keys_are_parsed() -> None:
    assert Keys.parse("energy=E, forces = grad*-1") == Keys(energy=Key("E"), forces=Key("grad", -1.0))
    assert Keys.parse({"energies": "E*0.5"}) == Keys(energy=Key("E", 0.5))
    assert Keys.parse(None) == Keys()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("charge=q", "'charge' in the keys is not a quantity: choose from numbers, positions, energy, forces"),
        ("energy", "'energy' in the keys has no equals sign: write energy=NAME"),
        ("energy=", "no name for energy"),
        ("forces=g*minus", r"'\*minus' .* is not a factor"),
        ("forces=g*0", "is not a factor"),
        ("forces=g*inf", "is not a factor"),
        ("numbers=z*2", "is not a factor"),
    ],
)
def test_broken_keys(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Keys.parse(text)


def test_geometries_alone(file: Write, water: Dataset) -> None:
    text = "3\nwater\n" + "".join(
        f"{s} {x} {y} {z}\n" for s, (x, y, z) in zip(water.symbols, water.positions[0], strict=True)
    )
    data = read(file("a.xyz", text), labels=False)
    assert data.forces is None
    assert not data.has_energies
    assert np.array_equal(data.positions[0], water.positions[0])
    with pytest.raises(DataError, match=r"a\.xyz has no forces"):
        read(file("a.xyz", text))


def test_geometries_alone_from_a_labelled_file(file: Write, plain_text: str) -> None:
    assert read(file("a.xyz", plain_text), labels=False).forces is None


def test_geometries_in_bohr(file: Write, water: Dataset) -> None:
    bohr = water.positions / 0.529177210903
    text = "3\n\n" + "".join(f"{s} {x} {y} {z}\n" for s, (x, y, z) in zip(water.symbols, bohr[0], strict=True))
    path = file("a.xyz", text)
    with pytest.raises(
        UnitsError, match=r"look like bohr: use --units length=bohr if that is right, otherwise --units length=Å"
    ):
        read(path, labels=False)
    for units in ("bohr", "length=bohr", "hartree,bohr", Units.of("eV", "bohr")):
        assert np.allclose(read(path, units, labels=False).positions[0], water.positions[0], atol=1e-12)
    # the user's word counts, whatever the numbers look like
    assert np.allclose(read(path, "length=Å", labels=False).positions[0], bohr[0])
    with pytest.raises(UnitsError, match="'furlong' is not a known"):
        read(path, "furlong", labels=False)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "frames", "atoms", "energies", "stated"),
    [
        ("glycine/Glycine.xyz.gz", 8000, 10, 8000, None),
        ("glycine/Glycine_wrong_unit_labels.npz", 8000, 10, 8000, None),
        ("azobenzene_inversion/Azobenzene_inversion_cis.xyz.gz", 680, 24, 680, None),
        ("rmd17/rmd17_azobenzene_train_01.npz", 1000, 24, 1000, "kcal/mol"),
        ("rmd17/rmd17_azobenzene_test_01.npz", 1000, 24, 1000, "kcal/mol"),
        ("rmd17/rmd17_ethanol_train_01.npz", 1000, 9, 1000, "kcal/mol"),
        ("rmd17/rmd17_ethanol_test_01.npz", 1000, 9, 1000, "kcal/mol"),
        ("3bpa/train_300K.xyz.gz", 500, 27, 500, "eV"),
        ("3bpa/train_mixedT.xyz.gz", 500, 27, 500, "eV"),
        ("acac/train_300K.xyz.gz", 500, 15, 500, "eV"),
        ("acac/test_MD_300K.xyz.gz", 650, 15, 650, "eV"),
    ],
)
def test_real_files(real_data: Path, name: str, frames: int, atoms: int, energies: int, stated: str | None) -> None:
    if stated is None:
        with pytest.raises(UnitsError, match=r"look like kcal/mol and Å: .*use --units kcal/mol"):
            read(real_data / name)
    data = read(real_data / name, units=None if stated else "kcal/mol")
    assert data.positions.shape == (frames, atoms, 3)
    assert data.forces is not None
    assert int(np.isfinite(data.energies).sum()) == energies
    assert data.source.units == Units.of(stated or "kcal/mol")
    assert 0.5 < np.sqrt((data.forces**2).mean()) < 2.0


@pytest.mark.real_data
def test_one_dataset_in_two_formats(real_data: Path) -> None:
    text = read(real_data / "glycine/Glycine.xyz.gz", "kcal/mol")
    arrays = read(real_data / "glycine/Glycine_wrong_unit_labels.npz", "kcal/mol")
    assert text.frame_hashes == arrays.frame_hashes
    assert text.forces is not None
    assert arrays.forces is not None
    assert np.allclose(text.energies, arrays.energies, rtol=0, atol=1e-9)
    assert np.allclose(text.forces, arrays.forces, rtol=0, atol=1e-9)


@pytest.mark.real_data
def test_energies_that_are_known_for_some_frames(real_data: Path) -> None:
    file = real_data / "azobenzene_inversion/azobenzene_inversion.npz"
    with pytest.raises(DataError, match=r"the energies of 1820 frames are NaN.*use --keys energy=E_true"):
        read(file, "kcal/mol")
    data = read(file, "kcal/mol", keys="energy=E_true")
    assert {"CNNC", "jcp_index"} <= set(data.extras)
    known = np.isfinite(data.energies)
    assert 0 < known.sum() < len(data)


def test_texts_of_a_file_cannot_control_the_terminal(file: Callable[[str, str | bytes], Path], plain_text: str) -> None:
    frame = plain_text.splitlines()[:5]
    frame[1] = 'Properties=species:S:1:pos:R:3:forces:R:3 energy=-2079.0 theory="\x1b[31mPBE" red\x1b[2J=5'
    data = read(file("a\x1b[31m.xyz", "\n".join(frame) + "\n"))
    assert data.source.name == r"a\x1b[31m.xyz"
    assert data.source.about["theory"] == r"\x1b[31mPBE"
    assert r"red\x1b[2J" in data.extras
