"""Prediction with an sGDML model, ours beside the reference package, in one run with the same model file.

    python benchmarks/sgdml_prediction.py FILE --units kcal/mol --size 1000 --peer PEER/bin/python

The model has the descriptors of SIZE frames of the file and random weights: time does not depend on them, and both programs
are compared on what they predict. Every measurement is a process of its own, alternating; the figures are medians of
`--repeats`. The reference is timed as it comes, with one process, and as its own `prepare_parallel` sets it up; the best
counts. The rate is 8·P·M·D flops a geometry
divided by the time in a batch of 1000; the machine's is that of a matrix product of 2000 x 2000.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

import supple
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.sgdml_package import save_sgdml_model
from supple.models.provenance import Provenance
from supple.molecule.descriptors import InverseDistances
from supple.molecule.symmetry.permutations import find_permutations

COMMON = """
import json, statistics, sys, time
import numpy as np
from ase import Atoms, units
from ase.md.verlet import VelocityVerlet
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
model_file, data_file = sys.argv[1:3]
data = np.load(data_file)
R, z = data["R"], data["z"]

def timed(function, least=5, seconds=3.0):
    function()
    times, end = [], time.perf_counter() + seconds
    while len(times) < least or time.perf_counter() < end:
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return statistics.median(times)

def steps_per_second(calculator):
    atoms = Atoms(z, R[0], calculator=calculator)
    # Random weights are no potential: atoms as heavy as these stay where they are.
    atoms.set_masses(np.full(len(z), 1e9))
    dynamics = VelocityVerlet(atoms, 0.5 * units.fs)
    dynamics.run(5)
    return 100 / timed(lambda: dynamics.run(100), 3, 0)

"""
OURS = """
from supple import load
potential = load(model_file)
potential.batch_size = len(R)
energies, forces = potential.predict(R)
report = {"one_ms": 1e3 * timed(lambda: potential.predict(R[:1])),
          "batch_s": timed(lambda: potential.predict(R)),
          "steps_per_s": steps_per_second(potential.calculator())}
import torch
potential.set_precision("single")
report["single_s"] = timed(lambda: potential.predict(R))
a = torch.ones(2000, 2000, dtype=torch.float64)
report["machine_gflops"] = 16 / timed(lambda: a @ a)
"""
PEER = """
def main():
    import logging
    logging.disable(logging.CRITICAL)
    from sgdml.intf.ase_calc import SGDMLCalculator
    from sgdml.predict import GDMLPredict
    global energies, forces, report
    model = np.load(model_file, allow_pickle=True)
    flat = R.reshape(len(R), -1)
    one, batch = [], []
    for setting in ("as it is", "one process", "prepared"):
        predictor = GDMLPredict(model, max_processes=1 if setting == "one process" else None)
        if setting == "prepared":
            predictor.prepare_parallel(n_bulk=1, n_reps=10)
        one.append(timed(lambda: predictor.predict(flat[:1])))
        if setting == "prepared":
            predictor.prepare_parallel(n_bulk=len(R))
        energies, forces = predictor.predict(flat[:200])
        batch.append(timed(lambda: predictor.predict(flat), 1, 0))
    energies, forces = predictor.predict(flat)
    calculator = SGDMLCalculator(model_file, E_to_eV=1.0, F_to_eV_Ang=1.0)
    report = {"one_ms": 1e3 * min(one), "batch_s": min(batch), "steps_per_s": steps_per_second(calculator)}
if __name__ == "__main__":
    main()
"""
REPORT = """
if __name__ == "__main__":
    np.savez(sys.argv[3], energies=energies, forces=np.reshape(forces, R.shape))
    print(json.dumps(report))
"""


def make_model(path: Path, dataset: supple.Dataset, size: int, n_test: int) -> tuple[SGDMLPotential, np.ndarray]:
    """A model of that size, written for both programs, and geometries that it has not seen."""
    train, _, test = dataset.split(size, 0, n_test)
    permutations = find_permutations(train.numbers, train.positions)
    descriptor = InverseDistances(train.n_atoms)
    x = descriptor(torch.tensor(train.positions))
    weights = torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    action = descriptor.action(torch.tensor(permutations))
    potential = SGDMLPotential(train.numbers, MolecularKernel.uniform(10.0, action), x, weights, action)
    settings = {"permutations": permutations.tolist(), "lam": 1e-10}
    potential.provenance = Provenance(settings=settings, data_units="eV", has_energies=True)
    potential.save(path.with_suffix(".safetensors"))
    save_sgdml_model(potential, path.with_suffix(".npz"))
    return potential, test.positions


def main() -> None:
    """Run both and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--units")
    parser.add_argument("--keys")
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", help="the interpreter of an environment with sgdml and ase")
    asked = parser.parse_args()
    dataset = supple.read(asked.file, units=asked.units, keys=asked.keys)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        potential, geometries = make_model(folder / "model", dataset, asked.size, 1000)
        np.savez(folder / "data.npz", R=geometries, z=potential.numbers)
        programs = {"supple": (sys.executable, OURS, ".safetensors")}
        if asked.peer:
            programs["sgdml"] = (asked.peer, PEER, ".npz")
        found: dict[str, list[dict[str, float]]] = {program: [] for program in programs}
        for _ in range(asked.repeats):
            for program, (python, source, suffix) in programs.items():
                script = folder / f"run_{program}.py"
                script.write_text(COMMON + source + REPORT)
                arguments = [folder / f"model{suffix}", folder / "data.npz", folder / f"{program}.npz"]
                done = subprocess.run([python, script, *arguments], capture_output=True, text=True, check=False)
                if done.returncode:
                    raise SystemExit(f"{program} failed:\n{done.stderr[-2000:]}")
                found[program].append(json.loads(done.stdout.splitlines()[-1]))
        medians = {p: {k: statistics.median(row[k] for row in rows) for k in rows[0]} for p, rows in found.items()}
        m, p, d = len(potential.module.x), len(potential.module.action), potential.module.x.shape[1]
        ours = medians["supple"]
        rate = 8 * p * m * d * len(geometries) / ours["batch_s"] / 1e9
        print(f"{m} frames, {p} permutations, {d} descriptor entries\n")
        print("| program | one geometry, ms | 1000 in a batch, s | ASE steps/s |\n|---|---|---|---|")
        for program, row in medians.items():
            print(f"| {program} | {row['one_ms']:.3g} | {row['batch_s']:.3g} | {row['steps_per_s']:.4g} |")
        if "sgdml" in medians:
            theirs = medians["sgdml"]
            ratios = (theirs["one_ms"] / ours["one_ms"], theirs["batch_s"] / ours["batch_s"],
                      ours["steps_per_s"] / theirs["steps_per_s"])  # fmt: skip
            print("| ratio |", " | ".join(f"{ratio:.3g}" for ratio in ratios), "|")
            a, b = (np.load(folder / f"{program}.npz") for program in programs)
            for what in ("energies", "forces"):
                print(f"\nlargest difference of {what}: {np.abs(a[what] - b[what]).max() / np.abs(b[what]).max():.1e}")
        print(f"\n{rate:.0f} Gflop/s of {ours['machine_gflops']:.0f}: {100 * rate / ours['machine_gflops']:.0f} %, "
              f"counting 8 P M D flops a geometry; in single precision {ours['single_s']:.3g} s.")  # fmt: skip


if __name__ == "__main__":
    main()
