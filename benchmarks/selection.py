r"""The benefit of each selection of training frames: sGDML at a fixed sigma, the same test frames for all selections.

    python benchmarks/selection.py --glycine Glycine.xyz.gz --inversion azobenzene_inversion.npz \
        --ethanol rmd17_ethanol_train_01.npz --ethanol-test rmd17_ethanol_test_01.npz

The bundled sets are always there; a set without a file is left out. What has been measured stands in OUT.csv and is
not measured again, unless the data have changed; OUT.md has the tables. 21 minutes on one core beside other work, nearly
all of it azobenzene at 200 frames.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

import supple
from supple.data.bundled import bundled_path
from supple.data.dataset import Dataset
from supple.data.selection import SELECTIONS, split_dataset
from supple.data.units import Units
from supple.models.kernel.direct_fit import kernel_fit
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.problem import Problem
from supple.molecule.symmetry.permutations import find_permutations
from supple.molecule.torsions import rotatable_torsions, torsion_angles

SIGMA, LAM = 10.0, 1e-10
VALID, TEST = 50, 2000
WIDTH = 30
#: One seed tests one part of a trajectory or another: more of them are needed.
BLOCK_SEEDS = 8
#: Fewer test frames of a region, over all seeds, say nothing about it.
ENOUGH = 20
KCAL = Units.parse("kcal/mol").forces_in_ev_per_angstrom


@dataclass(frozen=True)
class Measured:
    """One training: errors in kcal/mol/Å over test frames that no selection may choose."""

    data: str
    sha256: str
    split: str
    select: str
    n_train: int
    seed: int
    permutations: int
    n_test: int
    rmse: float
    worst: float
    region: str
    n_region: int
    region_rmse: float
    seconds: float

    @property
    def key(self) -> tuple[str, ...]:
        """What was measured."""
        return (self.data, self.sha256, self.split, self.select, str(self.n_train), str(self.seed))


@dataclass(frozen=True)
class Case:
    """A data set, its test frames if they are in another file, and into how many blocks to cut it for comparison."""

    name: str
    data: Dataset
    test: Dataset | None
    blocks: int | None

    @property
    def n_test(self) -> int:
        """Frames of the data that test."""
        return 0 if self.test is not None else min(TEST, len(self.data) * 2 // 5)


def cases(asked: argparse.Namespace) -> Iterator[Case]:
    # Glycine is a trajectory from end to end: there blocks of time can be compared with random frames.
    if asked.glycine:
        yield Case("glycine (PBE+TS)", supple.read(asked.glycine, units="kcal/mol"), None, 40)
    if asked.ethanol and asked.ethanol_test:
        files = (supple.read(file, units="kcal/mol") for file in (asked.ethanol, asked.ethanol_test))
        yield Case("ethanol (rMD17)", *files, None)
    if asked.inversion:
        data = supple.read(asked.inversion, units="kcal/mol", keys="energy=E_true,forces=F")
        yield Case("azobenzene inversion (PBE+TS)", data, None, None)
    yield Case("glycine (bundled)", supple.read(bundled_path("glycine")), None, 40)
    yield Case("azobenzene (bundled)", supple.read(bundled_path("azobenzene")), None, None)


def region_angles(data: Dataset) -> tuple[str, np.ndarray]:
    """The parts of the first torsion's angle, without its sign: a kernel on distances does not see it."""
    torsion = rotatable_torsions(data.numbers, data.positions)[0]
    angles = np.abs(torsion_angles(data.positions, [torsion])[:, 0])
    return torsion.label, np.minimum(angles // WIDTH, torsion.period / 2 / WIDTH - 1).astype(int)


def rarest(case: Case, seeds: list[int]) -> tuple[str, int]:
    """The part with the fewest test frames, of those that have enough."""
    label, part = region_angles(case.test or case.data)
    if case.test is None:
        tests = [split_dataset(case.data, 1, VALID, case.n_test, seed).test for seed in seeds]
        part = part[np.concatenate([np.array(test) for test in tests])]
    counts = {int(p): int((part == p).sum()) for p in np.unique(part)}
    rare = min((p for p in counts if counts[p] >= ENOUGH), key=counts.__getitem__)
    return f"{label} {WIDTH * rare} to {WIDTH * (rare + 1)}°", rare


def measure(case: Case, select: str, blocks: int | None, n_train: int, seed: int, rare: tuple[str, int]) -> Measured:
    started = time.perf_counter()
    split = split_dataset(case.data, n_train, VALID, case.n_test, seed, select=select, blocks=blocks)
    train, _, test = case.data.apply(split)
    test = case.test or test
    permutations = find_permutations(train.numbers, train.positions)
    problem = Problem(train, permutations)
    potential, _ = kernel_fit(problem, MolecularKernel.uniform(SIGMA, problem.frames.action), LAM)
    _, forces = potential.predict(test.positions)
    assert test.forces is not None
    squared = ((forces - test.forces) ** 2).mean(axis=(1, 2)) / KCAL**2
    worst = np.sort(squared)[-max(1, len(test) // 100) :]
    there = region_angles(test)[1] == rare[1]
    return Measured(
        case.name, case.data.fingerprint[:12], f"{blocks} blocks" if blocks else "random", select, n_train, seed,
        len(permutations), len(test), float(np.sqrt(squared.mean())), float(np.sqrt(worst.mean())), rare[0],
        int(there.sum()), float(np.sqrt(squared[there].mean())) if there.any() else float("nan"),
        round(time.perf_counter() - started, 1),
    )  # fmt: skip


def read_measured(path: Path) -> list[Measured]:
    if not path.exists():
        return []
    kinds = {f.name: {"int": int, "float": float, "str": str}[str(f.type)] for f in fields(Measured)}
    with path.open(encoding="utf-8", newline="") as file:
        return [Measured(**{k: kinds[k](v) for k, v in row.items()}) for row in csv.DictReader(file)]


def write_measured(path: Path, rows: list[Measured]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Measured)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def pooled(rows: list[Measured], what: str) -> float:
    """The root mean square over the seeds; errors of a region by its frames."""
    values = np.array([getattr(row, what) for row in rows])
    weights = np.array([row.n_region if what == "region_rmse" else row.n_test for row in rows], dtype=float)
    known = weights > 0
    return float(np.sqrt(np.average(values[known] ** 2, weights=weights[known])))


def beside(rows: list[Measured], base: list[Measured], what: str) -> str:
    """The error, how it stands to that of random frames, and the range of this ratio over the seeds."""
    error = pooled(rows, what)
    if rows == base:
        return f"{error:.2f}"
    other = {row.seed: getattr(row, what) for row in base}
    ratios = [getattr(row, what) / other[row.seed] for row in rows if row.n_region or what != "region_rmse"]
    return f"{error:.2f} (×{error / pooled(base, what):.2f}; {min(ratios):.2f} to {max(ratios):.2f})"


def tables(rows: list[Measured]) -> str:
    parts = []
    for data in dict.fromkeys(row.data for row in rows):
        mine = [row for row in rows if row.data == data]
        seeds = {row.seed for row in mine if row.select != "random"}  # of random frames there are more, for the blocks
        compared = [row for row in mine if row.split == "random" and row.seed in seeds]
        tested = {row.seed: row.n_region for row in compared}
        parts += [
            f"## {data}",
            f"Data {mine[0].sha256}. {mine[0].n_test} test frames for each of {len(seeds)} seeds. Rarest region: {mine[0].region}, "
            f"{sum(tested.values())} test frames over the seeds.",
        ]
        lines = ["| N | selection | force RMSE | worst 1 % of frames | rarest region |", "|---:|---|---|---|---|"]
        for n in sorted({row.n_train for row in compared}):
            of = [row for row in compared if row.n_train == n]
            base = [row for row in of if row.select == "random"]
            for select in dict.fromkeys(row.select for row in of):
                chosen = [row for row in of if row.select == select]
                errors = [beside(chosen, base, what) for what in ("rmse", "worst", "region_rmse")]
                lines.append(f"| {n} | {select} | {' | '.join(errors)} |")
        parts.append("\n".join(lines))
        parts += block_lines(mine)
    return "\n\n".join(parts)


def block_lines(mine: list[Measured]) -> list[str]:
    cut = [row for row in mine if row.split != "random"]
    if not cut:
        return []
    lines = ["| N | test frames | force RMSE | median | of each seed |", "|---:|---|---|---|---|"]
    for n in sorted({row.n_train for row in cut}):
        for split in ("random", cut[0].split):
            rows = [r for r in mine if (r.n_train, r.split, r.select) == (n, split, "random")]
            each = ", ".join(f"{row.rmse:.2f}" for row in rows)
            median = np.median([row.rmse for row in rows])
            lines.append(f"| {n} | {split} | {pooled(rows, 'rmse'):.2f} | {median:.2f} | {each} |")
    return ["Random training frames, tested on random frames and on whole blocks of time:", "\n".join(lines)]


HEAD = """# Selections of training frames, measured

Written by `benchmarks/selection.py`; the meaning of it stands in [selection.md](../selection.md). sGDML with sigma 10 and
lambda 1e-10, forces in kcal/mol/Å. The test frames are random frames of the data, the same for every selection of a seed.
Force RMSE: over all components. Worst 1 % of frames: RMSE over those with the largest errors. Rarest region: RMSE over the
test frames in the part of 30° of the molecule's main torsion that has the fewest of them (at least 20 over the seeds).
Numbers are root mean squares over the seeds; in brackets the ratio to random frames, and its range over the seeds: below 1 is
better. Every number is in [selection.csv](selection.csv).
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("glycine", "inversion", "ethanol", "ethanol-test"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--sizes", default="100,200")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--selections", default=",".join(SELECTIONS.names))
    parser.add_argument("--out", type=Path, default=Path("docs/results/selection"))
    asked = parser.parse_args()
    table = asked.out.with_suffix(".csv")
    seeds = list(range(asked.seeds))
    rows = read_measured(table)
    for case in cases(asked):
        rows = [row for row in rows if row.data != case.name or row.sha256 == case.data.fingerprint[:12]]
        done = {row.key for row in rows}
        rare = rarest(case, seeds)
        print(f"{case.data!r}: {rare[0]}", flush=True)
        wanted = [(select, None, seed) for seed in seeds for select in asked.selections.split(",")]
        if case.blocks:
            wanted += [("random", blocks, seed) for seed in range(BLOCK_SEEDS) for blocks in (None, case.blocks)]
        for n_train in map(int, asked.sizes.split(",")):
            for select, blocks, seed in dict.fromkeys(wanted):
                key = (case.name, case.data.fingerprint[:12], f"{blocks} blocks" if blocks else "random", select,
                       str(n_train), str(seed))  # fmt: skip
                if key in done:
                    continue
                rows.append(measure(case, select, blocks, n_train, seed, rare))
                print(rows[-1], flush=True)
                write_measured(table, rows)
    asked.out.with_suffix(".md").write_text(f"{HEAD}\n{tables(rows)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
