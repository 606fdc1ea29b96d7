from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_study_model import make_data

import supple.models
import supple.reading
import supple.study
import supple.study.material
from supple.dataset import Dataset


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
    registry = {"fake": ("fake_study_model:Fake", "fake_study_model:FakePotential")}
    registry["fake1"] = ("fake_study_model:FakeOne", "fake_study_model:FakePotential")
    monkeypatch.setattr(supple.models, "_REGISTRY", supple.models._REGISTRY | registry)
    monkeypatch.setattr(supple.study.material, "examine", lambda dataset: [])  # springs are no molecule
    monkeypatch.setattr(supple.reading, "read", lambda path, units=None, keys=None: data[str(Path(path))])
    monkeypatch.setattr(supple.study, "write_figures", lambda results, folder: [])  # slow; drawn where they are tested
    yield
