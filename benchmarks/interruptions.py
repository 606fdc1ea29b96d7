"""Interrupt every long command at random moments, run it again until it completes, and compare with an undisturbed run.

    python benchmarks/interruptions.py [--events 200] [--seed 0] [--only md study] [--keep FOLDER]

The events are kill -9, SIGTERM, and SIGINT and SIGHUP as a terminal sends them to all its processes; and, where this user may mount a
small file system (root on Linux), a full disk. Afterwards nothing may be half-written, no temporary file may be left, no trace printed,
and all numbers must be the same. Exit code 1 if that is ever not so.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from interrupted_commands import COMMANDS, Command, prepare

#: How a command may end after an event: with 0 if it was complete already, otherwise with the code of the event.
_EVENTS = {"kill -9": -9, "SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130, "full disk": 2}
_SIGNALS = {"kill -9": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP, "SIGINT": signal.SIGINT}
#: Seconds before which Python itself is still being loaded, and reacts to signals in its own way.
_LOADED = 0.6
_PATIENCE = 300
_DISK = "96m"


@dataclass(frozen=True)
class Case:
    """A command in a folder of its own, and what its results are without disturbance."""

    command: Command
    seconds: float
    expected: object


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=[command.name for command in COMMANDS])
    parser.add_argument("--keep", type=Path, help="folder for what failed")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    with tempfile.TemporaryDirectory() as name, small_disk(Path(name) / "disk") as fill:
        root = Path(name)
        prepare(root / "inputs")
        chosen = [one for one in COMMANDS if not arguments.only or one.name in arguments.only]
        cases = [undisturbed(command, root) for command in chosen]
        events = [event for event in _EVENTS if fill is not None or event != "full disk"]
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for number in range(arguments.events):
            case, event = cases[number % len(cases)], events[number // len(cases) % len(events)]
            folder = root / "disk" / "run"
            verdict = disturbed(case, event, float(rng.uniform(_LOADED, case.seconds)), root, folder, fill)
            found[case.command.name, event].append(verdict)
            print(f"{number + 1} {case.command.name}, {event}: {verdict or 'equal'}", flush=True)
            if verdict and arguments.keep is not None:
                shutil.copytree(folder, arguments.keep / f"{number}-{case.command.name}", dirs_exist_ok=True)
            shutil.rmtree(folder)
    print(table(chosen, events, found))
    sys.exit(any(verdict for verdicts in found.values() for verdict in verdicts))


def undisturbed(command: Command, root: Path) -> Case:
    folder = root / "disk" / "run"
    shutil.copytree(root / "inputs", folder)
    for again in range(2):  # the first run also compiles
        started = time.perf_counter()
        process = start(command, folder)
        _, err = process.communicate(timeout=10 * _PATIENCE)
        seconds = time.perf_counter() - started
        if process.returncode != 0:
            sys.exit(f"{command.name} fails without being disturbed:\n{err}")
        expected = command.results(folder)
        shutil.rmtree(folder)
        if not again:
            shutil.copytree(root / "inputs", folder)
    print(f"{command.name}: {seconds:.1f} s", flush=True)
    return Case(command, seconds, expected)


def disturbed(case: Case, event: str, moment: float, root: Path, folder: Path, fill: Callable[[], None] | None) -> str:
    """What went wrong; nothing if all is well."""
    shutil.copytree(root / "inputs", folder)
    process = start(case.command, folder)
    time.sleep(moment)
    if event == "full disk":
        assert fill is not None
        fill()
    elif process.poll() is None:
        send = os.killpg if event in ("SIGHUP", "SIGINT") else os.kill
        send(process.pid, _SIGNALS[event])
    problems = []
    try:
        _, err = process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"does not end after {moment:.1f} s"
    (folder.parent / "filler").unlink(missing_ok=True)
    allowed = {0, _EVENTS[event]}
    if event == "full disk":  # a study with failed trainings, and a sampling run with failed frames, end with 1
        allowed.add(1)
    elif not err:  # Python was still being loaded
        allowed.add(-_SIGNALS[event])
    if process.returncode not in allowed:
        problems.append(f"exit code {process.returncode}")
    problems += traces(err)
    for _ in range(3):
        process = start(case.command, folder)
        _, err = process.communicate(timeout=_PATIENCE)
        problems += traces(err)
        if process.returncode == 0:
            break
    else:
        return "; ".join([*problems, f"does not complete: {err.strip().splitlines()[-1:]}"])
    left = [str(file.relative_to(folder)) for file in folder.rglob("*") if file.name.endswith((".part", ".tmp"))]
    problems += [f"left {file}" for file in left]
    if case.command.results(folder) != case.expected:
        problems.append("other results")
    return f"at {moment:.2f} of {case.seconds:.1f} s: {'; '.join(problems)}" if problems else ""


def traces(err: str) -> list[str]:
    """The lines of a trace that say most, if there is one."""
    lines = err.strip().splitlines()
    said = [
        line for line in lines if "Exception ignored" in line or re.match(r"\w*(Error|Interrupt\w*|Exception)\b", line)
    ]
    found = "Traceback" in err or "Exception ignored" in err
    return [f"trace ({' / '.join(said[-3:]) or lines[-1]})"] if found else []


def start(command: Command, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "supple", *command.words], cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        # a shell in the background hands down an ignored SIGINT, a terminal does not
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[], None] | None]:
    """A file system that a call of the function fills; None where there can be none."""
    folder.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    )

    def fill() -> None:
        with (folder / "filler").open("wb", buffering=0) as file:
            for size in (2**20, 2**12, 1):
                try:
                    while file.write(b"\0" * size):
                        pass
                except OSError:
                    continue

    try:
        yield fill if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


def table(commands: list[Command], events: list[str], found: dict[tuple[str, str], list[str]]) -> str:
    rows = ["| command | " + " | ".join(events) + " |", "|---" * (1 + len(events)) + "|"]
    for command in commands:
        cells = []
        for event in events:
            verdicts = found[command.name, event]
            bad = sum(map(bool, verdicts))
            cells.append(f"{len(verdicts) - bad} equal" + (f", {bad} not" if bad else ""))
        rows.append(f"| {command.name} | {' | '.join(cells)} |")
    return "\n".join(["", *rows])


if __name__ == "__main__":
    main()
