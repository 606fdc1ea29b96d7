"""Killed in the middle and started again, training ends with the bits of an undisturbed run; several processes share a step."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli.conftest import Shell
from toy import toy_dataset

from supple import load
from supple.data.writing import write
from supple.models.neural import trainer

#: The command, killed as it is about to write its eighth checkpoint: the steps since the seventh are lost.
KILLED = """
import itertools, os, signal, sys
from supple.models.neural import trainer
save, count = trainer.save_checkpoint, itertools.count(1)
def save_or_die(*arguments):
    if next(count) == 8:
        os.kill(os.getpid(), signal.SIGKILL)
    save(*arguments)
trainer.save_checkpoint, trainer._CHECKPOINT_EVERY = save_or_die, 0.0
from supple.cli.main import run
sys.argv = ["supple", *sys.argv[1:]]
run()
"""
SETTINGS = {"interactions": 2, "validate_every": 50, "batch_size": 6, "device": "cpu"}


def command(name, **settings):
    options = [part for key, value in (SETTINGS | settings).items() for part in ("--set", f"{key}={value}")]
    return [
        "train", "toy.xyz", "--model", "schnet", "--train", "50", "--valid", "20", "--units", "eV",
        "--out", f"{name}.safetensors", "--json", *options,
    ]  # fmt: skip


@pytest.fixture
def shell(tmp_path):
    write(tmp_path / "toy.xyz", toy_dataset(80))
    return Shell(tmp_path)


def forces(shell, name):
    return load(shell.folder / f"{name}.safetensors").predict(toy_dataset(10, seed=5).positions)[1]


@pytest.mark.parametrize("features", [16, 32])  # by formulas, and in compiled loops
def test_killed_and_started_again_it_ends_with_the_same_bits(shell, monkeypatch, features):
    settings = {"features": features, "steps": 300}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *command("broken", **settings)],
        cwd=shell.folder, stderr=subprocess.DEVNULL, check=False, timeout=200,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert (shell.folder / "broken.run" / "checkpoint.safetensors").exists()
    monkeypatch.setattr(trainer, "_CHECKPOINT_EVERY", 0.0)
    shell(*command("whole", **settings))
    _, err = shell(*command("broken", **settings))
    assert "Resuming from step" in err
    np.testing.assert_array_equal(forces(shell, "broken"), forces(shell, "whole"))


def test_two_processes_give_the_result_of_one(shell):
    # Plain Adam: where gradients vanish, SOAP's eigenvectors follow rounding alone, and it does not stay small.
    settings = {"features": 16, "steps": 40, "optimiser": "adamw"}
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"]
    two = subprocess.run(
        [*launcher, Path(sys.executable).with_name("supple"), *command("two", **settings)],
        cwd=shell.folder, capture_output=True, text=True, check=True, timeout=200,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    out, _ = shell(*command("one", **settings))
    assert json.loads(out)["settings"] == json.loads(two.stdout)["settings"]
    size = np.abs(forces(shell, "one")).max()
    np.testing.assert_allclose(forces(shell, "two"), forces(shell, "one"), rtol=0, atol=1e-4 * size)
