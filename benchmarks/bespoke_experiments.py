"""Validation errors of the bespoke network under other settings: what docs/results/bespoke-defaults.md rests on.

    python benchmarks/bespoke_experiments.py EXPERIMENTS.jsonl [--data FOLDER] [--device cpu|cuda] [--jobs 1] [--out RESULTS.jsonl]

Each line of EXPERIMENTS is one training, as JSON:

    {"name": "batch 5", "data": "rmd17_ethanol_train_01.npz", "train": 300, "seed": 0, "settings": {"batch_size": 5, "steps": 3000}}

Optional are `keys` (names of arrays, as in `supple train --keys`), `units`, `valid` (200), and `first` (1000): of how many frames
both are drawn. Files are searched in --data. The seed draws the training frames and the weights; the validation frames are the same for all. Each result is a line
of JSON as well: errors in meV and meV/Å on the validation frames, CPU and wall seconds of the training, and the validations on the way.
Results that the output file has already are not computed again. With --jobs, that many run at once, each with a single thread.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

import supple
from supple.models.registry import make_settings

VALID_SEED = 12345


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiments", type=Path)
    parser.add_argument("--data", type=Path, default=Path())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    experiments = [json.loads(line) for line in arguments.experiments.read_text().splitlines() if line.strip()]
    kept = arguments.out.read_text().splitlines() if arguments.out and arguments.out.exists() else []
    done = [json.loads(line)["experiment"] for line in kept]

    def run(experiment: dict[str, Any]) -> None:
        if experiment in done:
            return
        one = [sys.executable, "-c", f"import runpy; runpy.run_path({__file__!r})['train_one']()", arguments.device]
        made = subprocess.run(
            one,
            check=False,
            input=json.dumps(experiment | {"data": str(arguments.data / experiment["data"])}),
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
        )
        lines = made.stdout.strip().splitlines()
        succeeded = made.returncode == 0 and lines
        result = json.loads(lines[-1]) if succeeded else {"failed": made.stderr.strip()[-2000:]}
        line = json.dumps({"experiment": experiment} | result)
        print(line, flush=True)
        if arguments.out and succeeded:
            with arguments.out.open("a") as out:
                out.write(line + "\n")

    with ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(run, experiments))


class Curve:
    """Keeps the validations, and what the training says of failures."""

    def __init__(self) -> None:
        self.started = time.process_time(), time.perf_counter()
        self.rows: list[tuple[int, str, float]] = []
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        """Kept."""
        self.notes.append(sentence)

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """Keeps the first line of each validation."""
        if detail and (not self.rows or self.rows[-1][1] != detail):
            self.rows.append((int(done), detail, round(time.perf_counter() - self.started[1], 1)))


def train_one() -> None:
    """Train as the experiment on standard input says, and print its result."""
    experiment, device = json.loads(sys.stdin.read()), sys.argv[1]
    torch.set_num_threads(1)
    data = supple.read(experiment["data"], units=experiment.get("units"), keys=experiment.get("keys"))
    data = data.select(range(min(len(data), experiment.get("first", 1000))))
    order = np.random.default_rng(VALID_SEED).permutation(len(data))
    n_valid = experiment.get("valid", 200)
    valid, rest = order[:n_valid], order[n_valid:]
    seed = experiment.get("seed", 0)
    chosen = np.random.default_rng(seed).permutation(rest)[: experiment["train"]]
    settings = make_settings(experiment.get("model", "bespoke"), experiment["settings"] | {"device": device})
    curve = Curve()
    potential = settings.fit(data.select(chosen), data.select(valid), seed=seed, progress=curve, examined=[])
    cpu, wall = (
        now - then for now, then in zip((time.process_time(), time.perf_counter()), curve.started, strict=True)
    )
    metrics = potential.evaluate(data.select(valid), "ev")
    learnt = potential.evaluate(data.select(chosen[:200]), "ev")
    result = {
        "F MAE": round(1e3 * metrics.forces.mae, 3),
        "F RMSE": round(1e3 * metrics.forces.rmse, 3),
        "E MAE": round(1e3 * metrics.energy.mae, 3) if metrics.energy else None,
        "F MAE of training frames": round(1e3 * learnt.forces.mae, 3),
        "CPU s": round(cpu, 1),
        "wall s": round(wall, 1),
        "parameters": sum(weights.numel() for weights in potential.module.parameters()),
        "device": torch.cuda.get_device_name() if device == "cuda" else "CPU",
        "curve": curve.rows,
        "notes": curve.notes,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
