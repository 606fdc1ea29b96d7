"""What a training on the files that were examined can start from: the options that it needs, if any make it possible."""

from __future__ import annotations

from pathlib import Path

from supple.checks.examine_files import Examination
from supple.data import default_sizes
from supple.data.reading import read
from supple.data.reading.find_files import is_pattern
from supple.errors import DataError

#: Of calculations that failed, or files that were cut short: files of a folder are left out for them.
_FAILED = {
    "unreadable", "not-converged", "unpaired", "turned", "periodic", "missing-forces", "missing-energy", "not-finite",
    "energy-not-finite", "not-numeric", "line-broken", "cut-short",
}  # fmt: skip


def training_options(examination: Examination, path: Path, units: str | None, keys: str | None) -> list[str] | None:
    """The options of `supple train` for the first file that was examined; None if its errors must be removed first.

    Args:
        examination: of the files.
        path: the first file, folder or pattern.
        units, keys: with which it is read.
    """
    options: list[str] = []
    card = examination.reports[0].card
    n_frames = 0 if card is None else card.n_frames
    if examination.errors:
        many = path.is_dir() or is_pattern(str(path))
        if not many or any(finding.name not in _FAILED for finding in examination.errors):
            return None
        try:
            n_frames = len(read(path, units=units, keys=keys, accept=("unreadable",)))
        except DataError:
            return None
        options = ["--accept", "unreadable"]
    if 3 < n_frames <= default_sizes.TRAIN + default_sizes.VALID:  # some are left for a test
        options += ["--train", str(n_frames // 2), "--valid", str(n_frames // 4)]
    return options
