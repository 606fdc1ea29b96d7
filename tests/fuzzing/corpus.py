"""Small files of every format that is read, and real outputs of programs as far as tests/data/reading has them."""

import gzip
import json
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from data.reading import format_samples
from toy import toy_dataset

from supple.data.dataset import Dataset
from supple.data.writing import write, write_extxyz
from supple.simulation.trajectories import Frame, trajectory_file

_OUTPUTS = Path(format_samples.__file__).parent / "program_outputs"
BINARY = (".npz", ".h5", ".db", ".traj", ".gz", ".safetensors")


def corpus(folder):
    """Name -> content; `folder` is an empty one to write them in."""
    clean = toy_dataset(4)
    data = Dataset.of(
        clean.numbers, clean.positions, clean.energies, clean.forces, extras={"tag": np.array(list("abcd"))}
    )
    files = dict(format_samples.samples()) | {"orca-steps.out": _orca_steps(), **real_outputs()}
    plain = "".join(
        f"6\n{e!r}\n" + "".join(f"{s} {' '.join(map(repr, row))}\n" for s, row in zip(data.symbols, rows, strict=True))
        for e, rows in zip(
            data.energies.tolist(), np.concatenate([data.positions, data.forces], axis=2).tolist(), strict=True
        )
    )
    files["plain.xyz"] = plain.encode()
    files["plain.xyz.gz"] = gzip.compress(plain.encode(), mtime=0)
    write_extxyz(folder / "extended.xyz", data)
    for name, fmt in (
        ("arrays.npz", "sgdml"),
        ("spice.h5", "spice"),
        ("ase.db", "ase"),
        ("schnetpack.db", "schnetpack"),
    ):
        write(folder / name, data, to=fmt)
    frames = [Atoms(data.numbers, r, momenta=r) for r in data.positions]
    for atoms, energy, forces in zip(frames, data.energies, data.forces, strict=True):
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
    ase.io.write(folder / "md.traj", frames)
    trajectory_file(folder / "h5md.h5", data.numbers).append(
        [
            Frame(r, float(k), momenta=r, energy=float(e), forces=f, temperature=300.0, conserved=1.0)
            for k, (r, e, f) in enumerate(zip(data.positions, data.energies, data.forces, strict=True))
        ]
    )
    return files | {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def real_outputs():
    """Name -> content of the outputs of real programs that lie beside the tests, of those that are read."""
    names = set(json.loads((_OUTPUTS / "energies.json").read_text()))
    names |= {name.replace("-pos-", "-frc-") for name in names}
    return {name.replace("/", "-"): gzip.decompress((_OUTPUTS / f"{name}.gz").read_bytes()) for name in sorted(names)}


def _orca_steps():
    """An optimisation of three cycles, each with its own geometry, energy and gradient, and what ORCA says to check them."""
    text = format_samples.ORCA
    start, end = (
        text.index("---------------------------------\nCARTESIAN COORDINATES (ANGSTROEM)"),
        text.index("Difference to translation"),
    )
    steps = [
        f"         *                GEOMETRY OPTIMIZATION CYCLE {cycle:3d}            *\n"
        + text[start:end]
        .replace("0.763239", f"0.76{digit}239")
        .replace("76.268125", f"76.26{digit}125")
        .replace("0.004000000", f"0.00{digit}000000")
        + f"Norm of the Cartesian gradient     ...    {np.sqrt(1.5e-4 + 2e-6 * digit**2):.10f}\n"
        for cycle, digit in enumerate((3, 4, 5), 1)
    ]
    stationary = "                 *** FINAL ENERGY EVALUATION AT THE STATIONARY POINT ***\n                    (AFTER    3 CYCLES)\n"
    return (text[:start] + "\n".join(steps) + stationary + text[end:]).encode()
