"""Training and prediction of sGDML, ours beside the reference package, in one run on the same frames.

    python benchmarks/sgdml_training.py DATA --units kcal/mol --sizes 100,200 --peer PEER/bin/python

PEER is a virtual environment of its own with `sgdml` 1.0.x and numpy below 2.4; without it only ours is run. Every training is
a process of its own, alternating; the figures are medians of `--repeats`. Both get the same training frames, sigma and lambda,
and are tested on the same frames.
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

OURS = """
import json, sys, time, torch
import numpy as np
from supple.dataset import Dataset
from supple.sgdml.fit import kernel_fit
from supple.sgdml.permutations import find_permutations
a = np.load(sys.argv[1]); sigma = float(sys.argv[2])
train = Dataset.of(a["z"], a["R"], a["E"], a["F"])
started = time.perf_counter()
potential, _ = kernel_fit(train, find_permutations(train), sigma, 1e-10)
trained = time.perf_counter()
energies, forces = potential.predict(a["R_test"])
done = time.perf_counter()
potential.predict(a["R_test"][:1])
single = time.perf_counter()
for r in a["R_test"][:50]:
    potential.predict(r[None])
single = (time.perf_counter() - single) / 50
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
    global energies, forces, started, trained, done, single
    started = time.perf_counter()
    training = GDMLTrain()
    task = training.create_task(data(""), len(a["R"]), data("_test"), 10, sigma, 1e-10)
    model = training.train(task)
    trained = time.perf_counter()
    predictor = GDMLPredict(model)
    predictor.prepare_parallel(n_bulk=len(a["R_test"]))
    done = time.perf_counter()
    energies, forces = predictor.predict(a["R_test"].reshape(len(a["R_test"]), -1))
    done = trained + time.perf_counter() - done
    forces = forces.reshape(a["F_test"].shape)
    predictor.predict(a["R_test"][:1].reshape(1, -1))
    single = time.perf_counter()
    for r in a["R_test"][:50]:
        predictor.predict(r.reshape(1, -1))
    single = (time.perf_counter() - single) / 50
if __name__ == "__main__":
    main()
"""
REPORT = """
if __name__ == "__main__":
    rms = lambda x: float(np.sqrt((x**2).mean()))
    print(json.dumps({
        "train_s": trained - started, "predict_ms": (done - trained) / len(a["R_test"]) * 1e3, "single_ms": single * 1e3,
        "force_rmse": rms(forces - a["F_test"]), "energy_rmse": rms(energies - a["E_test"])}))
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
    parser.add_argument("--peer", help="the interpreter of an environment with sgdml")
    asked = parser.parse_args()
    programs = {"supple": (sys.executable, OURS)} | ({"sgdml": (asked.peer, PEER)} if asked.peer else {})
    dataset = supple.read(asked.data, units=asked.units)
    columns = ("wall_s", "cpu_s", "train_s", "peak_gib", "single_ms", "predict_ms", "force_rmse", "energy_rmse")
    print("| frames | program |", " | ".join(columns), "|\n|---|---|" + "---|" * len(columns))
    for size in map(int, asked.sizes.split(",")):
        train, _, test = dataset.split(size, 0, asked.test)
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "frames.npz"
            np.savez(data, z=train.numbers, R=train.positions, E=train.energies, F=train.forces,
                     R_test=test.positions, E_test=test.energies, F_test=test.forces)  # fmt: skip
            found: dict[str, list[dict[str, float]]] = {name: [] for name in programs}
            for _ in range(asked.repeats):
                for name, (python, program) in programs.items():
                    found[name].append(run(python, program, data, asked.sigma))
        medians = {n: {c: statistics.median(row[c] for row in rows) for c in columns} for n, rows in found.items()}
        for name, row in medians.items():
            print(f"| {size} | {name} |", " | ".join(f"{row[c]:.4g}" for c in columns), "|", flush=True)
        if len(medians) > 1:
            ratios = [medians["sgdml"][c] / medians["supple"][c] for c in columns]
            print(f"| {size} | ratio |", " | ".join(f"{ratio:.3g}" for ratio in ratios), "|", flush=True)


if __name__ == "__main__":
    main()
