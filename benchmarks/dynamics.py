"""Molecular dynamics: one trajectory by ASE, and a batch of replicas.

    python benchmarks/dynamics.py --replicas 16

Unless models are named, two are trained on the bundled azobenzene: sGDML with default settings on 200 frames, SchNet for a few
hundred steps (its accuracy does not affect the time). Numbers are medians of `--repeats`, measured in turn: time steps per second
of one trajectory, of each replica, and of all replicas; the cost of the integrator relative to the forces, for Supple and, where it
has such an integrator, torch-sim; and the same for the whole command, with guards and files.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch_sim as ts
from ase import Atoms
from torch_sim.integrators import nve, nvt_langevin
from torch_sim.units import MetalUnits

import supple
from supple import Potential, load
from supple.data.bundled import bundled_path
from supple.interfaces.torch_sim import SuppleModel
from supple.simulation.dynamics import DynamicsSettings, run_md
from supple.simulation.dynamics.engines import Engine, engine_for
from supple.simulation.dynamics.momenta import initial_state


def trained(data: supple.Dataset) -> dict[str, Potential]:
    """A force field of each kind."""
    train, valid, _ = data.split(train=200, valid=100, seed=0)
    return {
        "sgdml, 200 frames": supple.SGDML(sigma=20.0).fit(train, valid),
        "schnet": supple.SchNet(steps=300, device="cpu").fit(train, valid),
    }


def engine(potential: Potential, data: supple.Dataset, ensemble: str, replicas: int) -> Engine:
    """Replicas at 300 K from the frames of the data."""
    settings = DynamicsSettings.of(ensemble=ensemble)
    states = [
        initial_state(
            data.numbers, data.positions[k], 300.0, np.random.default_rng([0, k]), rigid_motion=ensemble == "langevin"
        )
        for k in range(replicas)
    ]
    return engine_for(potential, settings, states, batched=replicas > 1)


def torch_sim_step(
    potential: Potential, data: supple.Dataset, ensemble: str, replicas: int
) -> Callable[[], object] | None:
    """The same step by torch-sim; None where it has no such integrator."""
    model = SuppleModel(potential)
    dt, kt = torch.tensor(0.5e-3 * float(MetalUnits.time)), torch.tensor(300 * float(MetalUnits.temperature))
    if ensemble == "nve":
        init, step = nve(model, dt=dt, kT=kt)
    elif ensemble == "langevin":
        init, step = nvt_langevin(model, dt=dt, kT=kt, gamma=torch.tensor(10 / float(MetalUnits.time)))
    else:
        return None
    atoms = [Atoms(data.numbers, r, pbc=False) for r in data.positions[:replicas]]
    states = [init(ts.initialize_state(atoms, torch.device("cpu"), torch.float64))]

    def step_once() -> None:
        states[0] = step(states[0])

    return step_once


def calls_per_second(step: Callable[[], object], seconds: float) -> float:
    """How often a function can be called."""
    for _ in range(5):
        step()
    started, n = time.perf_counter(), 0
    while time.perf_counter() < started + seconds:
        step()
        n += 1
    return n / (time.perf_counter() - started)


def command(potential: Potential, data: supple.Dataset, ensemble: str, replicas: int) -> float:
    """Steps per second of a run with guards and files."""
    settings = DynamicsSettings.of(ensemble=ensemble, time="500fs", on_leave="warn")
    with tempfile.TemporaryDirectory() as folder:
        results = run_md(potential, data, settings, Path(folder) / "md.xyz", replicas=replicas)
    return results[0].steps_per_second or 0.0


def measure(
    potential: Potential, data: supple.Dataset, ensemble: str, alone: Engine, many: Engine, seconds: float
) -> tuple[float, ...]:
    """Per second: steps of one, of a batch, forces of a batch, steps of the command with one and with a batch, of torch-sim."""
    others = torch_sim_step(potential, data, ensemble, len(many.rngs))
    return (
        calls_per_second(alone.step, seconds),
        calls_per_second(many.step, seconds),
        calls_per_second(lambda: potential.predict(many.positions), seconds),
        command(potential, data, ensemble, 1),
        command(potential, data, ensemble, len(many.rngs)),
        calls_per_second(others, seconds) if others else float("nan"),
    )


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help="of the molecule in --data")
    parser.add_argument("--data", default=bundled_path("azobenzene"))
    parser.add_argument("--replicas", type=int, default=16)
    parser.add_argument("--ensembles", default="nve,langevin,nose-hoover")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    args = parser.parse_args()
    data = supple.read(args.data, labels=False)
    data = data.select(np.arange(min(args.replicas, len(data))))
    potentials = {Path(name).name: load(name) for name in args.models}
    if not potentials:
        potentials = trained(supple.read(args.data))
    n = args.replicas
    print(f"{n} replicas, {torch.get_num_threads()} threads; steps/s\n")
    print(
        f"| model | ensemble | one | {n} | all of {n} | gain | integrator / forces | torch-sim's / forces | command, one | command, {n} | gain |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, potential in potentials.items():
        for ensemble in args.ensembles.split(","):
            alone, many = (engine(potential, data, ensemble, b) for b in (1, n))
            rows = [measure(potential, data, ensemble, alone, many, args.seconds) for _ in range(args.repeats)]
            one, side, _, one_whole, many_whole, _ = (statistics.median(column) for column in zip(*rows, strict=True))
            share, others = (statistics.median(row[2] / row[k] - 1 for row in rows) for k in (1, 5))
            other = "" if np.isnan(others) else f"{100 * others:.0f} %"
            print(
                f"| {name} | {ensemble} | {one:.0f} | {side:.0f} | {n * side:.0f} | {n * side / one:.1f} | {100 * share:.0f} % | {other} "
                f"| {one_whole:.0f} | {many_whole:.0f} | {n * many_whole / one_whole:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
