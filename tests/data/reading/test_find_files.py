"""Folders and patterns of calculations: one file of each, frames counted over all."""

import numpy as np
import pytest
from data.reading.format_samples import CP2K, CP2K_FORCES, CP2K_POSITIONS, ENGRAD, GAUSSIAN, ORCA, OUTCAR, VASPRUN
from toy import toy_dataset

import supple
from supple.data.dataset import Dataset
from supple.data.reading import survey
from supple.data.writing import write_extxyz
from supple.errors import DataError

WATER_XYZ = "3\ncoordinates of a job\nO 0 0 0.119\nH 0 0.763 -0.477\nH 0 -0.763 -0.477\n"


def files(folder):
    return sorted(set(supple.read(folder).extras["file"].tolist()))


def put(folder, **contents):
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name.replace("__", ".")).write_text(content)
    return folder


def test_of_the_files_that_orca_writes_the_output_is_read(tmp_path):
    put(tmp_path, job__out=ORCA, job__xyz=WATER_XYZ, job_trj__xyz=WATER_XYZ, job__engrad=ENGRAD, job__inp="! PBE")
    assert files(tmp_path) == ["job.out"]


def test_files_of_frames_with_a_like_name_are_not_taken_for_companions(tmp_path):
    put(tmp_path, a__out=ORCA)
    (tmp_path / "job1").mkdir()
    water = supple.read(tmp_path / "a.out")
    moved = Dataset.of(water.numbers, water.positions + 0.01, water.energies, water.forces)
    write_extxyz(tmp_path / "all.xyz", moved)
    put(tmp_path / "job1", water__log=GAUSSIAN)
    write_extxyz(tmp_path / "job1" / "water.xyz", moved)
    assert files(tmp_path) == ["a.out", "all.xyz", "job1/water.log", "job1/water.xyz"]


def test_an_engrad_alone_is_read(tmp_path):
    put(tmp_path, job__engrad=ENGRAD, job__inp="! PBE")
    assert files(tmp_path) == ["job.engrad"]


def test_of_vasp_the_file_with_more_digits_is_read(tmp_path):
    put(tmp_path / "one", OUTCAR=OUTCAR, vasprun__xml=VASPRUN, INCAR="NSW = 0")
    put(tmp_path / "two", OUTCAR=OUTCAR.replace("9.52300", "9.52400", 1))
    assert files(tmp_path) == ["one/vasprun.xml", "two/OUTCAR"]


def test_of_dynamics_by_cp2k_the_pair_is_read(tmp_path):
    put(tmp_path, w__out=CP2K, **{"w-pos-1__xyz": CP2K_POSITIONS, "w-frc-1__xyz": CP2K_FORCES})
    assert files(tmp_path) == ["w-pos-1.xyz"]
    assert len(supple.read(str(tmp_path / "w-*.xyz"))) == 2


def test_what_is_no_calculation_is_passed_over(tmp_path):
    put(
        tmp_path,
        job__out=ORCA,
        notes__txt="PBE\n",
        results__json='{"a": 1}',
        slurm__out="done\n",
        submit__sh="orca job",
    )
    put(tmp_path / ".trash", old__out=ORCA)
    assert files(tmp_path) == ["job.out"]
    with pytest.raises(DataError, match="There are no files of geometries"):
        supple.read(put(tmp_path / "empty", notes__txt="nothing"))


def test_a_pattern_is_taken_at_its_word(tmp_path):
    put(tmp_path, job__out=ORCA, notes__out="done\n")
    with pytest.raises(DataError, match=r"1 of 2 files cannot be read\. notes\.out"):
        supple.read(str(tmp_path / "*.out"))


def test_frames_are_counted_over_all_files(tmp_path):
    for k in (0, 1):
        data = toy_dataset(3, seed=k)
        energies = data.energies.copy()
        forces = data.forces.copy()
        forces[k, 0, 0] = np.nan
        text = Dataset.of(data.numbers, data.positions, energies, data.forces)
        write_extxyz(tmp_path / f"{k}.xyz", text)
        lines = (tmp_path / f"{k}.xyz").read_text().splitlines()
        row = 2 + k * 8
        lines[row] = " ".join([*lines[row].split()[:-1], "nan"])
        (tmp_path / f"{k}.xyz").write_text("\n".join(lines) + "\n")
    found = survey(tmp_path)
    assert [defect.frames for defect in found.defects] == [(0, 4)]
    assert found.dataset.frames.tolist() == [1, 2, 3, 5]


def test_what_files_say_differently_is_said_of_each_frame(tmp_path):
    data = toy_dataset(4)
    for name, sizes, about in (("a", [0, 1], {"theory": "PBE", "basis": "SVP"}), ("b", [2, 3], {"theory": "PBE"})):
        part = Dataset.of(
            data.numbers, data.positions[sizes], data.energies[sizes], data.forces[sizes], about=about,
            extras={"step": np.array(sizes, dtype=float)} if name == "a" else {},
        )  # fmt: skip
        write_extxyz(tmp_path / f"{name}.xyz", part)
    whole = supple.read(tmp_path)
    assert whole.source.about == {"theory": "PBE"}
    assert whole.extras["basis"].tolist() == ["SVP", "SVP", "", ""]
    np.testing.assert_array_equal(whole.extras["step"], [0, 1, np.nan, np.nan])


@pytest.mark.parametrize("name", ["w-pos-1.xyz", "w-frc-1.xyz"])
def test_steps_that_a_run_made_twice_have_their_own_forces(name, tmp_path):
    """Started again from step 1, a run has it a second time, in both files."""
    second = CP2K_POSITIONS[CP2K_POSITIONS.index("       3\n i =        1") :]
    forces = CP2K_FORCES[CP2K_FORCES.index("       3\n i =        1") :]
    put(
        tmp_path,
        **{"w-pos-1__xyz": CP2K_POSITIONS + second, "w-frc-1__xyz": CP2K_FORCES + forces.replace("120", "150")},
    )
    data = supple.read(tmp_path / name)
    assert data.extras["step"].tolist() == [0, 1, 1]
    assert data.forces[2, 0, 2] == pytest.approx(data.forces[1, 0, 2] * 1.25)


def test_frames_before_a_damaged_one_of_cp2k_are_examined(tmp_path):
    put(tmp_path, **{"w-pos-1__xyz": CP2K_POSITIONS[:-60], "w-frc-1__xyz": CP2K_FORCES})
    with pytest.raises(DataError, match="the frame that starts in line 6 is damaged"):
        supple.read(tmp_path / "w-pos-1.xyz")
    found = survey(tmp_path / "w-pos-1.xyz")
    assert [(defect.name, defect.frames) for defect in found.defects] == [("cut-short", (1,))]
    assert found.dataset.frames.tolist() == [0]
