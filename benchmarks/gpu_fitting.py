"""The default training of sGDML, from frames to a model with a learned metric, on the CPU and on a GPU; part of gpu.py."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from gpu_measuring import CPU, Bench

import supple
from supple import SGDML
from supple.data.bundled import bundled_path


class _Stages:
    """Hears what a training reports, and when it did each thing."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def note(self, sentence: str) -> None:
        """Ignored."""

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """Time since the report before this one is time of this task."""
        now = time.perf_counter()
        self.seconds[task] = self.seconds.get(task, 0.0) + now - self._last
        self._last = now


def fitting(bench: Bench) -> None:
    """Seconds of the default training, and the errors of both models on frames that neither has seen."""
    cases = [("glycine", 20)] if bench.small else [("azobenzene", 200), ("glycine", 1000), ("azobenzene", 1000)]

    def rows() -> Iterator[dict[str, Any]]:
        for molecule, n in cases:
            train, valid, test = supple.read(bundled_path(molecule)).split(n, 20 if bench.small else 150, 200)
            found: dict[torch.device, Any] = {}
            for device in (bench.device, CPU):
                stages = _Stages()
                settings = SGDML(device=str(device))
                if device.type == "cuda":
                    torch.cuda.reset_peak_memory_stats()
                started = time.perf_counter()
                model = settings.fit(train, valid, examined=[], progress=stages)
                bench.done()
                took = time.perf_counter() - started
                found[device] = model
                errors = model.evaluate(test, "eV")
                solved = next(note for note in model.provenance.notes if note.startswith("Estimate"))
                yield {
                    "frames": f"{molecule}, {n}",
                    "on": str(device),
                    "s, all of it": took,
                    "s, of solution": float(re.search(r"took ([\d.]+) s", solved)[1]),  # type: ignore[index]
                    "solver": model.provenance.settings["solver"],
                    "force RMSE, meV/Å": 1e3 * errors.forces.rmse,
                    "energy RMSE, meV": 1e3 * errors.energy.rmse,
                    "peak GiB": torch.cuda.max_memory_allocated() / 2**30 if device.type == "cuda" else None,
                    "stages": "; ".join(f"{task} {seconds:.1f}" for task, seconds in stages.seconds.items()),
                }
            apart = [model.predict(test.positions)[1] for model in found.values()]
            print(f"forces of the two models differ by {np.abs(apart[0] - apart[-1]).max():.2g} eV/Å", flush=True)

    SGDML().fit(
        *supple.read(bundled_path("glycine")).split(12, 12, 0)[:2], examined=[]
    )  # what is compiled or loaded once
    bench.table("sGDML by default, bundled data", rows())
