"""Bespoke and MACE, trained for the same processor time on the same frames: errors side by side.

    python benchmarks/beside_mace.py TRAIN TEST --n-train 950 --valid 50 --minutes 30 --peer PEER/bin/python [--units kcal/mol] [--threads 1] [--out FOLDER]

MACE 0.3 is trained by its own command, `mace_run_train`, with 64 channels, L = 1, two layers, a cutoff of 5 Å, batches of 10, single precision, Adam with AMSGrad at
0.01, an exponential moving average, and a learning rate that falls to a hundredth over the training; loss weights are its defaults. One epoch is timed first, and
as many are trained as fit into `--minutes` of processor time. Supple trains with its defaults, whatever time that takes. Errors are
MAE on TEST in meV and meV/Å, predicted by each program itself. What is trained is kept in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from ase import Atoms
from ase.io import write
from metric import run

import supple

T = TypeVar("T")

#: What the peer runs to find its errors.
PREDICT = """
import json, sys, numpy as np
from ase.io import read
from mace.calculators import MACECalculator
calculator = MACECalculator(model_paths=sys.argv[1], device="cpu", default_dtype="float32")
energies, forces = [], []
for atoms in read(sys.argv[2], ":"):
    e, f = atoms.info["REF_energy"], atoms.arrays["REF_forces"]
    atoms.calc = calculator
    energies.append(atoms.get_potential_energy() - e)
    forces.append(atoms.get_forces() - f)
print(json.dumps([1000 * float(np.abs(energies).mean()), 1000 * float(np.abs(forces).mean())]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("test_file", type=Path)
    parser.add_argument("--n-train", type=int, default=950)
    parser.add_argument("--valid", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=30, help="of processor time")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer", type=Path, required=True)
    parser.add_argument("--units")
    parser.add_argument("--out", type=Path, default=Path("beside-mace"))
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(asked.threads)
    frames, test = (supple.read(file, units=asked.units) for file in (asked.train, asked.test_file))
    train, valid, _ = frames.split(train=asked.n_train, valid=asked.valid, test=0, seed=0)
    print(f"{asked.train.name}, {asked.threads} thread(s), load {os.getloadavg()[0]:.1f}\n")
    print("| program | trained for | CPU min | wall min | E MAE | F MAE |\n|---|---|---:|---:|---:|---:|", flush=True)
    for part, name in ((train, "train"), (valid, "valid"), (test, "test")):
        _write(asked.out / f"{name}.xyz", part)
    print(_supple(asked, test), flush=True)
    print(_mace(asked), flush=True)


def _write(file: Path, part: supple.Dataset) -> None:
    """Frames with the keys that MACE expects."""
    assert part.forces is not None
    images = []
    for r, e, f in zip(part.positions, part.energies, part.forces, strict=True):
        images.append(Atoms(part.numbers, r, info={"REF_energy": float(e)}))
        images[-1].arrays["REF_forces"] = f
    write(file, images, format="extxyz")


def _supple(asked: argparse.Namespace, test: supple.Dataset) -> str:
    model = asked.out / "bespoke.safetensors"
    command = [
        "train",
        asked.train,
        "--model",
        "bespoke",
        "--train",
        asked.n_train,
        "--valid",
        asked.valid,
        "--overwrite",
    ]
    if asked.units:
        command += ["--units", asked.units]
    _, cpu, wall = _timed(lambda: run([*command, "--out", model, "--json"]))
    potential = supple.load(model)
    metrics = potential.evaluate(test, "meV")
    assert metrics.energy is not None and metrics.forces is not None
    trained = f"{potential.provenance.settings['steps']} steps"
    return f"| Supple, Bespoke | {trained} | {cpu / 60:.1f} | {wall / 60:.1f} | {metrics.energy.mae:.3g} | {metrics.forces.mae:.3g} |"


def _mace(asked: argparse.Namespace) -> str:
    _, first, _ = _timed(lambda: _train_mace(asked, "one", 1))
    _, second, _ = _timed(lambda: _train_mace(asked, "two", 2))
    epoch = max(second - first, 1.0)
    epochs = max(round((60 * asked.minutes - (first - epoch)) / epoch), 1)
    model, cpu, wall = _timed(lambda: _train_mace(asked, "mace", epochs))
    found = subprocess.run(
        [asked.peer, "-W", "ignore", "-c", PREDICT, model, asked.out / "test.xyz"],
        capture_output=True,
        text=True,
        check=True,
    )
    energy, forces = json.loads(found.stdout.splitlines()[-1])
    return f"| MACE, 64 channels, L = 1 | {epochs} epochs | {cpu / 60:.1f} | {wall / 60:.1f} | {energy:.3g} | {forces:.3g} |"


def _train_mace(asked: argparse.Namespace, name: str, epochs: int) -> Path:
    """Train MACE; returns the file of its model."""
    settings = {
        "name": name, "work_dir": asked.out / f"mace-{name}", "train_file": asked.out / "train.xyz", "valid_file": asked.out / "valid.xyz",
        "E0s": "average", "model": "MACE", "hidden_irreps": "64x0e + 64x1o", "num_interactions": 2, "r_max": 5.0, "batch_size": 10,
        "valid_batch_size": 10, "max_num_epochs": epochs, "lr": 0.01, "scheduler": "ExponentialLR",
        "lr_scheduler_gamma": float(np.exp(np.log(0.01) / epochs)), "ema_decay": 0.99, "device": "cpu", "default_dtype": "float32",
        "seed": 0, "num_workers": 0, "eval_interval": epochs,
    }  # fmt: skip
    command = [
        asked.peer.with_name("mace_run_train"),
        *(f"--{key}={value}" for key, value in settings.items()),
        "--ema",
        "--amsgrad",
    ]
    environment = os.environ | {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    environment.pop("PYTHONPATH", None)
    with (asked.out / f"mace-{name}.log").open("w") as log:
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, env=environment, check=True)
    return next(iter((asked.out / f"mace-{name}").rglob(f"{name}.model")))


def _timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """A result, and the processor and wall time of the processes that made it, s."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    result = work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - started


if __name__ == "__main__":
    main()
