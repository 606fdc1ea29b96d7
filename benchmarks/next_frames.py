"""`supple select` beside a random choice, simulated with labels that exist: how many frames each needs for the same error out of distribution.

    python benchmarks/next_frames.py DATA --cases glycine,acac --base 50 --counts 10,20,40 --seeds 3

A force field is trained on `--base` frames of one distribution (benchmarks/uncertainty.py has the cases). From a pool of 300 frames of the other one, so many
are chosen, by the first force field or at random, and a force field is trained on all. Errors are those of 200 other frames of the other distribution,
force RMSE in meV/Å, medians over the seeds.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import numpy as np
import torch
from uncertainty import CASES, N_VALID

import supple
from supple.evaluation.next_frames import next_frames

N_POOL, N_TEST = 300, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cases", default="glycine,acac")
    parser.add_argument("--base", type=int, default=50)
    parser.add_argument("--counts", default="10,20,40")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    counts = [int(count) for count in asked.counts.split(",")]
    print(f"| case | base | choice | none | {' | '.join(map(str, counts))} |")
    print(f"|{'---|' * (4 + len(counts))}", flush=True)
    for name in asked.cases.split(","):
        found = [_errors(name, asked, counts, seed) for seed in range(asked.seeds)]
        for choice in ("select", "random"):
            medians = (statistics.median(column) for column in zip(*(one[choice] for one in found), strict=True))
            print(
                f"| {name} | {asked.base} | {choice} | {' | '.join(f'{value:.1f}' for value in medians)} |", flush=True
            )


def _errors(name: str, asked: argparse.Namespace, counts: list[int], seed: int) -> dict[str, list[float]]:
    """Errors without further frames, and with each number of them, by the way that they are chosen."""
    case = CASES[name](asked.data)
    assert case.other is not None
    order = np.random.default_rng(seed).permutation(len(case.pool))
    train, valid = (case.pool.select(part) for part in np.split(order[: asked.base + N_VALID], [asked.base]))
    pool, test, _ = np.split(np.random.default_rng(seed).permutation(len(case.other)), [N_POOL, N_POOL + N_TEST])
    first = supple.SGDML(device="cpu").fit(train, valid, seed=seed)
    orders = {"select": pool[next_frames(first, case.other.select(pool), max(counts)).frames], "random": pool}
    judged = case.other.select(test)
    errors = {choice: [_rmse(first, judged)] for choice in orders}
    for choice, chosen in orders.items():
        for count in counts:
            more = case.other.select(chosen[:count])
            extended = supple.Dataset.of(
                train.numbers, np.concatenate([train.positions, more.positions]),
                np.concatenate([train.energies, more.energies]), np.concatenate([train.forces, more.forces]),
            )  # fmt: skip
            mixed = np.random.default_rng(seed).permutation(
                len(extended)
            )  # the metric is learned from the first frames
            again = supple.SGDML(device="cpu").fit(extended.select(mixed), valid, seed=seed, accept=("energy-outlier",))
            errors[choice].append(_rmse(again, judged))
        print(
            f"<!-- {name} seed {seed} {choice}: {' '.join(f'{error:.1f}' for error in errors[choice])} -->", flush=True
        )
    return errors


def _rmse(potential: supple.Potential, frames: supple.Dataset) -> float:
    """Of force components, meV/Å."""
    metrics = potential.evaluate(frames, "meV")
    assert metrics.forces is not None
    return metrics.forces.rmse


if __name__ == "__main__":
    main()
