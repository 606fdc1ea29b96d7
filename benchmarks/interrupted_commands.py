"""The commands that `interruptions.py` interrupts, each of a few seconds, and what of their results must be the same."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetensors.numpy import load_file

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from toy import toy_dataset

from supple.data.writing import write_extxyz

_SCHNET = ["features=32", "interactions=1", "validate_every=100"]
_SGDML = ["sigma=8", "descriptor=inverse-distances", "energies=integrated"]


@dataclass(frozen=True)
class Command:
    """A command line, and its results, which compare equal if nothing that counts differs."""

    name: str
    words: list[str]
    results: Callable[[Path], object]


def arrays(folder: Path) -> object:
    """The numbers of a model file: notes and times may differ."""
    return {name: digest(array.tobytes()) for name, array in load_file(folder / "out.safetensors").items()}


def table(folder: Path) -> object:
    """The numbers of a study but for times and memory."""
    with (folder / "out" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (folder / "out" / "report.html").stat().st_size > 1000
    return [{key: row[key] for key in row if not key.startswith(("seconds", "peak", "time"))} for row in rows]


def search(folder: Path) -> object:
    """The error of the defaults: what is proposed after an interruption is different, since the search goes on from more."""
    result = json.loads((folder / "out" / "trials" / "defaults" / "result.json").read_text())
    assert (folder / "out" / "best.yaml").exists()
    return result["validation"]


def files(*names: str) -> Callable[[Path], object]:
    """Files, byte for byte."""
    return lambda folder: [digest((folder / name).read_bytes()) for name in names]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _set(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


_TRAIN = ["train", "toy.xyz", "--train", "60", "--valid", "20", "--out", "out.safetensors"]
_STUDY = [
    "--set",
    "schnet.steps=400",
    *_set(*(f"schnet.{one}" for one in _SCHNET), *(f"sgdml.{one}" for one in _SGDML)),
]
COMMANDS = [
    Command("train sgdml", [*_TRAIN, *_set("descriptor=inverse-distances")], arrays),
    Command("train sgdml iteratively", [*_TRAIN, *_set("solver=iterative", *_SGDML)], arrays),
    Command("train schnet", [*_TRAIN, "--model", "schnet", *_set("steps=1500", *_SCHNET)], arrays),
    Command("study", ["study", "toy.xyz", "--sizes", "20,40", "--seeds", "1", "--valid", "20", "--test", "20", "--out", "out",
                      "--jobs", "2", *_STUDY], table),
    Command("tune", ["tune", "toy.xyz", "--train", "40", "--valid", "20", "--trials", "3", "--out", "out",
                     *_set("steps=300", "features=32", "interactions=1")], search),
    Command("md", ["md", "model.safetensors", "--start", "toy.xyz", "--time", "3ps", "--out", "out.xyz", "--on-leave", "warn"],
            files("out.xyz")),
    Command("sample", ["sample", "one.xyz", "--draw", "modes:frames=40", "--draw", "md:frames=20", "--jobs", "2", "--out", "out.xyz"],
            files("out.xyz")),
    Command("scan", ["scan", "glycine.safetensors", "glycine", "--points", "6", "--out", "out.xyz", "--overwrite"], files("out.xyz")),
    Command("relax", ["relax", "glycine.safetensors", "glycine", "--most", "40", "--out", "out.xyz", "--overwrite"], files("out.xyz")),
]  # fmt: skip


def prepare(folder: Path) -> None:
    """The files that the commands start from."""
    data = toy_dataset(100)
    write_extxyz(folder / "toy.xyz", data, "kcal/mol")
    write_extxyz(folder / "one.xyz", data.select([0]), "kcal/mol")
    toy = ["toy.xyz", "--train", "60", "--out", "model.safetensors", *_set(*_SGDML)]
    # to be scanned and relaxed it takes a molecule with minima
    glycine = ["glycine", "--train", "150", "--out", "glycine.safetensors", *_set("sigma=20", "energies=integrated")]
    for words in (toy, glycine):
        command = [sys.executable, "-m", "supple", "train", "--valid", "20", *words]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
