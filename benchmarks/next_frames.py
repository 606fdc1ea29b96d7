"""`supple select` beside a random choice, simulated with labels that exist: how many frames each needs for the same error out of distribution.

    python benchmarks/next_frames.py DATA --cases glycine,acac --base 50 --counts 5,10,20,40,80 --seeds 3 --keep MODELS

A force field is trained on `--base` frames of one distribution (benchmarks/uncertainty.py has the cases). From a pool of 300 frames of the other one, so many
are chosen, by the first force field or at random, and a force field is fitted to all, with the metric and the other settings of the first one, which takes
seconds. Errors are those of 200 other frames of the other distribution, force RMSE in meV/Å, medians over the seeds. The last rows are how many
selected frames (interpolated, log-log) have the error of so many random ones, as a part of them. --keep keeps the first force fields.
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
from supple.models.calibrate import error_bars
from supple.models.kernel.direct_fit import kernel_fit
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.problem import Problem

N_POOL, N_TEST = 300, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cases", default="glycine,acac")
    parser.add_argument("--base", type=int, default=50)
    parser.add_argument("--counts", default="5,10,20,40,80")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep", type=Path, default=Path("uncertainty-models"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.keep.mkdir(parents=True, exist_ok=True)
    counts = [int(count) for count in asked.counts.split(",")]
    print(f"| case | base | choice | none | {' | '.join(map(str, counts))} |")
    print(f"|{'---|' * (4 + len(counts))}", flush=True)
    for name in asked.cases.split(","):
        found = [_errors(name, asked, counts, seed) for seed in range(asked.seeds)]
        medians = {
            choice: [statistics.median(column) for column in zip(*(one[choice] for one in found), strict=True)]
            for choice in ("select", "random")
        }
        for choice, values in medians.items():
            print(
                f"| {name} | {asked.base} | {choice} | {' | '.join(f'{value:.1f}' for value in values)} |", flush=True
            )
        parts = (
            _part(counts, medians["select"][1:], error, n)
            for n, error in zip(counts, medians["random"][1:], strict=True)
        )
        print(f"| {name} | {asked.base} | part | | {' | '.join(parts)} |", flush=True)


def _part(counts: list[int], selected: list[float], error: float, n_random: int) -> str:
    """How many selected frames have this error, as a part of the random ones."""
    best = np.minimum.accumulate(selected)
    if error >= best[0]:
        return f"< {counts[0] / n_random:.0%}"
    if error < best[-1]:
        return f"> {counts[-1] / n_random:.0%}"
    needed = np.exp(np.interp(-np.log(error), -np.log(best), np.log(counts)))
    return f"{needed / n_random:.0%}"


def _errors(name: str, asked: argparse.Namespace, counts: list[int], seed: int) -> dict[str, list[float]]:
    """Errors without further frames, and with each number of them, by the way that they are chosen."""
    case = CASES[name](asked.data)
    assert case.other is not None
    order = np.random.default_rng(seed).permutation(len(case.pool))
    train, valid = (case.pool.select(part) for part in np.split(order[: asked.base + N_VALID], [asked.base]))
    pool, test, _ = np.split(np.random.default_rng(seed).permutation(len(case.other)), [N_POOL, N_POOL + N_TEST])
    first = _first(asked.keep / f"sgdml-{name}-{asked.base}-{seed}.safetensors", train, valid, seed)
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
            errors[choice].append(_rmse(_again(first, extended), judged))
        print(
            f"<!-- {name} seed {seed} {choice}: {' '.join(f'{error:.1f}' for error in errors[choice])} -->", flush=True
        )
    return errors


def _first(file: Path, train: supple.Dataset, valid: supple.Dataset, seed: int) -> SGDMLPotential:
    """The first force field, with error bars of the present code."""
    if not file.exists():
        supple.SGDML(device="cpu").fit(train, valid, seed=seed).save(file)
    potential = supple.load(file)
    assert isinstance(potential, SGDMLPotential)
    potential.error_bars = error_bars(potential, train.positions, valid)
    return potential


def _again(first: SGDMLPotential, frames: supple.Dataset) -> SGDMLPotential:
    """With the settings of the first force field."""
    settings, module = first.provenance.settings, first.module
    weight = supple.SGDML().amplitude if module.w is not None else None
    problem = Problem(frames, np.array(settings["permutations"]), weight, module.descriptor)
    return kernel_fit(problem, module.kernel, float(settings["lam"]))[0]


def _rmse(potential: supple.Potential, frames: supple.Dataset) -> float:
    """Of force components, meV/Å."""
    metrics = potential.evaluate(frames, "meV")
    assert metrics.forces is not None
    return metrics.forces.rmse


if __name__ == "__main__":
    main()
