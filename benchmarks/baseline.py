"""Learning curves with and without a baseline, on frames that nothing has seen; and what a step with a learned baseline costs.

    python benchmarks/baseline.py TRAIN TEST --sizes 25,50,100,200 --seeds 3 [--units kcal/mol] [--baseline GFN2-xTB] [--models sgdml]
    python benchmarks/baseline.py TRAIN TEST --sizes 50 --seeds 1 --learn-baseline 2000

TRAIN has the frames to train and validate on; errors are those on the frames of TEST, or, where both are the same file, on up to `--test` of the
frames that are neither. In meV and meV/Å. Trainings run in this process, one after another; CPU seconds are those of a training without
the calculations of the baseline, which are made before and are a column of their own (s on one core, for the frames of the training).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.md.verlet import VelocityVerlet

import supple
from supple.models.baseline.labels import prepare_labels
from supple.models.baseline.settings import Baseline
from supple.models.registry import make_settings
from supple.runtime.progress import NO_PROGRESS

COLUMNS = ("F MAE", "F RMSE", "F 95 %", "F max", "E MAE", "E RMSE", "CPU s", "baseline s")
#: Steps of dynamics that are timed.
STEPS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("test_file", type=Path)
    parser.add_argument("--sizes", default="25,50,100,200")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--valid", type=int, default=50)
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--units")
    parser.add_argument("--baseline", default="GFN2-xTB")
    parser.add_argument("--model", default="sgdml")
    parser.add_argument("--learn-baseline", type=int)
    parser.add_argument("--labels", type=Path, default=Path.cwd(), help="folder in which labels are kept")
    asked = parser.parse_args()
    data, test = _frames(asked)
    variants: list[Baseline | None] = [Baseline(method=asked.baseline)]
    if asked.learn_baseline:
        variants.append(Baseline(method=asked.baseline, learn=asked.learn_baseline))
    else:
        variants.append(None)
    prepare_labels(Baseline(method=asked.baseline), (data, test), NO_PROGRESS)
    print(
        f"{asked.train.name}, {len(test)} test frames, {asked.seeds} seeds; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n"
    )
    print(f"| N | baseline | {' | '.join(COLUMNS)} | steps/s |\n|{'---|' * (3 + len(COLUMNS))}", flush=True)
    for size in map(int, asked.sizes.split(",")):
        for baseline in variants:
            rows = [_row(asked, data, test, size, seed, baseline) for seed in range(asked.seeds)]
            name = "none" if baseline is None else f"{baseline.method}{', learned' if baseline.learn else ''}"
            columns = list(zip(*rows, strict=True))
            shown = [f"{statistics.median(values):.4g}" for values in columns]
            if asked.seeds > 1:
                shown[0] += f" ({min(columns[0]):.4g} to {max(columns[0]):.4g})"
            print(f"| {size} | {name} | {' | '.join(shown)} |", flush=True)


def _frames(asked: argparse.Namespace) -> tuple[supple.Dataset, supple.Dataset]:
    """The frames to train and validate on, and those to test on."""
    data = supple.read(asked.train, units=asked.units)
    if asked.train == asked.test_file:
        order = np.random.default_rng(0).permutation(len(data))
        test, data = data.select(order[: asked.test]), data.select(order[asked.test :])
    else:
        test = supple.read(asked.test_file, units=asked.units)
    return _labelled_in(data, asked.labels), _labelled_in(test, asked.labels)


def _labelled_in(data: supple.Dataset, folder: Path) -> supple.Dataset:
    """The same frames, whose labels are kept in another folder."""
    return replace(data, source=replace(data.source, folder=folder))


def _row(
    asked: argparse.Namespace,
    data: supple.Dataset,
    test: supple.Dataset,
    size: int,
    seed: int,
    baseline: Baseline | None,
) -> list[float]:
    """Errors of one training, what it cost, and the steps per second that its dynamics make."""
    train, valid, _ = data.split(train=size, valid=asked.valid, test=0, seed=seed)
    settings = make_settings(asked.model, {} if baseline is None else {"baseline": baseline})
    started = time.process_time()
    potential = settings.fit(train, valid, seed=seed, examined=())  # too few frames to judge; known data
    seconds = time.process_time() - started
    metrics = potential.evaluate(test, "meV")
    assert metrics.energy is not None and metrics.forces is not None
    e, f = metrics.energy, metrics.forces
    record = potential.provenance.settings.get("baseline_record", {})
    of_baseline = float(record["seconds"]) if isinstance(record, dict) and record else 0.0
    return [
        f.mae,
        f.rmse,
        f.p95 or 0,
        f.max or 0,
        e.mae,
        e.rmse,
        seconds,
        of_baseline,
        _steps_per_second(potential, train),
    ]


def _steps_per_second(potential: supple.Potential, train: supple.Dataset) -> float:
    """Of dynamics through ASE at constant energy, by CPU time."""
    atoms = Atoms(train.numbers, train.positions[0], calculator=potential.calculator())
    dynamics = VelocityVerlet(atoms, 0.5 * units.fs)
    dynamics.run(5)
    started = time.process_time()
    dynamics.run(STEPS)
    return STEPS / (time.process_time() - started)


if __name__ == "__main__":
    main()
