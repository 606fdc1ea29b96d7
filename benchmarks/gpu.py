"""A GPU beside the CPU of the same machine: whether both give the same energies and forces, and how fast each is.

    python benchmarks/gpu.py --json gpu.json --models /tmp/models

Sections, each of which can be asked for alone with `--sections`:

    correctness  energies and forces of trained models on both, and forces against differences of energies
    prediction   geometries per second in batches of 1 to 10,000
    training     milliseconds per step of SchNet, compiling apart, and the validation error that both reach
    profile      where the GPU's time goes in a step of SchNet
    graphs       what it would gain if its kernels were launched together, as CUDA graphs
    solving      what the pieces of a training of sGDML take on both
    fitting      the default training of sGDML on both: seconds and errors

Figures are medians after a warm-up, each with the GPU idle at its end. `--models` names a folder in which trained models are
kept for the next time. `--device cpu --small` goes through all of the script in a minute where there is no GPU.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch._dynamo
from gpu_fitting import fitting
from gpu_measuring import AT_ONCE, CPU, MOLECULES, NETWORKS, Bench
from gpu_solving import solving
from gpu_training import graphs, profile, training_errors, training_speed
from torch import Tensor

from supple import SchNet
from supple.models.neural.schnet.potential import SchNetPotential
from supple.runtime.machine import cores, versions


def correctness(bench: Bench) -> None:
    """Differences of energies (eV) and forces (eV/Å) between CPU, GPU and, for SchNet, the same network in double precision."""
    n_train, n = (40, 10) if bench.small else (200, 200)

    def rows() -> Iterator[dict[str, Any]]:
        for molecule in MOLECULES:
            for kind in ("sgdml", "schnet"):
                if kind == "sgdml":
                    potential = bench.sgdml(molecule, n_train)
                    exact = None
                else:
                    potential = bench.schnet(molecule, n_train, 40 if bench.small else 1000)
                    exact = _in_double(potential, CPU)
                positions = bench.frames(molecule, n_train)[1].positions[:n]
                e, f = potential.predict(positions)
                there = copy.deepcopy(potential).to(bench.device)
                e_there, f_there = there.predict(positions)
                differences = {
                    "model": f"{kind}, {molecule}",
                    "largest force": float(np.abs(f).max()),
                    "E, CPU - GPU": float(np.abs(e - e_there).max()),
                    "F, CPU - GPU": float(np.abs(f - f_there).max()),
                    "F, CPU - double": None,
                    "F, GPU - double": None,
                    "F + dE/dR on the GPU": _against_differences(there, positions, bench.device),
                }
                if exact is not None:
                    _, in_double = exact(torch.tensor(positions))
                    differences["F, CPU - double"] = float(np.abs(f - in_double.numpy()).max())
                    differences["F, GPU - double"] = float(np.abs(f_there - in_double.numpy()).max())
                yield differences

    bench.table("Correctness: largest differences, eV and eV/Å", rows())


def _in_double(potential: SchNetPotential, device: torch.device) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """The formulas of a network in double precision."""
    network = copy.deepcopy(potential.network).double().to(device)
    scale, shift = potential.module.scale.to(device), potential.module.shift.to(device)

    @torch.no_grad()
    def energy_and_forces(positions: Tensor) -> tuple[Tensor, Tensor]:
        energies, forces = network.formulas(positions - positions.mean(dim=1, keepdim=True))
        return energies * scale + shift, forces * scale

    return energy_and_forces


def _against_differences(potential: Any, positions: np.ndarray, device: torch.device) -> float:
    """The largest |F + dE/dR| of one geometry, dE/dR by central differences in double precision on the device."""
    function = _in_double(potential, device) if potential.kind == "schnet" else potential.energy_and_forces
    place, h = torch.tensor(positions[:1], device=device), 1e-4
    directions = torch.eye(place[0].numel(), dtype=torch.float64, device=device).view(-1, *place[0].shape)
    plus, minus = (function(place + sign * h * directions)[0] for sign in (1, -1))
    slopes = ((plus - minus) / (2 * h)).view(place[0].shape)
    return float((function(place)[1][0] + slopes).abs().max())


def prediction(bench: Bench) -> None:
    """Geometries per second, of azobenzene."""
    sizes = (1, 4) if bench.small else (1, 10, 100, 1000, 10_000)
    kernels = (20,) if bench.small else (200, 1000)
    train, _ = bench.frames("azobenzene", 40 if bench.small else 1000)
    models: dict[str, Any] = {f"sgdml, {n} frames": bench.sgdml("azobenzene", n) for n in kernels}
    for name, network in NETWORKS.items():
        torch.manual_seed(0)
        models[f"schnet, {name}"] = SchNetPotential(train.numbers, SchNet(**network).architecture(train))
    random = np.random.default_rng(0)

    def rows() -> Iterator[dict[str, Any]]:
        for name, here in models.items():
            there = copy.deepcopy(here).to(bench.device)
            for n in sizes:
                chosen = random.integers(len(train), size=n)
                positions = train.positions[chosen] + random.normal(0, 0.01, (n, train.n_atoms, 3))
                parts = torch.tensor(positions, device=bench.device).split(AT_ONCE)
                at_once = partial(_all, there, parts)
                yield {
                    "model": name,
                    "geometries": n,
                    "CPU /s": _rate(bench, n, partial(here.predict, positions)),
                    "GPU /s": _rate(bench, n, partial(there.predict, positions)),
                    "GPU, no copies, 1000 at once /s": _rate(bench, n, at_once),
                }

    bench.table(f"Prediction: geometries per second, azobenzene; CPU with {bench.all_threads} threads", rows())


def _all(potential: Any, parts: tuple[Tensor, ...]) -> None:
    for part in parts:
        potential.energy_and_forces(part)


def _rate(bench: Bench, n: int, function: Callable[[], object]) -> float | None:
    try:
        return n / bench.seconds(function, least=3)
    except torch.OutOfMemoryError:
        return None


SECTIONS: dict[str, list[Callable[[Bench], None]]] = {
    "correctness": [correctness],
    "prediction": [prediction],
    "training": [training_speed, training_errors],
    "profile": [profile],
    "graphs": [graphs],
    "solving": [solving],
    "fitting": [fitting],
}


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sections", default=",".join(SECTIONS), help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--device", default="cuda", help="what is measured beside the CPU")
    parser.add_argument("--small", action="store_true", help="as small as can be, to see whether the script runs")
    parser.add_argument("--steps", type=int, default=2000, help="of the trainings whose errors are compared")
    parser.add_argument("--threads", default=f"1,{cores()}", help="of the CPU in training: 1,8,16")
    parser.add_argument("--models", type=Path, help="a folder for trained models")
    parser.add_argument("--commit", help="what to call the code, where it is no checkout")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    asked = parser.parse_args()
    sections = asked.sections.split(",")
    if unknown := set(sections) - set(SECTIONS):
        parser.error(f"There is no section {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}.")
    device = torch.device(asked.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit("There is no CUDA device here: this script measures one beside the CPU.")
    about = versions() | {
        "commit": asked.commit or _commit(),
        "GPU": torch.cuda.get_device_name(device) if device.type == "cuda" else "none",
        "cores": cores(),
        "CUDA": torch.version.cuda,
    }
    print("\n".join(f"{name}: {value}" for name, value in about.items()))
    torch._dynamo.config.recompile_limit = 64  # of one function, for one shape after the other
    with tempfile.TemporaryDirectory() as folder:
        models = asked.models or Path(folder)
        models.mkdir(parents=True, exist_ok=True)
        bench = Bench(device, asked.small, models, asked.steps, [int(n) for n in asked.threads.split(",")])
        for section in sections:
            started = time.perf_counter()
            for part in SECTIONS[section]:
                part(bench)
                if asked.json:  # after each, so that an interrupted run loses little
                    asked.json.write_text(json.dumps({"about": about, "figures": bench.figures}, indent=1))
            print(f"\n{section}: {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
