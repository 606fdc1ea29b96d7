"""Many files of one molecule as one dataset: a folder of calculations, or a pattern such as runs/*/orca.out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from supple.dataset import Dataset
from supple.errors import DataError
from supple.reading.request import Damage

#: Of an output's many companions, those that hold no frames.
_OTHERS = {
    ".inp", ".in", ".com", ".gjf", ".py", ".sh", ".txt", ".md", ".yaml", ".yml", ".json", ".csv", ".png", ".pdf", ".gbw",
    ".chk", ".densities", ".tmp", ".err", ".slurm", ".prop", ".property", ".bibtex", ".log~", ".safetensors", ".lock",
}  # fmt: skip


def files_of(path: Path) -> list[Path]:
    """The files of a folder, recursively, or of a pattern, in the order in which people count.

    Raises:
        DataError: there are none.
    """
    if path.is_dir():
        found = [f for f in path.rglob("*") if f.is_file() and f.suffix.lower() not in _OTHERS and f.name[0] != "."]
        # of CP2K's pairs the positions stand for both
        found = [f for f in found if "-frc-" not in f.name]
    else:
        parts = path.parts
        first = next(k for k, part in enumerate(parts) if is_pattern(part))
        found = [f for f in Path(*parts[:first]).glob("/".join(parts[first:])) if f.is_file()]
    if not found:
        raise DataError(f"There are no files of geometries in {path}.")
    return sorted(found, key=_counted)


def is_pattern(text: str) -> bool:
    """Whether a name stands for several."""
    return any(sign in text for sign in "*?[")


def read_many(path: Path, read_one: Callable[[Path], Dataset], damage: Damage) -> Dataset:
    """One dataset of all files; `extras["file"]` says where each frame is from.

    Raises:
        DataError: there is no frame, or, in strict reading, a file cannot be read or holds another molecule.
    """
    datasets: list[Dataset] = []
    names: list[str] = []
    root = path if path.is_dir() else Path(*path.parts[: next(k for k, p in enumerate(path.parts) if is_pattern(p))])
    for file in files_of(path):
        name = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
        try:
            data = read_one(file)
        except DataError as error:
            damage.found("unreadable", error)
            continue
        if datasets and data.numbers.tolist() != datasets[0].numbers.tolist():
            same = sorted(data.numbers) == sorted(datasets[0].numbers)
            what = "the atoms in another order than" if same else f"{data.formula}, another molecule than"
            sentence = f"{name} has {what} {names[0]}; one dataset holds one molecule in one atom order."
            damage.found("atom-order" if same else "other-molecule", DataError(sentence))
            continue
        datasets.append(data)
        names.append(name)
    if not datasets:
        raise DataError(f"No file of {path} could be read.")
    return concatenated(datasets, names, path.name)


def concatenated(datasets: list[Dataset], names: list[str], name: str) -> Dataset:
    """One dataset of several of one molecule; `extras["file"]` has these names."""
    theory = [data.extras.get("theory", np.full(len(data), data.source.theory or "")) for data in datasets]
    levels = np.concatenate([np.asarray(t, dtype=str) for t in theory])
    forces = [data.forces for data in datasets if data.forces is not None]
    extras = {
        key: np.concatenate([np.asarray(data.extras[key]) for data in datasets])
        for key in datasets[0].extras
        if key not in ("theory", "file")
        and len({(data.extras[key].shape[1:], data.extras[key].dtype.kind) for data in datasets if key in data.extras})
        == 1
        and all(key in data.extras for data in datasets)
    }
    extras["file"] = np.concatenate([np.full(len(data), n) for data, n in zip(datasets, names, strict=True)])
    about = {}
    if len(np.unique(levels)) == 1:
        about = {"theory": str(levels[0])} if levels[0] else {}
    else:
        extras["theory"] = levels
    merged = Dataset.of(
        datasets[0].numbers,
        np.concatenate([data.positions for data in datasets]),
        np.concatenate([data.energies for data in datasets]),
        np.concatenate(forces) if len(forces) == len(datasets) else None,
        name=name,
        frames=np.concatenate([data.frames for data in datasets]),
        extras=extras,
        about=about,
    )
    return replace(merged, source=replace(merged.source, units=datasets[0].source.units))


def _counted(path: Path) -> list[tuple[int, int, str]]:
    """run2 before run10."""
    words = re.split(r"(\d+)", str(path))
    return [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in words]
