"""Locks between processes: one process at a time in a folder, released by the system however that process ends."""

from __future__ import annotations

import errno
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from supple.errors import SettingsError

_log = logging.getLogger("supple")
#: Seconds to wait for a lock that may have been left behind on another machine, where nobody can tell.
_SOFT_PATIENCE = 120.0
#: Errors of `flock` on file systems without it, such as some mounts of Lustre and NFS.
_UNSUPPORTED = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)


@contextmanager
def locked(path: Path, refusal: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file `path` during the block.

    The lock is the operating system's (flock), which ends with the process. Where the file system has none, a second file,
    `path`.held, exists for as long as the lock is held; if the process is killed, it may have to be deleted by hand. A log
    message says so once.

    Args:
        path: the lock file; it stays when the lock is released.
        refusal: what to tell the user when another process holds the lock.
        wait: for the other process to release it, instead of refusing.

    Raises:
        SettingsError: another process holds the lock.
    """
    timeout = -1 if wait else 0
    lock: BaseFileLock = FileLock(path)
    try:
        if not _acquire(lock, timeout):
            lock = SoftFileLock(path.with_name(f"{path.name}.held"))
            _say_substitute(path.parent)
            lock.acquire(timeout=_SOFT_PATIENCE if wait else 0)
    except Timeout as error:
        hint = f" If no process is using it, delete {lock.lock_file}." if isinstance(lock, SoftFileLock) else ""
        raise SettingsError(refusal + hint) from error
    try:
        yield
    finally:
        lock.release()


@cache
def _say_substitute(folder: Path) -> None:
    _log.warning(
        f"The file system of {folder} has no locks (flock): the existence of lock files serves instead; after a crash they may "
        "have to be deleted by hand."
    )


def _acquire(lock: BaseFileLock, timeout: float) -> bool:
    """Acquire a lock of the operating system; False where the file system has none."""
    try:
        with warnings.catch_warnings(record=True) as substitutes:
            warnings.filterwarnings("always", "flock not supported")  # filelock may find a substitute by itself
            lock.acquire(timeout=timeout)
        if substitutes:
            _say_substitute(Path(lock.lock_file).parent)
    except NotImplementedError:
        return False
    except OSError as error:
        if isinstance(error, Timeout) or error.errno not in _UNSUPPORTED:
            raise
        return False
    return True
