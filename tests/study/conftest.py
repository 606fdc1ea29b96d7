from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_study_model import make_data

import supple.data.reading
import supple.models.registry
import supple.study.pipeline
import supple.study.study_data
from supple.data.dataset import Dataset


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
    from supple.data.bundled import bundled_path

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
