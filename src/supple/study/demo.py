"""The study that `supple demo` makes of the bundled data: small enough for a few minutes, and real."""

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
