"""Tasks for tests of workers, in a module that other processes can import."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path

from supple.runtime.progress import Progress


@dataclass(frozen=True)
class Answer:
    """Reports, and returns a number."""

    number: int

    def __call__(self, progress: Progress) -> int:
        progress.note(f"working on {self.number}")
        return self.number


@dataclass(frozen=True)
class Environment:
    """Returns a variable as programs that it starts get it."""

    variable: str

    def __call__(self, progress: Progress) -> str | None:
        return os.environ.get(self.variable)


@dataclass(frozen=True)
class Wait:
    """Runs until it is interrupted, and then writes its checkpoint."""

    folder: Path

    def __call__(self, progress: Progress) -> None:
        (self.folder / "begun").touch()
        try:
            while True:
                time.sleep(0.05)
        except KeyboardInterrupt:
            (self.folder / "checkpoint").touch()
            raise


@dataclass(frozen=True)
class EndOnce:
    """Its process is ended by a signal the first time."""

    folder: Path
    signal: int

    def __call__(self, progress: Progress) -> str:
        if not (self.folder / "tried").exists():
            (self.folder / "tried").touch()
            os.kill(os.getpid(), self.signal)
            time.sleep(20)
        return "resumed"


@dataclass(frozen=True)
class DiskFull:
    """Finds no space on the disk."""

    def __call__(self, progress: Progress) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.safetensors")
