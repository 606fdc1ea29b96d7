"""Long runs of force fields: stability by the published protocol, and the drift of the conserved energy.

    python benchmarks/long_dynamics.py stability MODEL... --data TRAINING [--units UNITS] --out FOLDER
    python benchmarks/long_dynamics.py drift MODEL... --data TRAINING --out FOLDER

Stability is that of Fu et al. (arXiv:2210.07237): a Nosé-Hoover chain at 500 K, 0.5 fs, 300 ps, 5 replicas; unstable from the first time
at which a bond length differs by more than 0.5 Å from its mean in the data. Besides saved frames, the bonds are checked every 2 fs, and
guards only warn, so that nothing but the force field keeps the molecule together. Drift is the slope of the total energy at 300 K,
0.5 fs, 100 ps, one trajectory. Run the same command again to resume.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

import supple
from supple import load
from supple.simulation.analysis import analyse, read_trajectory
from supple.simulation.dynamics import DynamicsSettings, run_md
from supple.simulation.dynamics.md_result import MDResult


def initial_frames(data: supple.Dataset, replicas: int) -> supple.Dataset:
    """Initial frames, evenly over the data."""
    return data.select(np.linspace(0, len(data) - 1, replicas).astype(int))


def name_of(model: str) -> str:
    """Name of a model, for files and tables."""
    return Path(model).name.removesuffix(".safetensors")


def stable(model: str, data: supple.Dataset, out: Path, replicas: int, length: str, kelvin: float) -> None:
    """One row: how long the replicas were stable, and the pair distances while they were."""
    settings = DynamicsSettings.of(
        ensemble="nose-hoover", temperature=kelvin, time=length, every=100.0, on_leave="warn"
    )
    file = out / f"{name_of(model)}-stability.xyz"
    started = time.perf_counter()
    results = run_md(load(model), initial_frames(data, replicas), settings, file, replicas=replicas, reference=data)
    seconds = time.perf_counter() - started
    found = analyse([read_trajectory(result.out) for result in results], data)
    until = [
        min(one.time if one.frame is not None else result.time, bond_broke(result)) / 1e3
        for one, result in zip(found.stabilities, results, strict=True)
    ]
    kelvins = [result.averages.mean_temperature or np.nan for result in results]
    print(
        f"| {name_of(model)} | {', '.join(f'{ps:.4g}' for ps in until)} | {found.distributions[0].difference:.3f} | "
        f"{np.mean(kelvins):.0f} | {guards(results)} | {results[0].steps_per_second or 0:.0f} | {seconds:.0f} |",
        flush=True,
    )


def bond_broke(result: MDResult) -> float:
    """When the guard of bonds first triggered, in fs, or else the end."""
    return result.averages.first_triggers.get("bonds", (result.time, ""))[0]


def guards(results: list[MDResult]) -> str:
    """Which guards triggered, in how many replicas each."""
    names = sorted({name for result in results for name in result.averages.triggers})
    return ", ".join(f"{name}: {sum(name in o.averages.triggers for o in results)}" for name in names) or "none"


def drifting(model: str, data: supple.Dataset, out: Path, length: str, kelvin: float) -> None:
    """One row: the slope of the total energy, and its standard deviation."""
    settings = DynamicsSettings.of(ensemble="nve", temperature=kelvin, time=length, every=100.0, on_leave="warn")
    potential = load(model)
    file = out / f"{name_of(model)}-drift.xyz"
    (result,) = run_md(potential, initial_frames(data, 1), settings, file, reference=data)
    energies = read_trajectory(result.out).conserved
    assert energies is not None
    fluctuation = 1e3 * float(np.std(energies)) / len(potential.numbers)
    print(
        f"| {name_of(model)} | {result.averages.drift:.1e} | {fluctuation:.1e} | {result.averages.mean_temperature:.0f} "
        f"| {result.steps_per_second or 0:.0f} |",
        flush=True,
    )


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=["stability", "drift"])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--data", required=True, help="training data: initial geometries, and for the guards")
    parser.add_argument("--units")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--replicas", type=int, default=5)
    parser.add_argument("--time")
    parser.add_argument("--temperature", type=float)
    args = parser.parse_args()
    data = supple.read(args.data, units=args.units, labels=False)
    args.out.mkdir(parents=True, exist_ok=True)
    print(f"{args.task}, {torch.get_num_threads()} threads\n")
    if args.task == "stability":
        print(
            "| model | stable for, ps | h(r) | mean K | guards that triggered | steps/s of each | s |\n|---|---|---|---|---|---|---|"
        )
        for model in args.models:
            stable(model, data, args.out, args.replicas, args.time or "300ps", args.temperature or 500.0)
    else:
        print("| model | drift, meV/atom/ps | fluctuation, meV/atom | mean K | steps/s |\n|---|---|---|---|---|")
        for model in args.models:
            drifting(model, data, args.out, args.time or "100ps", args.temperature or 300.0)


if __name__ == "__main__":
    main()
