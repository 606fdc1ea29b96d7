"""Reading many files of one molecule as one dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from supple.data.concatenate import concatenate
from supple.data.dataset import Dataset
from supple.data.elements import atom_mismatch
from supple.data.reading.defects import DefectHandler
from supple.errors import DataError

_SHOWN = 5


class _ShiftedFrames(DefectHandler):
    """Reports the defects of one file, with its frames counted over all files."""

    def __init__(self, defects: DefectHandler, n_before: int) -> None:
        self._defects, self._n_before = defects, n_before

    def report(self, name: str, error: DataError, frames: Iterable[int] = ()) -> None:
        """Report with the frames of the file shifted by the number of frames before it."""
        self._defects.report(name, error, [self._n_before + frame for frame in frames])


def read_and_merge(
    files: Sequence[Path],
    folder: Path,
    read_one: Callable[[Path, DefectHandler], Dataset],
    defects: DefectHandler,
    name: str,
) -> Dataset:
    """One dataset of all files, its frames counted over all of them; `extras["file"]` has the file of each frame.

    Args:
        files: in the order wanted.
        folder: to which the names of the files are relative.
        read_one: reads one of them.
        defects: files that cannot be read, or hold another molecule, are reported to it.
        name: of the whole.

    Raises:
        DataError: there is no frame, or, in strict reading, a file cannot be read or holds another molecule.
    """
    datasets: list[Dataset] = []
    names: list[str] = []
    unreadable: list[tuple[str, DataError]] = []
    mismatches: list[tuple[str, DataError]] = []
    n_before = 0
    for file in files:
        relative = str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)
        try:
            data = read_one(file, _ShiftedFrames(defects, n_before))
        except DataError as error:
            unreadable.append((relative, error))
            continue
        kind = atom_mismatch(data.numbers, datasets[0].numbers) if datasets else None
        if kind is not None:
            what = (
                "has its atoms in another order than"
                if kind == "atom-order"
                else f"is {data.formula}, another molecule than"
            )
            rule = "a dataset is of one molecule in one atom order: leave the file out"
            mismatches.append((kind, DataError(f"{relative} {what} {names[0]}; {rule}.")))
            continue
        datasets.append(replace(data, frames=data.frames + n_before))
        names.append(relative)
        n_before = int(datasets[-1].frames[-1]) + 1
    if unreadable:
        defects.report_unreadable([file for file, _ in unreadable], _unreadable(unreadable, len(files)))
    for mismatch, sentence in mismatches:
        defects.report(mismatch, sentence)
    if not datasets:
        raise DataError(f"No file of {name} could be read.")
    return concatenate(datasets, names, name)


def _unreadable(unreadable: list[tuple[str, DataError]], n_files: int) -> DataError:
    """Which files cannot be read, and why the first of them."""
    (first, error), others = unreadable[0], [name for name, _ in unreadable[1:]]
    if n_files == 1:
        return error
    names = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
    also = f" The other{'s are' if len(others) > 1 else ' is'} {names}." if others else ""
    remedy = "" if len(unreadable) == n_files else " To leave them out: --accept unreadable."
    return DataError(f"{len(unreadable)} of {n_files} files cannot be read. {first}: {error}{also}{remedy}")
