"""The bespoke network: milliseconds per training step and its parts, predictions per second, and the rate of its linear maps.

    python benchmarks/bespoke.py DATA... [--units kcal/mol] [--features 32] [--batch 10] [--threads 1,2] [--peer PEER/bin/python]

Times are the shortest of several runs: wall time, and processor time of all threads in brackets, which other programs on the machine
disturb less (threads that wait for each other count, too). The first line has the rate of large matrix products, for comparison. PEER is
a virtual environment with mace-torch 0.3.16 and schnetpack 2.1: then a step of MACE and one of PaiNN are timed on the same frames
(bespoke_peer.py has the networks).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import torch
from timing import through_ase

import supple
from supple import Bespoke
from supple.models.neural.bespoke.compiled.linear_maps import map_degrees
from supple.models.neural.bespoke.harmonics import COMPONENTS, DEGREE
from supple.models.neural.bespoke.potential import BespokePotential
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.training_state import TrainingState
from supple.runtime.threads import single_threaded_libraries

#: Steps between updates of the eigenbases.
STEPS = 20
GEOMETRIES = 100


def shortest(work: Callable[[], object], repeats: int = 7) -> tuple[float, float]:
    """Seconds of a call, and of processor time, after one that does not count."""
    work()
    times = []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(wall for wall, _ in times), min(processor for _, processor in times)


def milliseconds(times: tuple[float, float], divided_by: int = 1) -> str:
    """Both times of one part."""
    wall, processor = (f"{1e3 * t / divided_by:.3g}" for t in times)
    return f"{wall} ({processor})"


def matrix_product_rate(size: int = 1024) -> float:
    """Gflop/s of one thread with large matrices in single precision."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    return 2 * size**3 / shortest(lambda: a @ b)[1] / 1e9


@numba.njit(nogil=True)
def map_classes(times, out, a, starts, frames, features, weights):
    """Linear maps of all degrees, for all classes of atoms, many times."""
    square, classes = features * features, len(starts) - 1
    for _ in range(times):
        for t in range(classes):
            map_degrees(
                out, a, starts[t], starts[t + 1], DEGREE + 1, frames, features, weights, t * square, classes * square, False
            )  # fmt: skip


def linear_map_rate(classes: list[int], features: int, frames: int) -> float:
    """Gflop/s of one thread in the linear maps of a few geometries."""
    starts = np.concatenate([[0], np.cumsum(np.bincount(classes))])
    a = np.random.default_rng(0).standard_normal(len(classes) * COMPONENTS * frames * features).astype(np.float32)
    weights = np.zeros((DEGREE + 1) * (len(starts) - 1) * features**2, np.float32)
    flops, times = 2 * len(a) * features, 50
    return (
        times
        * flops
        / shortest(lambda: map_classes(times, np.empty_like(a), a, starts, frames, features, weights))[1]
        / 1e9
    )


def training(dataset: supple.Dataset, settings: Bespoke, architecture: dict[str, object], threads: int) -> list[str]:
    """Milliseconds of a step, of its gradient, of the optimiser, and of the eigenbases' share."""
    potential = BespokePotential(dataset.numbers, architecture)
    network = potential.network.train()
    network.threads = threads
    scale = float(dataset.forces.std())
    labels = (dataset.positions, (dataset.energies - dataset.energies.mean()) / scale, dataset.forces / scale)
    frames = LabelledFrames(*(torch.tensor(array, dtype=torch.float32) for array in labels))
    state = TrainingState(network, frames, settings, 0, lambda sentence: None)
    for number in range(STEPS):
        state.take_steps(number, [1e-3])
    done = [STEPS]

    def steps() -> None:
        state.take_steps(done[0], [1e-3] * STEPS)
        done[0] += STEPS

    rows = np.arange(settings.batch_size)
    return [
        milliseconds(shortest(steps), STEPS),
        milliseconds(shortest(lambda: state.stepper.gradient(rows, len(rows), len(rows)))),
        milliseconds(shortest(lambda: state.stepper.update(STEPS + 1, 1e-3))),
        milliseconds(shortest(lambda: state.optimiser.refresh(STEPS, threads)), STEPS),
    ]


def prediction(dataset: supple.Dataset, architecture: dict[str, object], threads: int) -> list[str]:
    """Milliseconds per geometry of a batch, of a single one, and steps per second through ASE."""
    potential = BespokePotential(dataset.numbers, architecture)
    potential.network.threads = threads
    many, one = dataset.positions[:GEOMETRIES], torch.tensor(dataset.positions[:1])
    _, steps = through_ase(dataset.numbers, dataset.positions[0], potential.calculator())
    return [
        milliseconds(shortest(lambda: potential.predict(many), 15), len(many)),
        milliseconds(shortest(lambda: potential.energy_and_forces(one), 100)),
        f"{steps:.0f}",
    ]


def peers(python: str, dataset: supple.Dataset, batch: int, threads: int) -> None:
    """Milliseconds of a step of the other networks."""
    script = Path(__file__).with_name("bespoke_peer.py")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frames.npz"
        np.savez(
            file, z=dataset.numbers, R=dataset.positions, E=dataset.energies - dataset.energies.mean(), F=dataset.forces
        )
        for name in ("painn", "mace"):
            command = [python, "-W", "ignore", str(script), name, str(file), str(batch)]
            environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            times = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{name}, {threads} threads: {milliseconds((times['wall'], times['processor']))} ms per step",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+")
    parser.add_argument("--units")
    parser.add_argument("--features", type=int, default=32)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--peer", help="the interpreter of an environment with mace-torch and schnetpack")
    asked = parser.parse_args()
    settings = Bespoke(features=asked.features, batch_size=asked.batch)
    with single_threaded_libraries():
        print(f"Matrix products of one thread: {matrix_product_rate():.0f} Gflop/s")
        for file in asked.data:
            dataset = supple.read(file, units=asked.units)
            architecture = settings.architecture(dataset)
            rate = linear_map_rate(architecture["classes"], asked.features, 5)
            print(f"\n{dataset.source.name}: linear maps of five geometries, {rate:.0f} Gflop/s\n")
            columns = ["step", "gradient", "optimiser", "bases", "of a batch", "single", "ASE steps/s"]
            print("| threads |", " | ".join(columns), "|\n|---|" + "---|" * len(columns))
            for threads in map(int, asked.threads.split(",")):
                cells = training(dataset, settings, architecture, threads) + prediction(dataset, architecture, threads)
                print(f"| {threads} |", " | ".join(cells), "|", flush=True)
            for threads in map(int, asked.threads.split(",")) if asked.peer else ():
                peers(asked.peer, dataset, asked.batch, threads)


if __name__ == "__main__":
    main()
