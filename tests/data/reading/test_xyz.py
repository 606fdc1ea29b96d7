"""Plain and extended xyz: what programs write, and what goes wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from supple.data.dataset import Dataset
from supple.data.reading import read, survey
from supple.errors import DataError, UnitsError

Write = Callable[[str, str | bytes], Path]

ROWS = ["O 0.0 0.0 0.12 1.0 -0.5 0.2", "H 0.0 0.76 -0.47 0.3 0.9 -1.0", "H 0.0 -0.76 -0.47 -1.3 -0.4 0.8"]
PROPERTIES = "Properties=species:S:1:pos:R:3:forces:R:3"


def frame(comment: str = "-2079.0", rows: list[str] = ROWS, count: int | str | None = None) -> str:
    return "\n".join([str(len(rows) if count is None else count), comment, *rows]) + "\n"


def extended(comment: str, properties: str = PROPERTIES) -> str:
    return frame(f"{properties} {comment}")


def changed(row: int, old: str, new: str) -> list[str]:
    assert old in ROWS[row]
    return [r.replace(old, new, 1) if k == row else r for k, r in enumerate(ROWS)]


def test_plain(file: Write, plain_text: str, water: Dataset) -> None:
    data = read(file("a.xyz", plain_text), "eV")
    assert data.fingerprint == water.fingerprint
    assert data.source.name == "a.xyz"


@pytest.mark.parametrize(
    "spelling",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\t", "   ").replace("\n", "  \n"),
        lambda text: text + "\n\n  \n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("O\t", "8\t").replace("H\t", "1\t"),
        lambda text: text.replace("O\t", "o\t", 2),
        lambda text: "\ufeff" + text,
    ],
)
def test_spellings_of_the_same_file(
    file: Write, plain_text: str, water: Dataset, spelling: Callable[[str], str]
) -> None:
    assert read(file("a.xyz", spelling(plain_text)), "eV").fingerprint == water.fingerprint


def test_fortran_exponents(file: Write) -> None:
    data = read(file("a.xyz", frame("-2.079D+03", changed(0, "0.12", "1.2d-1"))), "eV")
    assert data.energies[0] == -2079.0
    assert data.positions[0, 0, 2] == 0.12


def test_forces_alone(file: Write) -> None:
    data = read(file("a.xyz", frame("first") + frame("second")), "eV")
    assert not data.has_energies
    assert data.forces is not None


def test_units_of_a_plain_file_must_be_said(file: Write, water: Dataset) -> None:
    assert water.forces is not None
    kcal = 23.060547830619026
    rows = [
        f"{s} {' '.join(map(repr, r))}"
        for s, r in zip(water.symbols, np.hstack([water.positions[0], water.forces[0] * kcal]).tolist(), strict=True)
    ]
    text = frame(repr(float(water.energies[0] * kcal)), rows)
    with pytest.raises(
        UnitsError, match=r"a\.xyz does not state its units; .* like kcal/mol and Å: .*use --units kcal"
    ):
        read(file("a.xyz", text))
    data = read(file("a.xyz", text), "kcal/mol")
    assert np.allclose(data.energies, water.energies[:1], rtol=1e-12)


@pytest.mark.parametrize(
    "comment",
    [
        "energy=-2079.0",
        "Energy=-2079.0",
        "REF_energy=-2079.0",
        "TotEnergy=-2079.0 charge=0",
        "energy_ref=-2079.0",
        'dft_energy="-2079.0" config_type="a b=c"',
        "free_energy=-2079.0 energy=-2078.9 energy_weight=1.0",
        "free_energy=-2079.0",
        "energy=-2079.0 REF_energy=-1.0",
        'Lattice="50 0 0 0 50 0 0 0 50" pbc="F F F" energy = -2079.0',
    ],
)
def test_energy_under_any_name(file: Write, comment: str) -> None:
    assert read(file("a.extxyz", extended(comment))).energies[0] == -2079.0


@pytest.mark.parametrize("name", ["forces", "force", "Forces", "REF_forces", "dft_force"])
def test_forces_under_any_name(file: Write, name: str) -> None:
    text = extended("energy=-2079.0", f"Properties=species:S:1:pos:R:3:{name}:R:3")
    data = read(file("a.xyz", text))
    assert data.forces is not None
    assert data.forces[0, 0].tolist() == [1.0, -0.5, 0.2]


def test_columns_in_another_order_and_others_between(file: Write) -> None:
    rows = ["1.0 -0.5 0.2 tag 8 9.5 0.0 0.0 0.12", "0.3 0.9 -1.0 tag 1 9.5 0.0 0.76 -0.47"]
    head = "Properties=forces:R:3:label:S:1:Z:I:1:charge:R:1:pos:R:3 energy=-2064.0"
    data = read(file("a.xyz", frame(head, rows)), "eV")
    assert data.numbers.tolist() == [8, 1]
    assert data.positions[0, 1].tolist() == [0.0, 0.76, -0.47]
    assert data.forces is not None
    assert data.forces[0, 0].tolist() == [1.0, -0.5, 0.2]


def test_keys_choose_and_scale(file: Write) -> None:
    head = "Properties=species:S:1:pos:R:3:grad:R:3 a_energy=-1.0 b_energy=-2079.0"
    data = read(file("a.xyz", frame(head)), keys="energy=b_energy,forces=grad*-1")
    assert data.energies[0] == -2079.0
    assert data.forces is not None
    assert data.forces[0, 0].tolist() == [-1.0, 0.5, -0.2]


def test_energy_that_is_not_known_when_named(file: Write) -> None:
    data = read(file("a.xyz", extended("E=nan") + extended("E=-2079.0")), keys={"energy": "E"})
    assert np.isnan(data.energies[0])
    assert data.energies[1] == -2079.0


@pytest.mark.parametrize("first", [0, 1])
def test_numbers_of_frames_are_no_energies(file: Write, first: int) -> None:
    path = file("a.xyz", "".join(frame(str(first + m)) for m in range(3)))
    with pytest.raises(DataError, match="look like the numbers of the frames"):
        read(path, "eV")
    assert [defect.name for defect in survey(path, "eV").defects] == ["labels-unclear"]
    for dataset in (read(path, "eV", keys="energy=none"), read(path, "eV", labels="optional")):
        assert len(dataset) == 3
        assert not dataset.has_energies


@pytest.mark.parametrize("comments", [("1", "2", "4"), ("0.0", "1.0"), ("-1", "0"), ("-3", "-2")])
def test_other_round_numbers_are_energies(file: Write, comments: tuple[str, ...]) -> None:
    data = read(file("a.xyz", "".join(map(frame, comments))), "eV")
    assert data.energies.tolist() == [float(comment) for comment in comments]


def test_what_ase_writes(tmp_path: Path, water: Dataset) -> None:
    assert water.forces is not None
    frames = []
    for r, e, f in zip(water.positions, water.energies, water.forces, strict=True):
        atoms = ase.Atoms(water.symbols, positions=r)
        atoms.calc = SinglePointCalculator(atoms, energy=float(e), free_energy=float(e) - 1, forces=f)
        frames.append(atoms)
    ase.io.write(tmp_path / "a.xyz", frames, format="extxyz")
    data = read(tmp_path / "a.xyz")
    assert str(data.source.units) == "energy=eV,length=Å,forces=eV/Å"
    assert np.allclose(data.energies, water.energies - 1, rtol=0, atol=1e-6)
    assert data.forces is not None
    assert np.allclose(data.forces, water.forces, rtol=0, atol=1e-6)


def test_stated_units(file: Write, water: Dataset) -> None:
    text = extended("energy=-47942.9 energy_unit=kcal/mol length_units=Ang forces_unit=eV/Angstrom")
    data = read(file("a.xyz", text))
    assert str(data.source.units) == "energy=kcal/mol,length=Å,forces=eV/Å"
    assert read(file("a.xyz", extended('energy=-2079.0 units="eV,Å"'))).energies[0] == -2079.0


def test_stated_units_that_cannot_be_true(file: Write) -> None:
    path = file("a.xyz", extended("energy=-2079.0 energy_unit=kcal/mol length_unit=bohr"))
    with pytest.raises(UnitsError, match=r"states the units 'kcal/mol' and 'bohr', but its numbers look like eV and Å"):
        read(path)
    assert str(read(path, "kcal/mol,bohr").source.units).startswith("energy=kcal/mol,length=bohr")
    with pytest.raises(UnitsError, match=r"a\.xyz states unknown units \('quux'.*--units"):
        read(file("a.xyz", extended("energy=-2079.0 energy_unit=quux")))


def test_extended_in_other_units_than_the_custom(file: Write) -> None:
    path = file("a.xyz", extended("energy=-76.4"))
    with pytest.raises(UnitsError, match=r"usually in eV and Å, but its numbers look like hartree .*use --units"):
        read(path)
    assert read(path, "eV").energies[0] == -76.4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            frame() + frame().rsplit("H", 1)[0],
            r"frame 1 \(from line 6\) is cut short: it should have 3 atoms and has 2",
        ),
        (frame() + frame()[:-8], r"frame 1 \(from line 6\) is cut short.*copy the file again"),
        (frame() + "3\n", r"frame 1 \(from line 6\) is cut short"),
        (frame(rows=ROWS[:2], count=3) + "\n\n", "frame 0 .* is cut short: it should have 3 atoms and has 2"),
        (frame(count="three"), "line 1 should be the number of atoms of frame 0, but it is 'three'"),
        (frame(count="9" * 30), "line 1 should be the number of atoms"),
        (frame(count=0), "line 1 should be the number of atoms"),
        (frame(count=2), "line 5 .* of frame 1, .*or frame 0 has more lines than its count states"),
        (frame() + frame(rows=ROWS[:2]), r"frame 1 \(line 6\) has 2 atoms, frame 0 has 3; .*: split the file"),
        (frame() + frame(rows=[ROWS[1], ROWS[0], ROWS[2]]), r"frame 1 \(line 6\) .* another order, from atom 1 on"),
        (frame() + frame(rows=changed(0, "O", "S")), r"frame 1 \(line 6\) is H2S, frame 0 is H2O"),
        (frame() + frame(rows=changed(1, " 0.9", "")) + frame(), r"line 9 \(frame 1\) has 6 columns instead of 7"),
        (frame(rows=[r + " 1 2" for r in ROWS]), "line 3 has 9 columns, but plain xyz has a symbol, 3 coordinates"),
        (frame(rows=changed(2, "0.76", "0,76")), r"'-0,76' in line 5 \(frame 0\), column 3, is not a number"),
        (frame(rows=changed(1, "0.76", "***")), r"'\*\*\*' in line 4 \(frame 0\)"),
        (frame() + frame(rows=changed(1, "0.76", "nan")), r"position of atom 2 in frame 1 \(line 9\) is NaN"),
        (frame(rows=changed(1, "0.9", "inf")), r"force of atom 2 in frame 0 \(line 4\) is NaN or infinite; remove"),
        (frame("nan"), r"energy of frame 0 \(line 2\) is nan; remove the frame"),
        (frame() + frame("-inf"), r"energy of frame 1 \(line 7\) is -inf"),
        (frame() + frame("a comment"), r"frame 1 \(line 7\) has no energy in its comment"),
        (frame("a comment") + frame(), r"frame 0 \(line 2\) has no energy in its comment"),
        (
            frame() + frame("energy=-2079"),
            r"energy of frame 1 \(line 7\) is named 'energy', but that of the frames before is the whole comment",
        ),
        (frame(rows=changed(2, "H", "Q")), r"'Q' in line 5 \(frame 0\) is not an element"),
        (frame(rows=changed(2, "H", "X")), "'X' .* is not an element"),
        (frame(rows=changed(2, "H", "0")), "'0' .* is not an element"),
        (
            extended("a_energy=-1 b_energy=-2"),
            r"2 names that could be the energy \(a_energy, b_energy\): .*--keys energy=a_energy,forces=forces or",
        ),
        (extended("", "Properties=species:S:1:pos:R:3:grad:R:3"), r"minus the forces: use --keys forces=grad\*-1"),
        (extended("", "Properties=species:S:1:pos:R:3:velo:R:3"), r"has no forces \(it has velo\).*--keys forces=NAME"),
        (extended("", "Properties=species:S:1:pos:R"), "line 2 is not a list of name:type:columns"),
        (extended("", "Properties=forces:R:3:pos:R:3"), "no species and positions among the Properties of line 2"),
        (
            extended("", "Properties=species:S:1:pos:R:3:a_force:R:3:b_force:R:3"),
            r"could be the forces \(a_force, b_force\): .*--keys",
        ),
        (extended("energy=-2079 energy_unit=eV") + extended("energy=-76 energy_unit=Ha"), "frame 1 .* other units"),
    ],
)
def test_broken_files(file: Write, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read(file("a.xyz", text), "eV")
    assert str(caught.value).startswith("a.xyz")
    assert "\n" not in str(caught.value)


def test_named_energy_that_is_not_there(file: Write) -> None:
    path = file("a.xyz", extended("energy=-2079.0 E=-2079.0") + extended("energy=-2079.0"))
    with pytest.raises(DataError, match=r"has no 'E' in the comment of frame 1 \(line 7\)"):
        read(path, keys="energy=E")
    with pytest.raises(
        DataError, match="has no 'F' of 3 real columns in line 2, which --keys asks for; it has pos, forces"
    ):
        read(path, keys="forces=F")


def test_binary_is_refused(file: Write) -> None:
    with pytest.raises(DataError, match="should be the number of atoms of frame 0"):
        read(file("a.xyz", bytes(range(256))), "eV")
