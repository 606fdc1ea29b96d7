"""sGDML with a learned metric beside a uniform one: errors on frames that nothing has seen, time and memory.

    python benchmarks/metric.py DATA [DATA ...] --sizes 50,100,200,400 --seeds 3 [--units kcal/mol] [--keys energy=E]

Each training is a `supple train` of its own with default settings, both metrics of the same frames; errors are those that
`supple evaluate` finds on up to `--test` other frames, in eV and eV/Å. Medians over the seeds. Of files with a fixed split (rMD17),
give the test file with --test-file: then the first frames of DATA are trained on.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import supple

SUPPLE = Path(sys.executable).with_name("supple")
METRICS = ("learned", "uniform")
COLUMNS = ("E MAE", "E RMSE", "F MAE", "F RMSE", "F 95 %", "F max", "wall s", "CPU s", "GiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+")
    parser.add_argument("--sizes", default="50,100,200,400")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--valid", type=int, default=200)
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--test-file", type=Path)
    parser.add_argument("--units")
    parser.add_argument("--keys")
    parser.add_argument("--metrics", default=",".join(METRICS))
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {asked.seeds} seeds\n")
    print(f"| data | N | metric | {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * (3 + len(COLUMNS))}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for data in asked.data:
            for size in map(int, asked.sizes.split(",")):
                for metric in asked.metrics.split(","):
                    rows = [_row(asked, data, size, seed, metric, Path(folder)) for seed in range(asked.seeds)]
                    medians = " | ".join(f"{statistics.median(values):.4g}" for values in zip(*rows, strict=True))
                    print(f"| {Path(data).name} | {size} | {metric} | {medians} |", flush=True)


def _row(asked: argparse.Namespace, data: str, size: int, seed: int, metric: str, folder: Path) -> list[float]:
    """Errors, seconds and memory of one training."""
    train, test = _files(asked, data, size, seed, folder)
    model = folder / f"{Path(data).stem}-{size}-{seed}-{metric}.safetensors"
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["train", train, "--model", "sgdml", "--train", size, "--valid", asked.valid, "--seed", seed]
    done = run([*command, "--out", model, "--set", f"metric={metric}", "--json"])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = time.perf_counter() - started
    found = run(["evaluate", model, test, "--json"])
    energy, forces = (dict(found[name]) for name in ("energy", "forces"))
    return [
        *(energy[name] for name in ("mae", "rmse")),
        *(forces[name] for name in ("mae", "rmse", "p95", "max")),
        seconds,
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        done["peak_rss_bytes"] / 1024**3,
    ]


def _files(asked: argparse.Namespace, data: str, size: int, seed: int, folder: Path) -> Iterator[Path]:
    """The frames to train and validate on, and those to test on, as files of their own."""
    options: dict[str, Any] = {"units": asked.units} if asked.units else {}
    if asked.keys:
        options["keys"] = dict(pair.split("=") for pair in asked.keys.split(","))
    frames = supple.read(data, **options)
    if asked.test_file:
        order = np.arange(len(frames)) if seed == 0 else np.random.default_rng(seed).permutation(len(frames))
        seen, test = frames.select(order[: size + asked.valid]), supple.read(asked.test_file, **options)
        test = test.select(range(min(len(test), asked.test)))
    else:
        order = np.random.default_rng(seed).permutation(len(frames))
        seen = frames.select(order[: size + asked.valid])
        test = frames.select(order[size + asked.valid : size + asked.valid + asked.test])
    for name, part in (("seen", seen), ("test", test)):
        file = folder / f"{name}.xyz"
        file.unlink(missing_ok=True)
        supple.write(file, part)
        yield file


def run(arguments: list[object]) -> dict[str, Any]:
    """What a command of Supple prints as JSON."""
    done = subprocess.run([SUPPLE, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{arguments}: {done.stderr}")
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    main()
