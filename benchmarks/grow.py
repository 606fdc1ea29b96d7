"""`supple grow` beside random frames of the method's own dynamics: how many calculations each needs for the same error.

    python benchmarks/grow.py --molecules "CCO,OCCF,NCC(=O)O" --seeds 3 --budget 120 [--target 0.5] [--out FOLDER]

The method is GFN2-xTB, whose labels cost little. Independent frames are those of long Langevin dynamics of the method itself at the temperature
of growth and at 500 K, from several conformers and with another seed. Random frames are drawn from dynamics of the method at the temperature, and trained on
in growing numbers, one in ten of them for validation, as growth has it; the number that gives the error of the grown force field is interpolated. Where growth has
learned a baseline, random frames are also trained on with the same one, which shows what the choice of the frames does. The calculations of growth include
those of its last test, which random frames do not have. Force RMSE in kcal/mol/Å. The same command resumes.
"""

from __future__ import annotations

import argparse
import math
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
from metric import run

import supple
from supple.data.writing import write_extxyz

#: Independent frames of each temperature, and fs between them.
TEST_FRAMES, EVERY = 300, 100
#: Sizes of random training sets, relative to the calculations of growth.
FACTORS = (0.5, 1, 2, 4)
UNITS = "kcal/mol"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--molecules", default="CCO,OCCF,NCC(=O)O")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=int, default=120)
    parser.add_argument("--target", default="0.1")
    parser.add_argument("--temperature", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("grow-benchmark"))
    parser.add_argument("--baseline", default="auto")
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; force RMSE in kcal/mol/Å\n")
    titles = f"stated | {asked.temperature} K | 500 K | random frames | needed | random frames on the baseline | needed"
    print(f"| molecule | seed | calculations (test) | {titles} |\n|{'---|' * 10}", flush=True)
    for molecule in asked.molecules.split(","):
        for seed in range(asked.seeds):
            print(_row(asked, molecule, seed), flush=True)


def _row(asked: argparse.Namespace, molecule: str, seed: int) -> str:
    folder = asked.out / f"{''.join(c if c.isalnum() else '_' for c in molecule)}-{seed}"
    folder.mkdir(exist_ok=True)
    grow = ["grow", molecule, "--method", "GFN2-xTB", "--temperature", asked.temperature, "--target", asked.target]
    grow += ["--baseline", asked.baseline]
    grown = run([*grow, "--budget", asked.budget, "--seed", seed, "--out", folder / "grown", "--json"])
    n, stated, model = grown["calculations"], grown["stated_error"], Path(grown["model"])
    tests = [
        _dynamics(molecule, kelvin, TEST_FRAMES, EVERY, 1000 + seed, folder) for kelvin in (asked.temperature, 500)
    ]
    own, hot = (_error(model, test) for test in tests)
    sizes = [round(factor * n) for factor in FACTORS]
    pool = _dynamics(molecule, asked.temperature, max(sizes), EVERY, 2000 + seed, folder)
    learned = model.with_name("baseline.safetensors")
    cells = []
    for baseline in (None, learned) if learned.exists() else (None,):
        curve = [(size, _random(pool, size, seed, tests[0], folder, baseline)) for size in sizes]
        needed = _interpolated(curve, own)
        text = f"{needed:.0f}" if math.isfinite(needed) else f"more than {sizes[-1]}"
        cells += [", ".join(f"{error:.3g} ({size})" for size, error in curve), text]
    cells += ["", ""] * (not learned.exists())
    interval = f"{stated['value']:.3g} ({stated['low']:.3g} to {stated['high']:.3g})"
    return (
        f"| {molecule} | {seed} | {n} ({stated['frames']}) | {interval} | {own:.3g} | {hot:.3g} | {' | '.join(cells)} |"
    )


def _dynamics(molecule: str, kelvin: int, frames: int, every: int, seed: int, folder: Path) -> Path:
    """Frames of Langevin dynamics of the method, from the conformer that this seed gives."""
    out = folder / f"md-{kelvin}-{seed}.xyz"
    if not out.exists():
        draw = f"md:temperature={kelvin},frames={frames},every={every},settle=2000"
        run(["sample", molecule, "--method", "GFN2-xTB", "--draw", draw, "--seed", seed, "--out", out, "--json"])
    return out


def _random(pool: Path, size: int, seed: int, test: Path, folder: Path, baseline: Path | None) -> float:
    """The error of a force field of random frames."""
    model = folder / f"random-{size}{'' if baseline is None else '-on-baseline'}.safetensors"
    if not model.exists():
        frames = supple.read(pool)
        order = np.random.default_rng(seed).permutation(len(frames))[:size]
        file = folder / f"random-{size}.xyz"
        write_extxyz(file, frames.select(order))
        valid = -(-size // 10)
        on = [] if baseline is None else ["--baseline", baseline]
        run(
            [
                "train",
                file,
                "--model",
                "sgdml",
                "--train",
                size - valid,
                "--valid",
                valid,
                *on,
                "--out",
                model,
                "--json",
            ]
        )
    return _error(model, test)


def _error(model: Path, test: Path) -> float:
    return float(run(["evaluate", model, test, "--report-units", UNITS, "--json"])["forces"]["rmse"])


def _interpolated(curve: list[tuple[int, float]], error: float) -> float:
    """The size at which a learning curve reaches an error, linearly in logarithms; infinite beyond its end."""
    if error >= curve[0][1]:
        return float(curve[0][0])
    for (small, high), (large, low) in pairwise(curve):
        if low <= error <= high:
            part = (math.log(high) - math.log(error)) / max(math.log(high) - math.log(low), 1e-12)
            return float(small * (large / small) ** part)
    return math.inf


if __name__ == "__main__":
    main()
