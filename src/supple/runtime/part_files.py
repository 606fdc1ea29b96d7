"""Part files: what is written beside a file before it replaces that file in one step.

A process that is killed while it writes leaves its part file behind. The name tells which process on which machine wrote it, so that
another process can remove it later.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from functools import cache
from pathlib import Path

#: Bytes that file systems allow in a name.
NAME_MAX = 255


def part_file(target: Path) -> Path:
    """The part file of this process for a file; on the first use of a folder, those of dead processes are removed from it."""
    _remove_abandoned(target.parent)
    ending = f".{_machine()}-{os.getpid()}.part"
    name = target.name
    if len(os.fsencode(name)) + len(ending) + 1 > NAME_MAX:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    return target.with_name(f".{name}{ending}")


@cache
def _remove_abandoned(folder: Path) -> None:
    """Remove part files whose process, on this machine, no longer exists."""
    pattern = re.compile(rf"\..+\.{_machine()}-(\d+)\.part")
    try:
        with os.scandir(folder) as entries:
            found = [(entry.path, match) for entry in entries if (match := pattern.fullmatch(entry.name))]
        for path, match in found:
            import psutil  # rarely needed, so not loaded at once

            if not psutil.pid_exists(int(match[1])):
                Path(path).unlink()
    except OSError:  # tidying up is not worth a failure
        return


@cache
def _machine() -> str:
    """What identifies the processes that have a number in common with this one's world: the host, and in a container its own."""
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        namespace = 0
    return hashlib.sha256(f"{platform.node()} {namespace}".encode()).hexdigest()[:8]
