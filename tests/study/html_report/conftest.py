from __future__ import annotations

import json
from pathlib import Path

import pytest
from planted import PLANTED

from supple.data.bundled import bundled_path
from supple.runtime.workers.backends import LocalBackend
from supple.study import DatasetEntry, StudyPlan, run_study


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
