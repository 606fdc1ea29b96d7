"""SchNet, ours beside SchNetPack, in one run: the same frames, architecture, batch and cutoff, both with all cores.

    python benchmarks/schnet.py DATA --units kcal/mol --peer PEER/bin/python

PEER is a virtual environment of its own with schnetpack 2.1 and matscipy; without it only ours is run. Every measurement is a
process of its own, alternating; the figures are medians of `--repeats`. SchNetPack runs with its fastest neighbour list, and
without validation. Ours is trained twice, with AdamW as there and with SOAP, its default. An epoch is 100 steps of 10 frames, after a first epoch that does not count; start-up is what comes before
the first step, compiling (or loading compiled code) included.

`--reach ERROR` measures what users pay instead: seconds of training until the validation RMSE of the forces, in eV/Å, has
fallen below ERROR, each program with its own default optimisation.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import supple

HERE = Path(__file__).parent


def measured(python: str, script: Path, *arguments: object) -> dict[str, float]:
    """What a program prints, with its peak memory."""
    command = [python, str(script), *(a if isinstance(a, str) else json.dumps(a) for a in arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{python} {script.name} failed with {status}.")
    gib = usage.ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    return json.loads(out.splitlines()[-1]) | {"peak_gib": gib}


def table(programs: dict[str, tuple[str, ...]], repeats: int, *arguments: object) -> None:
    """Medians of several measurements of each program."""
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, (python, script, *more) in programs.items():
            figures[name].append(measured(python, Path(script), *arguments, *more))
    columns = list(next(iter(figures.values()))[0])
    print("| program |", " | ".join(columns), "|\n|---|" + "---|" * len(columns))
    for name, rows in figures.items():
        cells = []
        for column in columns:
            values = [row[column] for row in rows]
            cells.append("-" if None in values else f"{statistics.median(values):.3g}")
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--units")
    parser.add_argument("--train", type=int, default=1000, help="frames; 100 more validate where there are as many")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--architectures", default="64/3/20,128/6/50", help="features/interactions/gaussians, ...")
    parser.add_argument("--tasks", default="train,predict")
    parser.add_argument("--reach", type=float, help="a validation RMSE of the forces in eV/Å")
    parser.add_argument("--minutes", type=int, default=20, help="the most that a training to --reach may take")
    parser.add_argument("--peer", help="the interpreter of an environment with schnetpack")
    asked = parser.parse_args()
    ours = (sys.executable, str(HERE / "schnet_ours.py"))
    peer = {"schnetpack": (asked.peer, str(HERE / "schnetpack_peer.py"))} if asked.peer else {}
    by_task = {
        "predict": {"supple": ours} | peer,
        "train": {"supple, AdamW": (*ours, "adamw"), "supple, SOAP": (*ours, "soap")} | peer,
        "reach": {"supple": (*ours, "soap")} | peer,
    }
    dataset = supple.read(asked.data, units=asked.units)
    train, valid, _ = dataset.split(asked.train, min(100, len(dataset) - asked.train), 0)
    if asked.reach and len(dataset) <= asked.train:
        parser.error("--reach needs frames to validate with: lower --train.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frames.npz"
        if not len(valid):  # both programs ask for some; only --reach uses them
            valid = train.select(range(10))
            valid = supple.Dataset.of(valid.numbers, valid.positions + 1e-3, valid.energies, valid.forces)
        np.savez(
            file, z=dataset.numbers, R=train.positions, E=train.energies, F=train.forces,
            R_valid=valid.positions, E_valid=valid.energies, F_valid=valid.forces,
        )  # fmt: skip
        for text in asked.architectures.split(","):
            architecture = dict(zip(("features", "interactions", "gaussians"), map(int, text.split("/")), strict=True))
            for task in ["reach"] if asked.reach else asked.tasks.split(","):
                print(f"\n{dataset.source.name}, {text}: {task}\n")
                more = {
                    "reach": (10**6, asked.reach, asked.minutes),
                    "train": (asked.epochs, None, None),
                    "predict": (),
                }
                name = "train" if task == "reach" else task
                table(by_task[task], asked.repeats, name, str(file), architecture, *more[task])


if __name__ == "__main__":
    main()
