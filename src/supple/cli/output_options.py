"""Output files as options: how they are given, and that nothing of the user's is replaced unasked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from supple.errors import DataError
from supple.runtime.output_files import Own, not_own, output_path, require_writable

OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace existing files, but never those that the command reads.")
]


def output_option(description: str) -> Any:
    """An option for the name of a file to write."""
    return typer.Option(help=description, parser=output_path, metavar="<path>")


def require_outputs(
    *outputs: Path, reads: Iterable[Path | None] = (), overwrite: bool = False, own: Own = not_own
) -> None:
    """Refuse output files that must not or cannot be written, before anything is computed.

    Args:
        outputs: the files that the command will write.
        reads: files, folders and patterns that it reads; None for those that were not given.
        overwrite: existing files may be replaced.
        own: whether an existing file was made by an earlier run of the same command.

    Raises:
        OutputError: as `require_writable`.
    """
    given = [path for path in reads if path is not None]
    for output in outputs:
        require_writable(output, _members(given), overwrite=overwrite, own=own)


def _members(given: Iterable[Path]) -> Iterator[Path]:
    """The files that are read, those of folders and patterns one by one; they are looked for when an output exists."""
    from supple.data.reading.find_files import find_files, is_pattern

    for path in given:
        try:
            searched = path.is_dir() or (is_pattern(str(path)) and not path.exists())
            yield from find_files(path) if searched else [path]
        except (DataError, OSError):  # reading says later what is wrong
            continue
