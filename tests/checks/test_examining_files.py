"""What is found in files: what a reader meets, what two files have in common, and what a page says of it."""

from pathlib import Path

import numpy as np
import pytest
from toy import toy_dataset

import supple
import supple.checks.examine_files
from supple.checks.examine_files import examine_files
from supple.checks.html_page import check_page
from supple.data.reading import Survey
from supple.data.writing import write_extxyz
from supple.errors import DataError
from supple.models.kernel.direct_fit import small_kernel_model


@pytest.fixture
def lines(tmp_path):
    """Sixty frames of methanol as lines, to be spoilt and written."""
    write_extxyz(tmp_path / "clean.xyz", toy_dataset(60), "kcal/mol")
    return (tmp_path / "clean.xyz").read_text().splitlines()


HEIGHT = 8  # lines of a frame


def frame_line(frame, line):
    return frame * HEIGHT + line


def nan_position(lines):
    place = frame_line(3, 4)
    words = lines[place].split()
    lines[place] = " ".join([words[0], "nan", *words[2:]])


def nan_force(lines):
    place = frame_line(3, 4)
    lines[place] = lines[place].rsplit(" ", 1)[0] + " nan"


def infinite_force(lines):
    place = frame_line(3, 4)
    lines[place] = lines[place].rsplit(" ", 1)[0] + " 1e999"


def nan_energy(lines):
    place = frame_line(3, 1)
    lines[place] = " ".join("energy=nan" if w.startswith("energy=") else w for w in lines[place].split())


def energy_gone(lines):
    place = frame_line(3, 1)
    lines[place] = " ".join(w for w in lines[place].split() if not w.startswith("energy="))


def stars_of_fortran(lines):
    place = frame_line(3, 4)
    lines[place] = lines[place].rsplit(" ", 1)[0] + " ********"


def last_frame_cut(lines):
    del lines[-3:]


def another_molecule(lines):
    place = frame_line(3, 2)
    lines[place] = lines[place].replace("C", "N", 1)


def elements_in_another_order(lines):
    a, b = frame_line(3, 2), frame_line(3, 3)
    lines[a], lines[b] = lines[b], lines[a]


def other_units_in_one_frame(lines):
    lines[frame_line(3, 1)] = lines[frame_line(3, 1)].replace("energy_unit=kcal/mol", "energy_unit=eV")


def a_column_missing(lines):
    lines[frame_line(3, 4)] = lines[frame_line(3, 4)].rsplit(" ", 1)[0]


def levels_of_theory(lines):
    for k in range(1, len(lines), HEIGHT):
        lines[k] += " theory=PBE" if k < len(lines) / 2 else " theory=HF"


@pytest.mark.parametrize(
    ("spoil", "names", "frames"),
    [
        (nan_position, {"not-finite"}, (3,)),
        (nan_force, {"not-finite"}, (3,)),
        (infinite_force, {"not-finite"}, (3,)),
        (nan_energy, {"energy-not-finite", "missing-energy"}, (3,)),
        (energy_gone, {"missing-energy"}, (3,)),
        (stars_of_fortran, {"not-numeric"}, (3,)),
        (last_frame_cut, {"cut-short"}, (59,)),
        (another_molecule, {"other-molecule"}, (3,)),
        (elements_in_another_order, {"atom-order"}, (3,)),
        (other_units_in_one_frame, {"mixed-units"}, (3,)),
        (a_column_missing, {"line-broken", "cut-short"}, (3,)),
        (levels_of_theory, {"mixed-theory"}, None),
    ],
)
def test_damage_is_named_with_its_frame_and_the_rest_is_examined(lines, tmp_path, spoil, names, frames):
    spoil(lines)
    (tmp_path / "spoilt.xyz").write_text("\n".join(lines) + "\n")
    (report,) = examine_files([tmp_path / "spoilt.xyz"], small_kernel_model).reports
    found = [finding for finding in report.findings if finding.name in names]
    assert found, [finding.name for finding in report.findings]
    assert frames is None or found[0].frames == frames
    assert report.card.n_frames >= 59 if "missing" not in found[0].name else report.card.n_frames == 60
    assert report.card.agreement[0] == pytest.approx(1, abs=0.1)


def test_nothing_readable_is_one_serious_finding(tmp_path):
    (tmp_path / "noise.xyz").write_text("these are no geometries\n")
    examination = examine_files([tmp_path / "noise.xyz"], small_kernel_model)
    assert [finding.severity for finding in examination.findings] == ["serious"]
    assert examination.reports[0].card is None


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="no file"):
        examine_files([tmp_path / "nowhere.xyz"], small_kernel_model)


