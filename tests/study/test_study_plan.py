from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from supple.data.dataset import Dataset
from supple.errors import DataError, SettingsError, SplitError
from supple.study.plan import DatasetEntry, StudyPlan
from supple.study.study_data import prepare


def plan(*files: str, **values: Any) -> StudyPlan:
    entries = tuple(DatasetEntry(path=Path(file)) for file in files or ("Glycine.xyz",))
    defaults: dict[str, Any] = {"models": ("fake",), "sizes": (10, 20), "seeds": (0, 1)}
    return StudyPlan(datasets=entries, **(defaults | values))


def test_cells_are_all_combinations_and_the_cheap_come_first() -> None:
    cells = plan(sizes=(20, 10), models=("fake", "sgdml")).cells()
    assert len(cells) == 2 * 2 * 2
    assert [cell.n_train for cell in cells] == [10] * 4 + [20] * 4
    assert cells[0].name == "glycine-fake-n10-s0"


def test_names_are_those_of_the_files_and_differ() -> None:
    names = [entry.name for entry in plan("Glycine.xyz", "other/Glycine.xyz", "Äzo benzene (2).npz.gz").datasets]
    assert names == ["glycine", "glycine_2", "azo_benzene_2"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"sizes": ()}, "no sizes"),
        ({"seeds": ()}, "no seeds"),
        ({"models": ()}, "no models"),
        ({"sizes": (0,)}, "at least 1 frame"),
        ({"seeds": (-1,)}, "negative"),
        ({"valid": 0}, "0 validation frames"),
        ({"settings": {"schnet": {}}}, "settings for schnet"),
    ],
)
def test_refuses_what_makes_no_sense(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        plan(**values)


def test_refuses_a_file_that_is_named_twice() -> None:
    with pytest.raises(SettingsError, match="twice"):
        plan("Glycine.xyz", "Glycine.xyz")


def test_refuses_sizes_beyond_the_data(tmp_path: Path) -> None:
    with pytest.raises(SplitError, match="use at most 42") as error:
        prepare(plan(sizes=(10, 50)), tmp_path)
    assert "60 frames, of which 6 for validation and 12 for testing" in str(error.value)
    assert not list(tmp_path.iterdir())


def test_refuses_settings_and_models_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'epoch' is not a setting"):
        prepare(plan(settings={"fake": {"epoch": 3}}), tmp_path)
    with pytest.raises(SettingsError, match="'gap' is not a model"):
        prepare(plan(models=("gap",)), tmp_path)


def test_splits_are_nested_over_sizes_and_disjoint(tmp_path: Path) -> None:
    small, _, large, _ = (job.split() for job in prepare(plan(), tmp_path))
    assert set(small.train) < set(large.train)
    assert small.valid == large.valid
    assert small.test == large.test
    assert not set(large.train) & set(large.test)
    assert (len(small.valid), len(small.test)) == (6, 12)


def test_a_test_file_gives_all_test_frames(tmp_path: Path) -> None:
    entry = DatasetEntry(path=Path("Glycine.xyz"), test_file=Path("test.xyz"))
    study = StudyPlan(datasets=(entry,), models=("fake",), sizes=(54,), seeds=(0,))
    (job,) = prepare(study, tmp_path)
    assert job.data.n_test == 12
    assert job.split().test == ()


def test_refuses_test_frames_that_are_among_the_data(tmp_path: Path, data: dict[str, Dataset]) -> None:
    data["test.xyz"] = data["Glycine.xyz"].select([3, 4])
    entry = DatasetEntry(path=Path("Glycine.xyz"), test_file=Path("test.xyz"))
    with pytest.raises(DataError, match="2 frames of the test file"):
        prepare(StudyPlan(datasets=(entry,), models=("fake",), sizes=(5,), seeds=(0,)), tmp_path)


def test_the_command_repeats_the_plan() -> None:
    words = shlex.split(plan(seeds=(4,), valid=3, settings={"fake": {"error": 0.5}}).command(Path("my out")))
    assert words[:3] == ["supple", "study", "Glycine.xyz"]
    assert words[words.index("--seeds") + 1] == "4,"
    assert words[words.index("--set") + 1] == "fake.error=0.5"
    assert words[-1] == "my out"
