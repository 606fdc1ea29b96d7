"""A ladder of methods: tight binding, density functional theory, and energies alone of a higher level, for one molecule.

    python benchmarks/ladder.py OCC=O --dft pyscf:PBE/def2-SVP --top "pyscf:CCSD(T)/def2-SVP" --sizes 10,20,40 [--out FOLDER]

Geometries are those of dynamics of GFN2-xTB at 500 K, drawn at random. The force field of the middle has GFN2-xTB as its baseline; on top of it, a few energies
of the top level are learned. Errors are those of energies of the top level on frames that nothing has seen, beside those of a force field that learns the
same energies on GFN2-xTB, without the middle. In kcal/mol; medians and ranges over choices of the frames that are trained on; without energies of the
top level, the standard deviation of what is missing. What was calculated is kept in FOLDER.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import numpy as np
from ase.units import kcal, mol
from metric import run

import supple
from supple.data.writing import write_extxyz

UNITS = "kcal/mol"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("molecule")
    parser.add_argument("--dft", default="pyscf:PBE/def2-SVP")
    parser.add_argument("--top", default="pyscf:CCSD(T)/def2-SVP")
    parser.add_argument(
        "--middle", type=int, default=350, help="frames of the middle, two in seven of them for validation"
    )
    parser.add_argument("--sizes", default="10,20,40")
    parser.add_argument("--test", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("ladder"))
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    sizes = [int(size) for size in asked.sizes.split(",")]
    middle, top = _labels(asked, max(sizes))
    dft = _middle(asked, middle)
    print(
        f"| energies of {asked.top} | on {asked.dft} on GFN2-xTB: MAE | RMSE | on GFN2-xTB alone: RMSE |\n|---|---:|---:|---:|",
        flush=True,
    )
    frames = supple.read(top, labels="optional")
    rest = frames.energies - supple.load(dft).predict(frames.positions)[0]
    print(f"| 0 | | {rest.std() / (kcal / mol):.3g} | |", flush=True)
    for size in sizes:
        rows = []
        for repeat in range(asked.repeats):
            order = np.random.default_rng(repeat).permutation(len(frames))
            file = _part(asked.out / f"top-{size}-{repeat}.xyz", top, order[:size])
            test = _part(asked.out / "test.xyz", top, order[max(sizes) :])
            errors = _errors(_corrected(file, dft, "dft"), test), _errors(_corrected(file, "GFN2-xTB", "xtb"), test)
            rows.append((*errors[0], errors[1][1]))
        print(f"| {size} | {' | '.join(_shown(values) for values in zip(*rows, strict=True))} |", flush=True)


def _labels(asked: argparse.Namespace, most: int) -> tuple[Path, Path]:
    """Frames with labels of the middle, and others with energies of the top."""
    drawn, parts = asked.out / "gfn2.xyz", [asked.out / "middle.xyz", asked.out / "top.xyz"]
    n = asked.middle + most + asked.test
    if not all(part.exists() for part in parts):
        draw = f"md:temperature=500,frames={n},every=40,settle=2000"
        sampled = ["sample", asked.molecule, "--method", "GFN2-xTB", "--draw", draw, "--jobs", asked.jobs]
        run([*sampled, "--out", drawn, "--json"])
        order = np.random.default_rng(0).permutation(n)
        for part, rows in zip(parts, (order[: asked.middle], order[asked.middle :]), strict=True):
            write_extxyz(part, supple.read(drawn).select(rows))
    done = []
    for part, method in zip(parts, (asked.dft, asked.top), strict=True):
        done.append(part.with_stem(f"{part.stem}-labelled"))
        if not done[-1].exists():
            run(["sample", "--label", part, "--method", method, "--jobs", asked.jobs, "--out", done[-1], "--json"])
    return done[0], done[1]


def _middle(asked: argparse.Namespace, file: Path) -> Path:
    """The force field of the middle, which learns its difference to GFN2-xTB."""
    model = asked.out / "middle.safetensors"
    if not model.exists():
        valid = 2 * asked.middle // 7
        command = ["train", file, "--model", "sgdml", "--baseline", "GFN2-xTB", "--train", asked.middle - valid]
        run([*command, "--valid", valid, "--out", model, "--json"])
    return model


def _part(file: Path, whole: Path, rows: range | np.ndarray) -> Path:
    """Some frames of a file, as a file."""
    file.unlink(missing_ok=True)
    write_extxyz(file, supple.read(whole, labels="optional").select(rows))
    return file


def _corrected(file: Path, baseline: Path | str, name: str) -> Path:
    """A force field that learns these energies on top of a baseline."""
    model = file.with_name(f"{file.stem}-{name}.safetensors")
    if not model.exists():
        run(["train", file, "--baseline", baseline, "--out", model, "--json"])
    return model


def _errors(model: Path, test: Path) -> tuple[float, float]:
    """MAE and RMSE of energies."""
    found = run(["evaluate", model, test, "--report-units", UNITS, "--json"])["energy"]
    return float(found["mae"]), float(found["rmse"])


def _shown(values: tuple[float, ...]) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


if __name__ == "__main__":
    main()
