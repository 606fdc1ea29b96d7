"""kill -9 at random moments of a growth: the same data and the same force field, to the bit."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule as named
from safetensors.numpy import load_file

TESTS = Path(__file__).parents[1]
#: At least so many; each takes some seconds. KILLS=20 tries more.
KILLS = int(os.environ.get("KILLS", "5"))
#: Seconds in which a process is still loading.
LOADING = 2.0


def start(molecule, folder):
    paths = [str(TESTS), os.environ.get("PYTHONPATH", "")]
    script = TESTS / "growth" / "growth_in_a_process.py"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, script, molecule, folder], env=environment, stderr=subprocess.PIPE, text=True
    )


def results(folder):
    arrays = {name: array.tobytes() for name, array in load_file(folder / "model.safetensors").items()}
    return (folder / "data.xyz").read_bytes(), arrays


@pytest.mark.slow
def test_the_same_data_and_force_field_to_the_bit(tmp_path):
    named("CH3OH").write(tmp_path / "methanol.xyz")
    for _ in range(2):  # the first also compiles
        started = time.perf_counter()
        process = start(tmp_path / "methanol.xyz", tmp_path / f"whole-{_}")
        _, err = process.communicate()
        assert process.returncode == 0, err
        seconds = time.perf_counter() - started
    whole = results(tmp_path / "whole-0")
    assert results(tmp_path / "whole-1") == whole
    rng = np.random.default_rng(0)
    kills = runs = 0
    while kills < KILLS:
        folder = tmp_path / f"parts-{runs}"
        while True:
            process = start(tmp_path / "methanol.xyz", folder)
            try:
                _, err = process.communicate(timeout=float(rng.uniform(LOADING, max(seconds, LOADING + 1))))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
                continue
            assert process.returncode == 0, err
            break
        assert results(folder) == whole
        assert not [file for file in folder.rglob("*") if file.name.endswith((".part", ".tmp"))]
        runs += 1
