"""Failures of the machine, such as a full disk, as sentences: what failed, at which file, and what to do."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supple.errors import first_line

_AGAIN = "and run the command again"
#: What an error of the operating system means, and what to do about it.
_MEANINGS = {
    errno.ENOSPC: f"the disk is full; free some space, {_AGAIN}",
    errno.EDQUOT: f"your disk quota is used up; free some space, {_AGAIN}",
    errno.EFBIG: f"the file would be larger than allowed; raise the limit (ulimit -f), {_AGAIN}",
    errno.EROFS: "the file system is read-only; write to another folder",
    errno.EACCES: "permission is denied; change its permissions or those of its folder, or use another folder",
    errno.EPERM: "the operation is not permitted; change the permissions, or use another folder",
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "this is a folder, where a file is needed",
    errno.ENOTDIR: "a part of this path is a file, where a folder is needed",
    errno.EEXIST: "this exists already; choose another name",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "its symbolic links form a circle; correct them",
    errno.EMFILE: f"too many files are open; raise the limit (ulimit -n), {_AGAIN}",
    errno.ENFILE: f"too many files are open on this machine; close some programs, {_AGAIN}",
    errno.EIO: f"the file system reported an input/output error; check the disk, {_AGAIN}",
    errno.ESTALE: f"the file system has lost the file (stale handle); {_AGAIN.removeprefix('and ')}",
    errno.EAGAIN: f"the limit of processes or threads is reached; raise it (ulimit -u), {_AGAIN}",
}
_NO_MEMORY = "There is not enough memory{}: use a machine with more, raise its limit (ulimit -v), or use fewer frames."
#: How libraries that are not written in Python report errors of the operating system, and allocations that failed.
_CODE = re.compile(r"\(os error (\d+)\)|errno = (\d+)")
_FULL = re.compile(r"No space left on device|disk is full|PytorchStreamWriter failed writing|file write failed")
_ALLOCATION = re.compile(
    r"can't allocate memory|[Uu]nable to allocate|out of memory|bad_alloc|Cannot allocate memory"
    r"|failed to map segment|can't start new thread"
)


def sentence(error: BaseException) -> str | None:
    """What a failure of the machine is, in one sentence; None for any other error."""
    if _is_allocation(error):
        return _NO_MEMORY.format("" if isinstance(error, MemoryError) else f" ({first_line(error)})")
    if isinstance(error, OSError):
        reason = _MEANINGS.get(error.errno or 0, error.strerror or first_line(error))
        name = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        return f"{name}{reason}." if name else f"{reason[:1].upper()}{reason[1:]}."
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        name = error.object[max(error.start - 20, 0) : error.end + 20]
        return f"A name is not valid UTF-8 ({name!a}): rename the file or folder."
    return None


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of the operating system within this block name `path`, what the user calls the file.

    Other libraries report them without a name, with one in their text, or with that of a part file that is written in its place.

    Raises:
        OSError: with a code and a file name.
    """
    try:
        yield
    except OSError as error:
        code = error.errno or _code(error)
        if code is None:
            raise
        if error.errno is None or error.filename is None or str(error.filename).endswith(".part"):
            raise OSError(code, os.strerror(code), str(path)) from error
        raise
    except Exception as error:
        code = _code(error)
        if code is None:
            raise
        raise OSError(code, os.strerror(code), str(path)) from error


def _code(error: Exception) -> int | None:
    """The code of the operating system's error that an error of another library tells of."""
    text = str(error)
    if found := _CODE.search(text):
        return int(found[1] or found[2])
    return errno.ENOSPC if _FULL.search(text) else None


def _is_allocation(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    return isinstance(error, RuntimeError | ImportError) and _ALLOCATION.search(str(error)) is not None
