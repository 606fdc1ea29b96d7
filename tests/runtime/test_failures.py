"""Failures of the machine become sentences that name the file and say what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from supple.runtime.failures import naming, sentence


def failure(code: int, file: str | None = None) -> OSError:
    return OSError(code, os.strerror(code)) if file is None else OSError(code, os.strerror(code), file)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (failure(errno.ENOSPC, "a.xyz"), "a.xyz: the disk is full; free some space, and run the command again."),
        (failure(errno.EDQUOT, "a.xyz"), "a.xyz: your disk quota is used up; free some space, and run the command again."),
        (failure(errno.EROFS, "a.xyz"), "a.xyz: the file system is read-only; write to another folder."),
        (failure(errno.ENOSPC), "The disk is full; free some space, and run the command again."),
        (failure(errno.EXDEV, "a.xyz"), f"a.xyz: {os.strerror(errno.EXDEV)}."),
        (OSError("the tape is torn"), "The tape is torn."),
        (MemoryError(), "There is not enough memory: use a machine with more, raise its limit (ulimit -v), or use fewer frames."),
    ],
)  # fmt: skip
def test_each_failure_has_a_sentence(error: Exception, said: str) -> None:
    assert sentence(error) == said


@pytest.mark.parametrize(
    "error",
    [
        failure(errno.ENOMEM),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        RuntimeError("can't start new thread"),
        ImportError("libfoo.so: failed to map segment from shared object"),
    ],
)
def test_memory_that_other_libraries_lack_is_recognised(error: Exception) -> None:
    assert str(sentence(error)).startswith("There is not enough memory")


def test_faults_of_the_program_have_none() -> None:
    for error in (ValueError("x"), RuntimeError("x"), ImportError("x"), UnicodeEncodeError("ascii", "é", 0, 1, "no")):
        assert sentence(error) is None


def test_a_name_that_is_not_utf_8_is_said() -> None:
    with pytest.raises(UnicodeEncodeError) as raised:
        "caf\udce9.xyz".encode()
    assert sentence(raised.value) == r"A name is not valid UTF-8 ('caf\udce9.xyz'): rename the file or folder."


class SafetensorLikeError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (failure(errno.ENOSPC), errno.ENOSPC),
        (failure(errno.ENOSPC, ".a.xyz.7.part"), errno.ENOSPC),
        (SafetensorLikeError('I/O error: No space left on device (os error 28)'), errno.ENOSPC),
        (OSError("Unable to synchronously write (file write failed: errno = 27, error message = 'File too large')"), errno.EFBIG),
        (RuntimeError("database or disk is full"), errno.ENOSPC),
    ],
)  # fmt: skip
def test_errors_of_any_library_name_the_file(error: Exception, code: int) -> None:
    with pytest.raises(OSError, match="a") as raised, naming(Path("a.xyz")):
        raise error
    assert (raised.value.errno, raised.value.filename) == (code, "a.xyz")


def test_other_errors_pass_unchanged() -> None:
    for error in (ValueError("x"), failure(errno.ENOENT, "other.xyz"), OSError("x")):
        with pytest.raises(type(error)) as raised, naming(Path("a.xyz")):
            raise error
        assert raised.value is error