def write_two(tmp_path, second):
    write_extxyz(tmp_path / "a.xyz", toy_dataset(60, seed=1), "kcal/mol")
    write_extxyz(tmp_path / "b.xyz", second, "kcal/mol")
    return examine_files([tmp_path / "a.xyz", tmp_path / "b.xyz"], small_kernel_model)


def changed(data, **arrays):
    given = {"numbers": data.numbers, "positions": data.positions, "energies": data.energies, "forces": data.forces}
    return supple.Dataset.of(**given | arrays)


@pytest.mark.parametrize("name", ["azobenzene", "glycine"])
def test_bundled_data_are_files_by_their_names(name, monkeypatch):
    monkeypatch.setattr(supple.checks.examine_files, "survey", lambda path, *options: Survey(path, None, ()))
    assert [report.path for report in examine_files([Path(name)], small_kernel_model).reports] == [Path(name)]


def test_two_sound_files_of_one_molecule_pass(tmp_path):
    assert write_two(tmp_path, toy_dataset(60, seed=2)).errors == []


def test_frames_in_both_files_are_named(tmp_path):
    both = toy_dataset(60, seed=1).select([4, 5])
    other = toy_dataset(60, seed=2)
    second = changed(
        other,
        positions=np.concatenate([other.positions, both.positions]),
        energies=np.concatenate([other.energies, both.energies]),
        forces=np.concatenate([other.forces, both.forces]),
    )
    (finding,) = write_two(tmp_path, second).errors
    assert finding.name == "shared-frames"
    assert "frame 4 of a.xyz and frame 60 of b.xyz" in finding.sentence


def test_another_zero_of_energy_between_files_is_named(tmp_path):
    other = toy_dataset(60, seed=2)
    (finding,) = write_two(tmp_path, changed(other, energies=other.energies + 5.0)).errors
    assert finding.name == "energy-zero"
    assert "b.xyz" in finding.sentence or "a.xyz" in finding.sentence


def test_another_order_of_atoms_between_files_is_named(tmp_path):
    other, turned = toy_dataset(60, seed=2), [1, 0, 2, 3, 4, 5]
    second = changed(
        other, numbers=other.numbers[turned], positions=other.positions[:, turned], forces=other.forces[:, turned]
    )
    (finding,) = write_two(tmp_path, second).errors
    assert finding.name == "atom-order"


def test_equal_atoms_renamed_between_files_are_named(tmp_path):
    other = toy_dataset(60, seed=2)
    # methanol: one hydrogen of the carbon, and that of the oxygen
    distance = np.linalg.norm(other.positions.mean(axis=0)[:, None] - other.positions.mean(axis=0), axis=2)
    del distance
    order = np.arange(6)
    order[[3, 5]] = order[[5, 3]] if other.numbers[3] == other.numbers[5] == 1 else order[[3, 5]]
    second = changed(other, positions=other.positions[:, order], forces=other.forces[:, order])
    assert [finding.name for finding in write_two(tmp_path, second).errors] == ["atom-order"]


def test_names_from_files_are_escaped_in_the_page(lines, tmp_path):
    lines[1] += ' note="<script>alert(1)</script>"'
    lines[2] = lines[2].replace("C", "<script>alert(2)</script>", 1)
    path = tmp_path / "<script>alert(3)<.xyz"
    path.write_text("\n".join(lines) + "\n")
    page = check_page(examine_files([path], small_kernel_model))
    assert "<script" not in page.replace("&lt;script", "")
    assert "&lt;script&gt;alert(" in page


@pytest.mark.parametrize("frames", [1, 2, 3, 9, 11, 21])
def test_very_few_frames_are_examined_too(tmp_path, frames):
    write_extxyz(tmp_path / "few.xyz", toy_dataset(frames), "kcal/mol")
    examination = examine_files([tmp_path / "few.xyz"], small_kernel_model)
    assert examination.errors == []
    assert examination.reports[0].card.n_frames == frames


@pytest.mark.parametrize("numbers", [[18], [1, 1], [18, 18, 18]])
def test_atoms_and_small_molecules_are_examined_too(tmp_path, numbers):
    rng = np.random.default_rng(0)
    at = np.arange(len(numbers))[:, None] * [0.75, 0, 0] * (5 if 18 in numbers else 1)
    positions = at + 0.02 * rng.normal(size=(30, len(numbers), 3))
    data = supple.Dataset.of(numbers, positions, rng.normal(size=30), 0.1 * rng.normal(size=positions.shape))
    write_extxyz(tmp_path / "small.xyz", data)
    assert examine_files([tmp_path / "small.xyz"], small_kernel_model).reports[0].card.n_frames == 30
