from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_study_model import make_data
from planted import PLANTED

import supple.data.reading
import supple.models.registry
import supple.study.pipeline
import supple.study.study_data
from supple.data.bundled import bundled_path
from supple.data.dataset import Dataset
from supple.runtime.workers.backends import LocalBackend
from supple.study import DatasetEntry, StudyPlan, run_study


@pytest.fixture
def data() -> dict[str, Dataset]:
    """The files of the tests, by path."""
    return {
        "Glycine.xyz": make_data(units="kcal/mol"),
        "other/Glycine.xyz": make_data(seed=5),
        "test.xyz": make_data(12, seed=9, name="test.xyz", units="kcal/mol"),
    }


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch, data: dict[str, Dataset]) -> Iterator[None]:
    monkeypatch.setitem(supple.models.registry.MODELS._own, "fake", "fake_study_model:Fake")
    monkeypatch.setattr(supple.study.study_data, "examine", lambda dataset, fit: [])  # springs are no molecule
    monkeypatch.setattr(
        supple.data.reading, "read", lambda path, units=None, keys=None, accept=(): data[str(Path(path))]
    )
    # slow; drawn where they are tested
    monkeypatch.setattr(supple.study.pipeline, "write_figures", lambda results, folder: [])
    monkeypatch.setattr(supple.study.pipeline, "write_error_detail_figures", lambda name, details, folder: [])
    yield


@pytest.fixture
def run_driver() -> Iterator[Any]:
    """Starts `supple study` on bundled data, as a user would; what is left of it at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(out: Path) -> subprocess.Popen[bytes]:
        words = ["study", str(bundled_path("glycine")), "--out", str(out), "--sizes", "20,40", "--seeds", "1"]
        words += ["--test", "50", "--set", "schnet.steps=4000", "--set", "schnet.features=32"]
        code = f"import sys; from supple.cli.main import run; sys.argv[1:] = {words!r}; run()"
        started.append(
            subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small study, in the record of which a script is planted wherever a data file has a say."""
    out = tmp_path_factory.mktemp("study") / "out"
    plan = StudyPlan(
        datasets=(DatasetEntry(path=bundled_path("glycine")),),
        models=("sgdml",), sizes=(15, 30), seeds=(0, 1), valid=20, test=60, settings={"sgdml": {"sigma": 15, "lam": 1e-10}},
    )  # fmt: skip
    run_study(plan, out, backend=LocalBackend(jobs=1))
    record = json.loads((out / "study.json").read_text())
    about = record["datasets"]["glycine"]
    about["file"], about["test_file"], about["findings"] = PLANTED, PLANTED, [PLANTED]
    record["cells"].append({"dataset": "glycine", "model": "sgdml", "n_train": 99, "seed": 0})
    failed = out / "cells/glycine-sgdml-n99-s0"
    failed.mkdir()
    (failed / "failed.json").write_text(json.dumps({"message": PLANTED}))
    (out / "study.json").write_text(json.dumps(record))
    return out


@pytest.fixture
def copied(study: Path, tmp_path: Path) -> Path:
    """The folder of a study without a learned metric; for changing."""
    return shutil.copytree(study, tmp_path / "copied")
