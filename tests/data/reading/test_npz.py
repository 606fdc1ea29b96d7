"""Archives: the known formats, names given by the user, damage, and objects that must never be loaded."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supple.data.dataset import Dataset
from supple.data.reading import read
from supple.data.writing import write
from supple.errors import DataError, UnitsError

Write = Callable[..., Path]
KCAL = 23.060547830619026


@pytest.fixture
def arrays(water: Dataset) -> dict[str, Any]:
    """The water frames as an sGDML dataset in kcal/mol."""
    assert water.forces is not None
    return {
        "type": "d",
        "name": "water",
        "theory": "unknown",
        "z": water.numbers.astype(np.uint8),
        "R": water.positions,
        "E": water.energies * KCAL,
        "F": water.forces * KCAL,
        "r_unit": "Ang",
        "e_unit": "kcal/mol",
    }


@pytest.fixture
def save(tmp_path: Path) -> Write:
    """Write an archive and give its path."""

    def write(**members: Any) -> Path:
        np.savez_compressed(tmp_path / "a.npz", **members)
        return tmp_path / "a.npz"

    return write


def as_object(value: Any) -> np.ndarray:
    array = np.empty((), dtype=object)
    array[()] = value
    return array


def test_sgdml(arrays: dict[str, Any], save: Write, water: Dataset) -> None:
    data = read(save(**arrays))
    assert str(data.source.units) == "energy=kcal/mol,length=Å,forces=kcal/mol/Å"
    assert np.array_equal(data.positions, water.positions)
    assert np.allclose(data.energies, water.energies, rtol=1e-14)


def test_compressed(arrays: dict[str, Any], save: Write) -> None:
    path = save(**arrays)
    packed = path.with_name("a.npz.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(packed).fingerprint == read(path).fingerprint
    packed.write_bytes(packed.read_bytes()[:200])
    with pytest.raises(DataError, match=r"a\.npz\.gz is damaged or not a gzip file"):
        read(packed)


def test_spellings_of_the_same_archive(arrays: dict[str, Any], save: Write) -> None:
    reference = read(save(**arrays))
    variants: list[dict[str, Any]] = [
        {"E": arrays["E"][:, None]},
        {"z": np.tile(arrays["z"], (5, 1))},
        {"z": arrays["z"].astype(float)},
        {"z": np.array(["O", "H", "H"])},
        {"type": np.bytes_(b"d"), "e_unit": np.array([b"kcal/mol"])},
        {"lattice": as_object(None)},
    ]
    for variant in variants:
        assert read(save(**arrays | variant)).fingerprint == reference.fingerprint


def test_atomic_units(arrays: dict[str, Any], save: Write, water: Dataset) -> None:
    assert water.forces is not None
    hartree, bohr = 27.211386245988, 0.529177210903
    arrays |= {
        "R": water.positions / bohr,
        "E": water.energies / hartree,
        "F": water.forces / hartree * bohr,
        "r_unit": "au",
        "e_unit": "a.u.",
    }
    data = read(save(**arrays))
    assert str(data.source.units) == "energy=hartree,length=bohr,forces=hartree/bohr"
    assert data.forces is not None
    assert np.allclose(data.forces, water.forces, rtol=0, atol=1e-13)


def test_units_that_cannot_be_true(arrays: dict[str, Any], save: Write) -> None:
    path = save(**arrays | {"r_unit": "au", "e_unit": "eV"})
    with pytest.raises(
        UnitsError,
        match=r"a\.npz states the units 'eV' and 'au', but its numbers look like kcal/mol and Å: "
        r"use --units kcal/mol if that is right, otherwise --units eV,bohr",
    ):
        read(path)
    assert read(path, "kcal/mol").source.units.energy == "kcal/mol"


def test_positions_that_fit_no_unit_are_not_taken_for_one(arrays: dict[str, Any], save: Write) -> None:
    arrays = {k: v for k, v in arrays.items() if not k.endswith("_unit")} | {"R": arrays["R"] / 50}
    with pytest.raises(
        UnitsError, match=r"does not state its units, and in no known unit do its bonds have usual lengths"
    ):
        read(save(**arrays))


@pytest.mark.parametrize("unit", ["", "unknown", None])
def test_units_that_say_nothing(arrays: dict[str, Any], save: Write, unit: str | None) -> None:
    arrays = {k: v for k, v in arrays.items() if not k.endswith("_unit")} | ({} if unit is None else {"e_unit": unit})
    with pytest.raises(UnitsError, match=r"does not state its units; .*: .*use --units kcal/mol"):
        read(save(**arrays))


def test_rmd17(arrays: dict[str, Any], save: Write) -> None:
    members = {
        "nuclear_charges": arrays["z"],
        "coords": arrays["R"],
        "energies": arrays["E"],
        "forces": arrays["F"],
        "old_energies": arrays["E"] + 1,
    }
    data = read(save(**members))
    assert data.source.units.energy == "kcal/mol"
    assert data.energies[0] == pytest.approx(arrays["E"][0] / KCAL)
    members.pop("old_energies")
    with pytest.raises(UnitsError, match="use --units kcal/mol"):
        read(save(**members))


def test_keys(arrays: dict[str, Any], save: Write) -> None:
    reference = read(save(**arrays), "kcal/mol")
    members = {"atoms": arrays["z"], "xyz": arrays["R"], "e": arrays["E"], "gradient": -arrays["F"]}
    path = save(**members)
    with pytest.raises(DataError, match=r"it has atoms, xyz, e, gradient\).*--keys numbers=NAME,positions=NAME"):
        read(path, "kcal/mol")
    with pytest.raises(DataError, match=r"minus the forces: use --keys forces=gradient\*-1"):
        read(path, "kcal/mol", "numbers=atoms,positions=xyz,energy=e")
    data = read(path, "kcal/mol", "numbers=atoms,positions=xyz,energy=e,forces=gradient*-1")
    assert data.fingerprint == reference.fingerprint
    with pytest.raises(DataError, match="has no 'charge', which --keys asks for; it has atoms"):
        read(path, "kcal/mol", "numbers=charge")


def test_labels_under_names_that_leave_no_doubt(arrays: dict[str, Any], save: Write) -> None:
    path = save(numbers=arrays["z"], positions=arrays["R"], dft_energy=arrays["E"], dft_forces=arrays["F"])
    assert read(path, "kcal/mol").has_energies
    path = save(numbers=arrays["z"], positions=arrays["R"], a_forces=arrays["F"], b_forces=arrays["F"])
    with pytest.raises(DataError, match=r"2 names that could be the forces \(a_forces, b_forces\)"):
        read(path, "kcal/mol")


def test_forces_alone_and_geometries_alone(arrays: dict[str, Any], save: Write) -> None:
    arrays.pop("E")
    assert not read(save(**arrays)).has_energies
    arrays.pop("F")
    path = save(**arrays)
    assert read(path, labels=False).forces is None
    with pytest.raises(DataError, match=r"a\.npz has no forces .*--keys forces=NAME"):
        read(path)


def test_energies_that_are_not_known(arrays: dict[str, Any], save: Write) -> None:
    arrays["E"][[2, 3]] = np.nan
    path = save(**arrays)
    with pytest.raises(DataError, match=r"energies of 2 frames are NaN, the first in frame 2; .*--keys energy=E"):
        read(path)
    assert np.isnan(read(path, keys="energy=E").energies).sum() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"R": np.zeros((5, 3))}, r"'R' has shape \(5, 3\), but positions need \(frames, atoms, 3\)"),
        ({"F": np.zeros((5, 2, 3))}, r"'F' has shape \(5, 2, 3\), 'R' \(5, 3, 3\); they must be the same"),
        ({"E": np.zeros(4)}, "'E' has 4 energies, but there are 5 frames"),
        ({"z": np.array([8, 1])}, r"'z' has shape \(2,\), but there are positions of 3 atoms"),
        ({"z": np.array([8, 1, 0])}, "'0' of atom 3 in 'z' is not an element"),
        ({"z": np.array([8, 1, 1.5])}, "'1.5' of atom 3 in 'z' is not an element"),
        ({"z": np.array([[8, 1, 1]] * 4 + [[1, 8, 1]])}, "frame 4 has other atoms than frame 0, .*: split the file"),
        ({"R": np.full((5, 3, 3), np.nan)}, "position of atom 1 in frame 0 is NaN or infinite \\(5 frames"),
        ({"F": np.array([["a"]])}, "'F' contains <U1 values, not numbers"),
        ({"R": np.zeros((0, 3, 3)), "F": np.zeros((0, 3, 3)), "E": np.zeros(0)}, "contains no frames"),
        ({"type": "m"}, "is an sGDML model, not a dataset"),
        ({"e_unit": np.array(["eV", "eV"])}, r"'e_unit' should be a single value, but has shape \(2,\)"),
    ],
)
def test_broken_archives(arrays: dict[str, Any], save: Write, change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read(save(**arrays | change), "kcal/mol")
    assert "a.npz" in str(caught.value)


def test_damaged_archives(arrays: dict[str, Any], save: Write) -> None:
    path = save(**arrays)
    content = path.read_bytes()
    damaged = bytearray(content)
    start = content.index(b"R.npy") + 60
    damaged[start : start + 40] = bytes(40)
    for broken in (content[: len(content) // 2], b"no archive", bytes(damaged)):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"a\.npz.* is damaged"):
            read(path)


class Bomb:
    """Runs a command when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("member", ["e_unit", "type", "z", "R", "E", "F"])
