"""What the machine has, and what a process took of it."""

import sys

import numpy as np
import pytest

from supple.runtime.machine import available_memory, cores, peak_rss_bytes, reset_peak_rss, versions

MIB = 1024**2


def test_peak_memory_counts_what_was_taken_and_forgets_it():
    reset_peak_rss()
    before = peak_rss_bytes()
    block = np.ones(200 * MIB // 8)
    assert peak_rss_bytes() - before > 190 * MIB
    del block
    reset_peak_rss()
    if sys.platform == "linux":
        assert peak_rss_bytes() - before < 100 * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak comes from getrusage")
def test_a_started_process_does_not_inherit_the_peak():
    import subprocess

    block = np.ones(400 * MIB // 8)
    code = "from supple.runtime.machine import peak_rss_bytes; print(peak_rss_bytes())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(child.stdout) < block.nbytes


def test_memory_and_cores():
    assert 10 * MIB < available_memory() < 2**50
    assert cores() >= 1


def test_versions_name_what_numbers_depend_on():
    assert {"python", "supple", "torch", "numpy", "scipy", "ase"} <= set(versions())
    assert "unknown" not in versions().values()


def test_the_limit_of_a_container_counts(monkeypatch):
    from pathlib import Path

    real = Path.read_text

    def read(path, *args, **kwargs):
        fake = {"/sys/fs/cgroup/memory.max": "1000000\n", "/sys/fs/cgroup/memory.current": "400000\n"}
        return fake.get(str(path)) or real(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", read)
    assert available_memory() == 600_000
