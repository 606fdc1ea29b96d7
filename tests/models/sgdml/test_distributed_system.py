"""Several processes give the result of one, to rounding."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from cli.conftest import Shell
from toy import toy_dataset

from supple import load
from supple.data.writing import write
from supple.runtime import distributed

SUPPLE = Path(sys.executable).with_name("supple")
COMMAND = [
    "train", "toy.xyz", "--train", "50", "--valid", "20", "--units", "eV", "--set", "lam=1e-8", "--set", "solver=iterative",
    "--json",
]  # fmt: skip


def two_processes(folder, *options):
    """The command in two processes with the environment that torchrun gives them, but without its own process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [SUPPLE, *COMMAND, *options], cwd=folder, env=os.environ | shared | {"RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    return [(*process.communicate(timeout=200), process.returncode) for process in processes]


@pytest.fixture
def shell(tmp_path):
    write(tmp_path / "toy.xyz", toy_dataset(80))
    return Shell(tmp_path)


def test_two_processes_give_the_result_of_one(shell):
    sigma = ("--set", "sigma=8")
    (two, errors, code), (other, _, other_code) = two_processes(shell.folder, *sigma, "--out", "two.safetensors")
    assert code == other_code == 0, errors
    assert other == ""
    one, _ = shell(*COMMAND, *sigma, "--out", "one.safetensors")
    ours, theirs = (load(shell.folder / name) for name in ("one.safetensors", "two.safetensors"))
    new = toy_dataset(10, seed=5).positions
    for a, b in zip(ours.predict(new), theirs.predict(new), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-6)
    assert json.loads(one)["settings"] == json.loads(two)["settings"]


def test_a_mistake_ends_all_processes_with_one_sentence(shell):
    (_, errors, code), (_, other_errors, _) = two_processes(
        shell.folder, "--set", "sigma=-1", "--out", "model.safetensors"
    )
    assert code == 2
    assert (errors + other_errors).count("supple: ") == 1


def test_alone_nothing_is_shared():
    part = torch.arange(3.0)
    assert (distributed.world_size(), distributed.rank(), distributed.local_range(7)) == (1, 0, range(7))
    assert distributed.all_reduce(part) is part
    assert distributed.all_gather(part) is part


@pytest.mark.parametrize(("n", "count"), [(7, 3), (6, 3), (2, 3)])
def test_shares_are_even_and_leave_nothing_out(n, count, monkeypatch):
    monkeypatch.setattr(distributed, "world_size", lambda: count)
    parts = []
    for number in range(count):
        monkeypatch.setattr(distributed, "rank", lambda number=number: number)
        parts.append(distributed.local_range(n))
    assert [i for part in parts for i in part] == list(range(n))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
