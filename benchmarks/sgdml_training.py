"""Training and prediction of sGDML, ours beside the reference package, in one run on the same frames.

    python benchmarks/sgdml_training.py DATA --units kcal/mol --sizes 100,200 --peer PEER/bin/python

PEER is a virtual environment of its own with `sgdml` 1.0.x and numpy below 2.4; without it only ours is run. Every training is
a process of its own, alternating; the figures are medians of `--repeats`. Both get the same training frames, sigma and lambda,
and are tested on the same frames; the reference is given the permutations that ours finds. Energy errors are given as their spread:
the constant of integration is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import supple
from supple.molecule.symmetry.permutations import find_permutations

OURS = """
import json, sys, time
import numpy as np
from supple import SGDML
from supple.data.dataset import Dataset
a = np.load(sys.argv[1]); sigma = float(sys.argv[2])
train = Dataset.of(a["z"], a["R"], a["E"], a["F"])
valid = Dataset.of(a["z"], a["R_valid"], a["E_valid"], a["F_valid"])
started = time.perf_counter()
settings = SGDML(
    sigma=sigma, lam=1e-10, energies="integrated", descriptor="inverse-distances", solver="SOLVER")
potential = settings.fit(train, valid, examined=[])
trained = time.perf_counter()
energies, forces = potential.predict(a["R_test"])
done = time.perf_counter()
"""
PEER = """
import json, logging, sys, time
import numpy as np
from sgdml.predict import GDMLPredict
from sgdml.train import GDMLTrain
logging.disable(logging.CRITICAL)
a = np.load(sys.argv[1]); sigma = float(sys.argv[2])
def data(suffix):
    part = {k: a[k + suffix] for k in "REF"}
    return dict(part, z=a["z"], type="d", name=np.array("bench"), theory=np.array("x"), md5="0" * len(suffix),
                E_min=part["E"].min(), E_max=part["E"].max(), E_mean=part["E"].mean(), E_var=part["E"].var(),
                F_min=part["F"].min(), F_max=part["F"].max(), F_mean=part["F"].mean(), F_var=part["F"].var())
def main():
    global energies, forces, started, trained, done
    started = time.perf_counter()
    training = GDMLTrain()
    task = training.create_task(data(""), len(a["R"]), data("_test"), 10, sigma, 1e-10, perms=a["perms"])
    model = training.train(task)
    trained = time.perf_counter()
    predictor = GDMLPredict(model)
    predictor.prepare_parallel(n_bulk=len(a["R_test"]))
    done = time.perf_counter()
    energies, forces = predictor.predict(a["R_test"].reshape(len(a["R_test"]), -1))
    done = trained + time.perf_counter() - done
    forces = forces.reshape(a["F_test"].shape)
if __name__ == "__main__":
    main()
"""
REPORT = """
if __name__ == "__main__":
    rms = lambda x: float(np.sqrt((x**2).mean()))
    print(json.dumps({
        "train_s": trained - started, "test_s": done - trained,
        "force_rmse": rms(forces - a["F_test"]), "energy_spread": float(np.nanstd(energies - a["E_test"]))}))
"""


def run(python: str, program: str, data: Path, sigma: float) -> dict[str, float]:
    """One training in a process of its own: its figures, with CPU seconds and peak memory of it and its children."""
    script = data.with_suffix(".py")
    script.write_text(program + REPORT)
    started = time.perf_counter()
    process = subprocess.Popen([python, script, str(data), str(sigma)], stdout=subprocess.PIPE, text=True)
    out = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{python} failed with {status}.")
    return json.loads(out.splitlines()[-1]) | {
        "wall_s": time.perf_counter() - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_gib": usage.ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20),
    }


def main() -> None:
    """Run all sizes and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--units")
    parser.add_argument("--sizes", default="100,200")
    parser.add_argument("--sigma", type=float, default=10.0)
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keys")
    parser.add_argument("--solvers", default="auto")
    parser.add_argument("--peer", help="the interpreter of an environment with sgdml")
    asked = parser.parse_args()
    programs = {f"supple, {s}": (sys.executable, OURS.replace("SOLVER", s)) for s in asked.solvers.split(",")}
    programs |= {"sgdml": (asked.peer, PEER)} if asked.peer else {}
    dataset = supple.read(asked.data, units=asked.units, keys=asked.keys)
    columns = ("wall_s", "cpu_s", "train_s", "test_s", "peak_gib", "force_rmse", "energy_spread")
    print("| frames | program |", " | ".join(columns), "|\n|---|---|" + "---|" * len(columns))
    for size in map(int, asked.sizes.split(",")):
        train, valid, test = dataset.split(size, 100, asked.test)
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "frames.npz"
            # The reference takes no unknown energies; without them constants of integration differ, and are left out.
            np.savez(data, z=train.numbers, R=train.positions, E=np.nan_to_num(train.energies), F=train.forces,
                     R_valid=valid.positions, E_valid=valid.energies, F_valid=valid.forces,
                     R_test=test.positions, E_test=test.energies, F_test=test.forces,
                     perms=find_permutations(train.numbers, train.positions))  # fmt: skip
            found: dict[str, list[dict[str, float]]] = {name: [] for name in programs}
            for _ in range(asked.repeats):
                for name, (python, program) in programs.items():
                    found[name].append(run(python, program, data, asked.sigma))
        medians = {n: {c: statistics.median(row[c] for row in rows) for c in columns} for n, rows in found.items()}
        for name, row in medians.items():
            print(f"| {size} | {name} |", " | ".join(f"{row[c]:.4g}" for c in columns), "|", flush=True)
        for name in [name for name in medians if asked.peer and name != "sgdml"]:
            ratios = [medians["sgdml"][c] / medians[name][c] for c in columns]
            print(f"| {size} | sgdml / {name} |", " | ".join(f"{ratio:.3g}" for ratio in ratios), "|", flush=True)


if __name__ == "__main__":
    main()
