"""The study of the bundled data that `supple demo` runs: real, but small enough for a few minutes."""

from __future__ import annotations

from supple.data.bundled import bundled_path
from supple.study.plan import DatasetEntry, StudyPlan

DEMO = StudyPlan(
    datasets=tuple(DatasetEntry(path=bundled_path(name), name=name) for name in ("azobenzene", "glycine")),
    sizes=(50, 100, 200),
    seeds=(0,),
    valid=100,
    test=300,
    settings={"schnet": {"steps": 1800, "validate_every": 100, "interactions": 3, "compile": "never"}},
)
