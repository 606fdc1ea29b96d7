"""Any terminal: other encodings, closed or full streams; and signals, as a batch system sends them."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supple.cli.console import TerminalProgress, print_json, progress_display
from supple.cli.ending import ending
from supple.cli.streams import prepare_streams
from supple.runtime.signals import Interrupted


def written(encoding, text, monkeypatch):
    """What a text becomes on standard output with an encoding."""
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", out)
    prepare_streams()
    out.write(text)
    out.flush()
    return out.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "0.5 kcal/mol/Å → σ, 90°, naïve, 水"),
        ("latin-1", "0.5 kcal/mol/Å -> sigma, 90°, naïve, ?"),
        ("ascii", "0.5 kcal/mol/A -> sigma, 90 deg, naive, ?"),
    ],
)
def test_characters_that_a_terminal_lacks_are_spelled_otherwise(encoding, said, monkeypatch):
    assert written(encoding, "0.5 kcal/mol/Å → σ, 90°, naïve, 水", monkeypatch) == said


def test_names_that_are_not_utf_8_can_be_printed(monkeypatch):
    assert written("utf-8", "caf\udce9.xyz", monkeypatch) == "caf?.xyz"


def test_names_that_no_record_can_contain_are_refused(shell):
    assert shell.refused("train", "caf\udce9.xyz").startswith("supple: caf\\udce9.xyz is not valid UTF-8: rename")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("value", ["Å", "caf\udce9.xyz"])
def test_json_is_exact_on_any_terminal(encoding, value, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    print_json({"file": value})
    out.flush()
    assert json.loads(out.buffer.getvalue().decode(encoding)) == {"file": value}


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Interrupted(signal.SIGTERM), 143, "interrupted"),
        (Interrupted(signal.SIGHUP), 129, "interrupted"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space", "out.xyz"), 2, "out.xyz: the disk is full"),
        (MemoryError(), 2, "not enough memory"),
    ],
)
def test_a_command_ends_with_a_sentence_and_a_code(error, code, said, capsys):
    with pytest.raises(SystemExit) as left, ending():
        raise error
    assert left.value.code == code
    assert said in capsys.readouterr().err


def test_faults_of_the_program_keep_their_trace():
    with pytest.raises(ZeroDivisionError), ending():
        raise ZeroDivisionError


def supple(*words, **more):
    environment = os.environ | more.pop("env", {})
    return subprocess.run(
        [sys.executable, "-m", "supple", *words], text=True, env=environment, check=False, timeout=60, **more
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_below_standard_output_is_an_error():
    with Path("/dev/full").open("w") as full:
        done = supple("--help", stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "supple: standard output: the disk is full; free some space, and run the command again.",
    )


def test_closed_streams_do_no_harm(tmp_path):
    out, err = tmp_path / "out", tmp_path / "err"
    command = f"exec {sys.executable} -m supple --version"
    assert subprocess.run(["sh", "-c", f"{command} >&- 2>&- <&-"], check=False, timeout=60).returncode == 0
    assert subprocess.run(["sh", "-c", f"{command} >{out} 2>{err} <&-"], check=False, timeout=60).returncode == 0
    assert out.read_text().startswith("supple ")
    assert err.read_text() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_end_a_process_in_the_same_way(number, tmp_path):
    program = (
        "import time, signal, pathlib; from supple.cli.ending import ending; from supple.runtime.signals import *\n"
        f"signal.signal({int(number)}, signal.default_int_handler if {int(number)} == signal.SIGINT else signal.SIG_DFL)\n"
        "with interruptible(), ending():\n pathlib.Path('ready').touch()\n time.sleep(30)"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (128 + number, "supple: interrupted.\n")


def test_what_nohup_ignores_remains_ignored(tmp_path):
    program = (
        "import os, signal; from supple.runtime.signals import *\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with interruptible():\n os.kill(os.getpid(), signal.SIGHUP)\nprint('alive')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "alive\n"


def test_without_a_home_nothing_is_written_to_a_folder_called_tilde(tmp_path):
    program = (
        "import os; os.path.expanduser = lambda p: p.replace('~', os.environ.get('HOME', '~'), 1)\n"
        "from supple.cli.home import some_home\n"
        "with some_home():\n home = os.path.expanduser('~'); assert os.path.isdir(home); open(home + '/x', 'w').close()\n"
        "assert not os.path.exists(home) and 'HOME' not in os.environ"
    )
    environment = {key: value for key, value in os.environ.items() if key != "HOME"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("There is no home folder")
    assert list(tmp_path.iterdir()) == []


def test_bars_are_drawn_with_all_their_fields_from_the_first_moment(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")  # as notebooks set it: the output is taken for a terminal
    with progress_display() as progress:
        assert isinstance(progress, TerminalProgress)
        progress.step("Checking", 0, 2, "glycine.xyz")
        progress.step("Checking", 2, 2)
