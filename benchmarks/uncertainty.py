"""Error bars in and out of distribution: coverage, ranking, sharpness and cost, on frames that nothing has seen.

    python benchmarks/uncertainty.py DATA --cases ethanol,acac --models sgdml,bespoke --sizes 100,200 --keep MODELS

DATA is a folder with rmd17/, glycine/, acac/, 3bpa/ and azobenzene_inversion/, as published, and sampled/NAME.xyz, 900 frames each, by `supple sample SMILES --method GFN2-xTB
--temperature 500`. Each training has default settings but for the steps of networks, 100 validation frames, which calibrate the error bars, and up to 500 test frames. Where a
case has frames of another distribution, a second row judges those. --keep keeps force fields, so that only what is missing is trained; their error bars are always made anew.

coverage    parts of the energies and force components within the intervals of 68 and 95 %
rho         rank correlation of error and error bar over frames (energies, and root mean squares of forces)
AUROC       for errors above three times the validation RMSE; in brackets how many of the frames are above
sigma/RMSE  root mean square of the error bars over that of the errors
cost        processor time of a prediction with error bars over that of one without, in batches
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import supple
from supple.evaluation.error_bars import ErrorBarQualities, ErrorBarQuality
from supple.evaluation.unseen_frames import unseen_frames
from supple.models.calibrate import error_bars
from supple.models.registry import make_settings

COLUMNS = (
    "F 68 %", "F 95 %", "F rho", "F AUROC", "F sigma/RMSE", "E 68 %", "E 95 %", "E rho", "E AUROC", "E sigma/RMSE", "cost",
)  # fmt: skip
N_VALID, N_TEST = 100, 500
#: Molecules that were sampled with GFN2-xTB.
SAMPLED = ("ethyleneglycol", "nma", "propanethiol", "chlorobutane", "fluoroanisole", "methylformate")
#: Of fewer known energies nothing is said.
N_ENERGIES = 50
#: Beyond this CNN angle (degrees) azobenzene is on the barrier of its inversion; below the other one it is in a well.
_BARRIER, _WELL = 140.0, 132.0


@dataclass(frozen=True)
class Case:
    """Frames to train, validate and test on, and frames of another distribution, if the case has any."""

    pool: supple.Dataset
    test: supple.Dataset | None
    other: supple.Dataset | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--models", default="sgdml,schnet,bespoke")
    parser.add_argument("--sizes", default="100,200,400")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, help="of networks (default: that of the settings)")
    parser.add_argument("--keep", type=Path, default=Path("uncertainty-models"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    asked.keep.mkdir(parents=True, exist_ok=True)
    print(f"load {os.getloadavg()[0]:.1f}\n\n| case | model | N | seed | frames | {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * (5 + len(COLUMNS))}", flush=True)
    for name in asked.cases.split(","):
        case = CASES[name](asked.data)
        for model in asked.models.split(","):
            for size in map(int, asked.sizes.split(",")):
                for seed in range(asked.seeds):
                    for row in _rows(case, name, model, size, seed, asked):
                        print(f"| {name} | {model} | {size} | {seed} | {row} |", flush=True)


def _rows(case: Case, name: str, model: str, size: int, seed: int, asked: argparse.Namespace) -> Iterator[str]:
    train, valid, test = _parts(case, size, seed)
    file = asked.keep / f"{model}-{name}-{size}-{seed}.safetensors"
    if file.exists():
        potential = supple.load(file)
        potential.error_bars = error_bars(potential, train.positions, valid)
    else:
        steps = {} if model == "sgdml" or asked.steps is None else {"steps": asked.steps}
        potential = make_settings(model, {"device": "cpu"} | steps).fit(train, valid, seed=seed)
        potential.save(file)
    for label, frames in (("like training", test), ("other", case.other)):
        if frames is None:
            continue
        fresh = unseen_frames(potential, frames)
        some = fresh.select(np.random.default_rng(seed).permutation(len(fresh))[:N_TEST])
        found = potential.predict(some.positions, uncertainty=True)
        of = ErrorBarQualities.of(potential, some, found)
        usual = {name: summary.rmse for name, summary in potential.evaluate(valid, "eV").summaries.items()}
        assert some.forces is not None
        force_errors = np.sqrt(((found.forces - some.forces) ** 2).mean(axis=(1, 2)))
        energy_errors = found.energies - some.energies
        enough = np.isfinite(energy_errors).sum() >= N_ENERGIES
        cells = [*_cells(of.forces, force_errors, usual.get("forces"), _rms(found.forces_std) / _rms(force_errors))]
        cells += _cells(
            of.energy if enough else None,
            energy_errors,
            usual.get("energy"),
            _rms(found.energies_std) / _rms(energy_errors),
        )
        yield f"{label} | {' | '.join(cells)} | {_cost(potential, some.positions[:200]):.2f}"


def _parts(case: Case, size: int, seed: int) -> tuple[supple.Dataset, supple.Dataset, supple.Dataset]:
    """Training, validation and test frames."""
    order = np.random.default_rng(seed).permutation(len(case.pool))
    train, valid, rest = np.split(order, [size, size + N_VALID])
    if len(valid) < N_VALID:
        raise SystemExit(f"Too few frames for {size} training frames.")
    test = case.pool.select(rest) if case.test is None else case.test
    return case.pool.select(train), case.pool.select(valid), test


def _cells(quality: ErrorBarQuality | None, errors: np.ndarray, usual: float | None, sharpness: float) -> list[str]:
    if quality is None:
        return ["-"] * 5
    n = 0 if usual is None else int((np.abs(errors) > 3 * usual).sum())
    shown = "-" if quality.auroc is None else f"{quality.auroc:.2f}"
    rho = "-" if quality.spearman is None else f"{quality.spearman:.2f}"
    return [
        f"{100 * quality.coverage68:.0f}",
        f"{100 * quality.coverage95:.1f}",
        rho,
        f"{shown} ({n})",
        f"{sharpness:.2f}",
    ]


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(values**2)))


def _cost(potential: supple.Potential, positions: np.ndarray) -> float:
    """Of a prediction with error bars, relative to one without; the shortest of several."""

    def seconds(predict: Callable[[], object]) -> float:
        found = []
        for _ in range(4):
            started = time.process_time()
            predict()
            found.append(time.process_time() - started)
        return min(found)

    plain = seconds(lambda: potential.predict(positions))
    return seconds(lambda: potential.predict(positions, uncertainty=True)) / plain


def _rmd17(molecule: str) -> Callable[[Path], Case]:
    def case(data: Path) -> Case:
        first, second = (
            supple.read(data / "rmd17" / f"rmd17_{molecule}_{part}_01.npz", units="kcal/mol")
            for part in ("train", "test")
        )
        return Case(first, second, None)

    return case


def _sampled(molecule: str) -> Callable[[Path], Case]:
    return lambda data: Case(supple.read(data / "sampled" / f"{molecule}.xyz"), None, None)


def _glycine(data: Path) -> Case:
    """Trained on the trajectory of one conformer, and judged on that of the other."""
    frames = supple.read(data / "glycine" / "Glycine.xyz.gz", units="kcal/mol")
    half = len(frames) // 2
    return Case(frames.select(np.arange(half)), None, frames.select(np.arange(half, len(frames))))


def _both_glycines(data: Path) -> Case:
    return Case(supple.read(data / "glycine" / "Glycine.xyz.gz", units="kcal/mol"), None, None)


def _acac(data: Path) -> Case:
    """Acetylacetone, trained at 300 K, and judged at 600 K."""
    files = ("train_300K", "test_MD_300K", "train_600K")
    return Case(*(supple.read(data / "acac" / f"{file}.xyz.gz") for file in files))


def _3bpa(data: Path) -> Case:
    """Trained at 300 K, and judged at 300, 600 and 1200 K."""
    near, far = (supple.read(data / "3bpa" / f"{file}.xyz.gz") for file in ("train_300K", "train_mixedT"))
    return Case(near, None, far)


def _inversion(data: Path) -> Case:
    """Azobenzene, trained on both wells, and judged on the barrier of the inversion between them."""
    file = data / "azobenzene_inversion" / "azobenzene_inversion.npz"
    frames = supple.read(file, units="kcal/mol", keys="energy=E_true,forces=F")
    bend = np.load(file)["CNN"].max(axis=1)[frames.frames]
    return Case(frames.select(np.flatnonzero(bend < _WELL)), None, frames.select(np.flatnonzero(bend > _BARRIER)))


#: The frames of each case, from the folder of the data.
CASES: dict[str, Callable[[Path], Case]] = {
    "ethanol": _rmd17("ethanol"),
    "azobenzene": _rmd17("azobenzene"),
    "glycine": _glycine,
    "glycine-both": _both_glycines,
    "acac": _acac,
    "3bpa": _3bpa,
    "inversion": _inversion,
} | {name: _sampled(name) for name in SAMPLED}


if __name__ == "__main__":
    main()
