"""Killed in the middle and started again, training ends with the bits of an undisturbed run; several processes share a step."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from toy import toy_dataset

from supple import load
from supple.data.writing import write

#: The command, with a checkpoint at every step of the clock that matters here.
COMMAND = """
import sys
from supple.models.neural import trainer
trainer._CHECKPOINT_EVERY = 0.1
from supple.cli.main import run
sys.argv = ["supple", *sys.argv[1:]]
run()
"""
SETTINGS = {"features": 16, "interactions": 2, "validate_every": 50, "batch_size": 6, "device": "cpu"}


def command(folder, name, steps, *launcher):
    settings = [part for key, value in (SETTINGS | {"steps": steps}).items() for part in ("--set", f"{key}={value}")]
    return [
        *launcher, "train", folder / "toy.xyz", "--model", "schnet", "--train", "50", "--valid", "20", "--units", "eV",
        "--out", folder / f"{name}.safetensors", "--json", *settings,
    ]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "toy.xyz", toy_dataset(80))
    return tmp_path


def forces(folder, name):
    return load(folder / f"{name}.safetensors").predict(toy_dataset(10, seed=5).positions)[1]


@pytest.mark.parametrize(("features", "steps"), [(16, 800), (32, 6000)])  # by formulas, and in compiled loops
def test_killed_and_started_again_it_ends_with_the_same_bits(folder, monkeypatch, features, steps):
    monkeypatch.setitem(SETTINGS, "features", features)
    python = (sys.executable, "-c", COMMAND)
    subprocess.run(command(folder, "whole", steps, *python), check=True, capture_output=True, timeout=200)
    checkpoint = folder / "broken.run" / "checkpoint.safetensors"
    with subprocess.Popen(command(folder, "broken", steps, *python), stderr=subprocess.DEVNULL) as process:
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, "it was done before it could be killed"
    resumed = subprocess.run(command(folder, "broken", steps, *python), check=True, capture_output=True, timeout=200)
    assert b"Resuming from step" in resumed.stderr
    np.testing.assert_array_equal(forces(folder, "broken"), forces(folder, "whole"))


def test_two_processes_give_the_result_of_one(folder, monkeypatch):
    # Plain Adam: where gradients vanish, SOAP's eigenvectors follow rounding alone, and it does not stay small.
    monkeypatch.setitem(SETTINGS, "optimiser", "adamw")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"]
    supple = Path(sys.executable).with_name("supple")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = [
        subprocess.run(
            command(folder, name, 40, *start), check=True, capture_output=True, text=True, timeout=200, env=environment
        )
        for name, start in (("one", [supple]), ("two", [*launcher, supple]))
    ]
    ours, theirs = (json.loads(some.stdout) for some in done)
    assert ours["settings"] == theirs["settings"]
    size = np.abs(forces(folder, "one")).max()
    np.testing.assert_allclose(forces(folder, "two"), forces(folder, "one"), rtol=0, atol=1e-4 * size)
