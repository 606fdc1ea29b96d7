"""A command run in a folder, with a time limit: it and all that it started end with the limit, and with this process, however that ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

#: Files in the folder that hold what the command prints.
PRINTED, ERRORS = "standard-output.txt", "standard-error.txt"
#: Seconds that programs have to end when they are asked to.
_GRACE = 5.0
# The shell leads a process group, and outlives its command. Its first part waits at a pipe that is closed when this process is gone, even by kill -9; it then ends
# the group and removes the folder.
_SCRIPT = """
trap 'asked=yes' TERM
exec 3<&0 </dev/null
(trap '' TERM; read -r _ <&3; kill -TERM -$$; sleep 2; rm -rf "$SUPPLE_FOLDER"; kill -KILL -$$) >/dev/null 2>&1 &
watch=$!
(exec 3<&-; eval "$SUPPLE_COMMAND")
code=$?
[ "$asked" ] || { kill -KILL $watch; wait $watch; } 2>/dev/null
exit $code
"""


class Ended(NamedTuple):
    """How a command ended.

    Attributes:
        code: its exit code; negative, the signal that killed it.
        timed_out: whether it was stopped at the time limit.
    """

    code: int
    timed_out: bool


def run_program(command: str, folder: Path, time_limit: float, environment: Mapping[str, str]) -> Ended:
    """Run a command in a folder; what it prints goes to files there.

    Args:
        command: for the shell.
        folder: in which it runs.
        time_limit: s; it and all that it started are then stopped.
        environment: of the command.

    Raises:
        OSError: it cannot be started.
    """
    variables = {**environment, "SUPPLE_COMMAND": command, "SUPPLE_FOLDER": str(folder)}
    with (folder / PRINTED).open("wb") as printed, (folder / ERRORS).open("wb") as errors:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT], cwd=folder, env=variables, stdin=subprocess.PIPE, stdout=printed, stderr=errors,
            start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(time_limit)
        except subprocess.TimeoutExpired:
            _end(process)
            return Ended(process.returncode, timed_out=True)
        except BaseException:
            _end(process)
            raise
        finally:
            assert process.stdin is not None
            process.stdin.close()
    return Ended(128 - code if code - 128 in set(signal.Signals) else code, timed_out=False)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the whole group to end, and kill what has not."""
    for number, patience in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
