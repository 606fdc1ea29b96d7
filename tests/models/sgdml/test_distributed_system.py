"""Several processes give the result of one, to rounding; started as users start them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from toy import toy_dataset

from supple import load
from supple.data.writing import write
from supple.runtime import distributed

SUPPLE = Path(sys.executable).with_name("supple")


def train(folder, out, processes, *more):
    launcher = []
    if processes > 1:
        count = str(processes)
        launcher = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            count,
            "--no-python",
        ]
    command = [
        *launcher, SUPPLE, "train", folder / "toy.xyz", "--train", "50", "--valid", "20", "--units", "eV",
        "--set", "sigma=8", "--set", "lam=1e-8", "--set", "solver=iterative", "--out", folder / out, "--json", *more,
    ]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env=environment, timeout=200
    )


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "toy.xyz", toy_dataset(80))
    return tmp_path


def test_two_processes_give_the_result_of_one(folder):
    one, two = train(folder, "one.safetensors", 1), train(folder, "two.safetensors", 2)
    assert one.returncode == two.returncode == 0, two.stderr
    results = [json.loads(done.stdout) for done in (one, two)]
    ours, theirs = (load(folder / name) for name in ("one.safetensors", "two.safetensors"))
    new = toy_dataset(10, seed=5).positions
    for a, b in zip(ours.predict(new), theirs.predict(new), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-6)
    assert results[0]["settings"] == results[1]["settings"]


def test_a_mistake_ends_all_processes_with_one_sentence(folder):
    done = train(folder, "model.safetensors", 2, "--set", "sigma=-1")
    assert done.returncode != 0
    assert done.stderr.count("supple: ") == 1


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
