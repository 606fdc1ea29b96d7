"""Many files of one molecule as one dataset: a folder of calculations, or a pattern such as runs/*/orca.out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from supple.data.dataset import Dataset
from supple.data.reading.defects import DefectHandler
from supple.errors import DataError

_SHOWN = 5


class _Later(DefectHandler):
    """Tells of one file's damage, with the frames counted over all files."""

    def __init__(self, defects: DefectHandler, before: int) -> None:
        self._defects, self._before = defects, before

    def report(self, name: str, error: DataError, frames: Iterable[int] = ()) -> None:
        """Pass it on."""
        self._defects.report(name, error, [self._before + frame for frame in frames])


def read_and_merge(
    files: Sequence[Path],
    root: Path,
    read_one: Callable[[Path, DefectHandler], Dataset],
    defects: DefectHandler,
    name: str,
) -> Dataset:
    """One dataset of all files, its frames counted over all of them; `extras["file"]` says where each is from.

    Args:
        files: in the order wanted.
        root: their names are told from there.
        read_one: reads one of them.
        defects: is told of files that cannot be read, or hold another molecule.
        name: of the whole.

    Raises:
        DataError: there is no frame, or, in strict reading, a file cannot be read or holds another molecule.
    """
    datasets: list[Dataset] = []
    names: list[str] = []
    unreadable: list[tuple[str, DataError]] = []
    others: list[tuple[str, DataError]] = []
    before = 0
    for file in files:
        called = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
        try:
            data = read_one(file, _Later(defects, before))
        except DataError as error:
            unreadable.append((called, error))
            continue
        if datasets and data.numbers.tolist() != datasets[0].numbers.tolist():
            same = sorted(data.numbers) == sorted(datasets[0].numbers)
            what = "the atoms in another order than" if same else f"{data.formula}, another molecule than"
            sentence = f"{called} has {what} {names[0]}; one dataset holds one molecule in one atom order."
            others.append(("atom-order" if same else "other-molecule", DataError(sentence)))
            continue
        datasets.append(replace(data, frames=data.frames + before))
        names.append(called)
        before = int(datasets[-1].frames[-1]) + 1
    if unreadable:
        defects.report("unreadable", _sentence(unreadable, len(files)))
    for kind, difference in others:
        defects.report(kind, difference)
    if not datasets:
        raise DataError(f"No file of {name} could be read.")
    return concatenate(datasets, names, name)


def _sentence(unreadable: list[tuple[str, DataError]], n_files: int) -> DataError:
    """Which files cannot be read, and why the first of them."""
    (first, error), others = unreadable[0], [name for name, _ in unreadable[1:]]
    if n_files == 1:
        return error
    rest = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
    also = f" Neither can {rest}." if others else ""
    return DataError(f"{len(unreadable)} of {n_files} files cannot be read. {first}: {error}{also}")


def concatenate(datasets: list[Dataset], names: list[str], name: str) -> Dataset:
    """One dataset of several of one molecule; `extras["file"]` has these names.

    What all of them say of all their frames is said of all; where they differ, of each frame.
    """
    sizes = [len(data) for data in datasets]
    extras = {key: column for key in _keys(datasets) if (column := _column(datasets, key)) is not None}
    about = {}
    for key in dict.fromkeys(key for data in datasets for key in data.source.about):
        texts = [
            np.asarray(data.extras[key], dtype=str)
            if _is_text(data, key)
            else np.full(size, data.source.about.get(key, ""))
            for data, size in zip(datasets, sizes, strict=True)
        ]
        said = np.concatenate(texts)
        if (said == said[0]).all():
            about[key] = str(said[0])
        else:
            extras[key] = said
    extras["file"] = np.concatenate([np.full(size, n) for size, n in zip(sizes, names, strict=True)])
    forces = [data.forces for data in datasets if data.forces is not None]
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


def _keys(datasets: list[Dataset]) -> list[str]:
    return [key for key in dict.fromkeys(key for data in datasets for key in data.extras) if key != "file"]


def _is_text(data: Dataset, key: str) -> bool:
    return key in data.extras and data.extras[key].dtype.kind == "U" and data.extras[key].ndim == 1


def _column(datasets: list[Dataset], key: str) -> np.ndarray | None:
    """What is known of each frame under a name, empty where a file does not say; None where it does not fit together."""
    there = [np.asarray(data.extras[key]) for data in datasets if key in data.extras]
    if len({values.shape[1:] for values in there}) != 1 or len({values.dtype.kind == "U" for values in there}) != 1:
        return None
    shape, text = there[0].shape[1:], there[0].dtype.kind == "U"
    empty = "" if text else np.nan
    return np.concatenate([np.asarray(data.extras.get(key, np.full((len(data), *shape), empty))) for data in datasets])
