"""What two workers bring: the same trainings one after another on one core, and side by side on two.

    python benchmarks/study_speedup.py [--repeats 3]

Each training runs on one thread in both cases, in a process of its own. The bundled glycine data; SchNet with 6000 steps.
One short study goes before and is not counted, as it may have to compile.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from supple.data.bundled import bundled_path
from supple.runtime.workers.backends import LocalBackend
from supple.runtime.workers.capacity import MachineCapacity
from supple.study import DatasetEntry, StudyPlan
from supple.study.scheduling import run_trainings


@dataclass(frozen=True)
class OneCore(LocalBackend):
    """A machine with one core: one worker, and one thread for its training."""

    def capacity(self) -> MachineCapacity:
        """One core, and the memory that is there."""
        capacity = super().capacity()
        return MachineCapacity(1, capacity.n_bytes, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6000)
    arguments = parser.parse_args()
    plan = StudyPlan(
        datasets=(DatasetEntry(path=bundled_path("glycine")),),
        models=("schnet",), sizes=(100, 200), seeds=(0, 1), test=200, settings={"schnet": {"steps": arguments.steps}},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        run_trainings(
            plan.model_copy(update={"sizes": (100,), "seeds": (0,), "settings": {"schnet": {"steps": 100}}}),
            Path(folder) / "study",
            backend=OneCore(),
        )
    ratios = []
    for repeat in range(arguments.repeats):
        seconds = {}
        for name, backend in (("one worker", OneCore()), ("two workers", LocalBackend(2))):
            with tempfile.TemporaryDirectory() as folder:
                started = time.perf_counter()
                run_trainings(plan, Path(folder) / "study", backend=backend)
                seconds[name] = time.perf_counter() - started
        ratios.append(seconds["one worker"] / seconds["two workers"])
        print(
            f"{repeat + 1}: " + ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items()),
            f"ratio {ratios[-1]:.2f}",
        )
    print(f"median ratio of {len(ratios)}: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
