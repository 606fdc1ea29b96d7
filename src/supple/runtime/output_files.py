"""Which files and folders a command may write: no file of the user's is replaced unasked.

A command asks before it computes anything. An output is refused

- that is an input of the same command, under whatever name, even if existing files may be replaced;
- that exists, unless the command made it itself or existing files may be replaced (`--overwrite`);
- that cannot be written: a folder in its place, a folder above it that is write-protected or a file, a name that is too long.

Folders that are missing are made. A link stays, and the file that it points to is written (`files.replacing`); into a device or a pipe
is written without a question. The functions of the Python interface replace the file that they are given.
"""

from __future__ import annotations

import filecmp
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from supple.errors import OutputError
from supple.runtime.files import is_stream
from supple.runtime.part_files import NAME_MAX

#: Where a command prints its results.
_PRINTED = {f"{folder}/{name}" for folder in ("/dev/fd", "/proc/self/fd") for name in "12"} | {
    "/dev/stdout",
    "/dev/stderr",
}

#: Whether an existing file or folder was made by an earlier run of the same command.
Own = Callable[[Path], bool]


def not_own(path: Path) -> bool:
    """For outputs that do not tell what made them."""
    return False


def copy_of(original: Path) -> Own:
    """Files with the same content as `original`, such as the force field in a run directory."""
    return lambda path: original.is_file() and filecmp.cmp(path, original, shallow=False)


def output_path(text: str | Path) -> Path:
    """The path that a user gives for an output file.

    Raises:
        OutputError: the text does not name a file.
    """
    text = str(text)
    if text == "-" or text in _PRINTED:
        raise OutputError(f"'{text}' is where results are printed: give the name of a file for the output.")
    if not text or text.endswith(("/", os.sep)):
        raise OutputError(f"'{_shown(text)}' does not name a file: give a file name for the output.")
    return Path(text)


def require_writable(path: Path, inputs: Iterable[Path] = (), *, overwrite: bool = False, own: Own = not_own) -> None:
    """Refuse an output file that must not or cannot be written.

    Args:
        path: of the output.
        inputs: files that the command reads; those that do not exist are passed over.
        overwrite: existing files may be replaced.
        own: whether an existing file was made by an earlier run of the same command.

    Raises:
        OutputError: see above.
    """
    _require_name(path)
    if is_stream(path):
        return
    if path.is_dir():
        raise OutputError(f"The output {path} is a folder: give a file name, such as {path / 'NAME'}.")
    if path.exists():
        if any(_same_file(path, file) for file in inputs):
            raise OutputError(f"The output {path} is an input file: choose another name.")
        if not os.access(path, os.W_OK):
            raise OutputError(f"{path} is write-protected: choose another name.")
        if not overwrite and not own(path):
            raise OutputError(f"{path} already exists: choose another name, or use --overwrite to replace it.")
    _require_folder_above(Path(os.path.realpath(path)), path)


def require_file(path: Path) -> None:
    """Refuse a device or a pipe as the output of a run that is resumed from its files.

    Raises:
        OutputError: it is one.
    """
    if is_stream(path):
        raise OutputError(
            f"{path} is a device or a pipe, but a run is resumed from its files: give the name of a file."
        )


def require_writable_folder(folder: Path, *, overwrite: bool = False, own: Own = not_own) -> None:
    """Refuse an output folder with files that the command did not make, or that cannot be written to.

    Args:
        folder: of the outputs; an empty one is no obstacle.
        overwrite: files in it may be replaced.
        own: whether an existing folder was made by an earlier run of the same command.

    Raises:
        OutputError: it is a file, it has other files, or it cannot be made or written to.
    """
    _require_name(folder)
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"The output folder {folder} is a file: choose another name.")
    if folder.is_dir() and not overwrite and next(folder.iterdir(), None) is not None and not own(folder):
        raise OutputError(
            f"The folder {folder} already exists and has other files in it: choose another folder, or use --overwrite to "
            "replace those of the same names."
        )
    _require_folder_above(Path(os.path.realpath(folder)) / "NAME", folder)


def _require_name(path: Path) -> None:
    """A name that the system can store and a terminal can show."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise OutputError(f"The output '{_shown(str(path))}' is not valid UTF-8: choose another name.") from None
    if "\0" in str(path):
        raise OutputError(f"The output '{_shown(str(path))}' has a null character in its name: choose another name.")
    for part in path.parts:
        if (length := len(os.fsencode(part))) > NAME_MAX:
            raise OutputError(
                f"The output '{part[:40]}...' has a name of {length} bytes, which is too long: choose a shorter one."
            )


def _require_folder_above(target: Path, path: Path) -> None:
    """The folder in which `target` is made, for the output `path`: it can be written to, or made."""
    folder = target.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise OutputError(f"{path} cannot be written, because {folder} is not a folder: choose another name.")
    try:  # to write is the only sure test: permissions do not tell of a file system that is mounted for reading only
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written into {folder} ({error.strerror}): choose another folder."
        ) from error


def _same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # the other does not exist
        return False


def _shown(text: str) -> str:
    """A name with all that cannot be printed escaped."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
