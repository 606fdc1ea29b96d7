"""Long runs of force fields: stability by the published protocol, and the drift of what should be conserved.

    python benchmarks/long_dynamics.py stability MODEL... --data TRAINING [--units UNITS] --out FOLDER
    python benchmarks/long_dynamics.py drift MODEL... --data TRAINING --out FOLDER

Stability is that of Fu et al. (arXiv:2210.07237): a Nosé-Hoover chain at 500 K, 0.5 fs, 300 ps, 5 replicas; unstable from the first time
at which a bond is more than 0.5 Å from its mean in the data. Here every 2 fs is looked at as well as every saved frame, and guards
only warn, so that nothing but the force field keeps the molecule together. Drift is the slope of the total energy at 300 K, 0.5 fs, 100
ps, one trajectory. The same command again goes on where it was stopped.
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
from supple.simulation.dynamics import DynamicsSettings, run
from supple.simulation.dynamics.result import Outcome


def started(data: supple.Dataset, replicas: int) -> supple.Dataset:
    """Frames to begin from, evenly over the data."""
    return data.select(np.linspace(0, len(data) - 1, replicas).astype(int))


def name_of(model: str) -> str:
    """Of a model, for files and tables."""
    return Path(model).name.removesuffix(".safetensors")


def stable(model: str, data: supple.Dataset, out: Path, replicas: int, length: str, kelvin: float) -> None:
    """One row: how long the replicas were stable, and the pair distances while they were."""
    settings = DynamicsSettings.of(
        ensemble="nose-hoover", temperature=kelvin, time=length, every=100.0, on_leave="warn"
    )
    file = out / f"{name_of(model)}-stability.xyz"
    began = time.perf_counter()
    outcomes = run(load(model), started(data, replicas), settings, file, replicas=replicas, reference=data)
    seconds = time.perf_counter() - began
    found = analyse([read_trajectory(outcome.out) for outcome in outcomes], data)
    until = [
        min(seen.time if seen.frame is not None else outcome.time, bond_broke(outcome)) / 1e3
        for seen, outcome in zip(found.stabilities, outcomes, strict=True)
    ]
    kelvins = [outcome.tally.mean_temperature or np.nan for outcome in outcomes]
    print(
        f"| {name_of(model)} | {', '.join(f'{ps:.4g}' for ps in until)} | {found.distributions[0].difference:.3f} | "
        f"{np.mean(kelvins):.0f} | {guards(outcomes)} | {outcomes[0].steps_per_second or 0:.0f} | {seconds:.0f} |",
        flush=True,
    )


def bond_broke(outcome: Outcome) -> float:
    """When the guard of bonds first spoke, in fs, or the end."""
    return outcome.tally.first_outside.get("bonds", (outcome.time, ""))[0]


def guards(outcomes: list[Outcome]) -> str:
    """Which ones spoke in how many replicas."""
    names = sorted({name for outcome in outcomes for name in outcome.tally.outside})
    return ", ".join(f"{name}: {sum(name in o.tally.outside for o in outcomes)}" for name in names) or "silent"


def drifting(model: str, data: supple.Dataset, out: Path, length: str, kelvin: float) -> None:
    """One row: the slope of the total energy, and its standard deviation."""
    settings = DynamicsSettings.of(ensemble="nve", temperature=kelvin, time=length, every=100.0, on_leave="warn")
    potential = load(model)
    file = out / f"{name_of(model)}-drift.xyz"
    (outcome,) = run(potential, started(data, 1), settings, file, reference=data)
    energies = read_trajectory(outcome.out).conserved
    assert energies is not None
    fluctuation = 1e3 * float(np.std(energies)) / len(potential.numbers)
    print(
        f"| {name_of(model)} | {outcome.tally.drift:.1e} | {fluctuation:.1e} | {outcome.tally.mean_temperature:.0f} "
        f"| {outcome.steps_per_second or 0:.0f} |",
        flush=True,
    )


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=["stability", "drift"])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--data", required=True, help="training data: where to begin, and for the guards")
    parser.add_argument("--units")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--replicas", type=int, default=5)
    parser.add_argument("--time")
    parser.add_argument("--temperature", type=float)
    asked = parser.parse_args()
    data = supple.read(asked.data, units=asked.units, labels=False)
    asked.out.mkdir(parents=True, exist_ok=True)
    print(f"{asked.task}, {torch.get_num_threads()} threads\n")
    if asked.task == "stability":
        print(
            "| model | stable for, ps | h(r) | mean K | guards that spoke | steps/s of each | s |\n|---|---|---|---|---|---|---|"
        )
        for model in asked.models:
            stable(model, data, asked.out, asked.replicas, asked.time or "300ps", asked.temperature or 500.0)
    else:
        print("| model | drift, meV/atom/ps | fluctuation, meV/atom | mean K | steps/s |\n|---|---|---|---|---|")
        for model in asked.models:
            drifting(model, data, asked.out, asked.time or "100ps", asked.temperature or 300.0)


if __name__ == "__main__":
    main()