def test_a_bomb_does_not_go_off(arrays: dict[str, Any], save: Write, tmp_path: Path, member: str) -> None:
    target = tmp_path / "exploded"
    path = save(**arrays | {member: as_object(Bomb(target))})
    with pytest.raises(
        DataError, match=rf"'{member}' of a\.npz contains a Python object of the kind \w+\.mkdir; .*run code"
    ):
        read(path)
    assert not target.exists()
    # the trap itself is real
    np.load(path, allow_pickle=True)[member]
    assert target.exists()


def test_a_bomb_in_a_member_that_is_not_needed(arrays: dict[str, Any], save: Write, tmp_path: Path) -> None:
    target = tmp_path / "exploded"
    assert len(read(save(**arrays | {"extra": as_object(Bomb(target))}))) == 5
    assert not target.exists()


def test_numbers_in_object_arrays(arrays: dict[str, Any], save: Write) -> None:
    reference = read(save(**arrays))
    objects = {k: np.array(v, dtype=object) for k, v in arrays.items()}
    assert read(save(**objects)).fingerprint == reference.fingerprint


def test_a_name_that_is_no_text(tmp_path: Path, water: Dataset) -> None:
    write(tmp_path / "a.npz", water, to="sgdml")
    content = bytearray((tmp_path / "a.npz").read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 9] |= 8  # names are in UTF-8
    content[entry + 46] = 0xFF
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npz is damaged or not a \.npz archive"):
        read(tmp_path / "a.npz")
