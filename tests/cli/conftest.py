"""Runs the command line through its real entry point, in an empty folder; in a separate process where that matters."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from toy import toy_dataset

from supple.cli.main import run
from supple.data.writing import write_extxyz

SUPPLE = Path(sys.executable).with_name("supple")


class Shell:
    """Runs `supple` in a folder."""

    def __init__(self, folder, columns=160):
        self.folder = folder
        self.columns = str(columns)

    def start(self, *words):
        return subprocess.Popen(
            [SUPPLE, *map(str, words)],
            cwd=self.folder,
            env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": self.columns},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell in the background hands down an ignored Ctrl-C; a terminal does not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def process(self, *words, code=0):
        """Standard output and standard error of a separate process."""
        process = self.start(*words)
        out, err = process.communicate(timeout=240)
        return self._checked(process.returncode, code, out, err)

    def __call__(self, *words, code=0):
        """The same in this process, by the function of the entry point, which saves the imports."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.ExitStack() as world:
            world.enter_context(contextlib.chdir(self.folder))
            world.enter_context(mock.patch.object(sys, "argv", ["supple", *map(str, words)]))
            world.enter_context(mock.patch.dict(os.environ, COLUMNS=self.columns))
            world.enter_context(contextlib.redirect_stdout(out))
            world.enter_context(contextlib.redirect_stderr(err))
            try:
                run()
                left = 0
            except SystemExit as stopped:
                left = stopped.code or 0
        return self._checked(left, code, out.getvalue(), err.getvalue())

    @staticmethod
    def _checked(left, code, out, err):
        assert left == code, f"exit code {left}\n{out}\n{err}"
        assert "Traceback" not in err
        return out, err

    def json(self, *words):
        out, _ = self(*words, "--json")
        return json.loads(out)

    def refused(self, *words):
        """The one sentence on standard error of a command that must exit with 2."""
        before = set(self.folder.rglob("*"))
        out, err = self(*words, code=2)
        assert out == ""
        assert set(self.folder.rglob("*")) == before, "a partly written file was left behind"
        return err.strip().splitlines()[-1]


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder with data and a trained model of each kind, made once, by the commands themselves."""
    folder = tmp_path_factory.mktemp("shared")
    write_extxyz(folder / "toy.xyz", toy_dataset(100), "kcal/mol")
    shell = Shell(folder)
    shell.results = {
        kind: shell.json("train", "toy.xyz", "--model", kind, "--train", 40, "--valid", 20, "--seed", 7, "--out",
                         f"{kind}.safetensors", *(word for s in settings for word in ("--set", s)))
        for kind, settings in SETTINGS.items()
    }  # fmt: skip
    return shell


SETTINGS = {
    "sgdml": ["sigma=8", "descriptor=inverse-distances", "energies=integrated"],
    "schnet": ["steps=60", "features=32", "interactions=1", "validate_every=20"],
    "bespoke": ["steps=20", "features=16", "layers=1", "validate_every=10"],
}
