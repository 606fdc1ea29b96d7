"""Reading 100 MB of xyz: Supple beside ASE, each in a process of its own.

    python benchmarks/reading.py [--runs 3]

The files are made from the bundled azobenzene in a temporary folder. ASE reads a tenth of them, and its time is multiplied.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from itertools import cycle
from pathlib import Path

import supple
from supple.data.bundled import bundled_path

SIZE = 100_000_000
OURS = """
import sys, time
from supple.runtime.machine import peak_rss_bytes
from supple.data.reading import read
import supple.data.dataset, supple.data.reading.xyz.reader, supple.data.reading.resolve_units
before, started = peak_rss_bytes(), time.perf_counter()
read(sys.argv[1], units="eV")
print(time.perf_counter() - started, peak_rss_bytes() - before)
"""
ASE = """
import sys, time
from supple.runtime.machine import peak_rss_bytes
from ase.io import read
import ase.io.extxyz
before, started = peak_rss_bytes(), time.perf_counter()
read(sys.argv[1], index=":", format="extxyz")
print(time.perf_counter() - started, peak_rss_bytes() - before)
"""


def make(path: Path, extended: bool, size: int) -> None:
    """A file of this size."""
    data = supple.read(bundled_path("azobenzene"))
    assert data.forces is not None
    frames = []
    for m in range(len(data)):
        comment = f"{float(data.energies[m])!r}"
        if extended:
            comment = f'Properties=species:S:1:pos:R:3:forces:R:3 energy={comment} config_type=md pbc="F F F"'
        rows = "".join(
            f"{s} {' '.join(f'{v:.10f}' for v in (*r, *f))}\n"
            for s, r, f in zip(data.symbols, data.positions[m], data.forces[m], strict=True)
        )
        frames.append(f"{data.n_atoms}\n{comment}\n{rows}")
    written = 0
    with path.open("w") as file:
        for frame in cycle(frames):
            written += file.write(frame)
            if written >= size:
                break


def measure(code: str, path: Path, runs: int) -> tuple[float, float]:
    """Median seconds and peak bytes beyond what the imports took."""
    found = []
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
        found.append([float(word) for word in done.stdout.split()])
    return statistics.median(f[0] for f in found), statistics.median(f[1] for f in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {runs} runs\n")
    print("| file | reader | seconds for 100 MB | peak memory / size |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for extended in (False, True):
            name = "extended xyz" if extended else "plain xyz"
            whole, tenth = Path(folder) / "whole.xyz", Path(folder) / "tenth.xyz"
            make(whole, extended, SIZE)
            make(tenth, extended, SIZE // 10)
            seconds, peak = measure(OURS, whole, runs)
            print(f"| {name} | Supple | {seconds:.1f} | {peak / SIZE:.1f} |")
            if extended:  # ASE does not read energies and forces of the plain form
                seconds, peak = measure(ASE, tenth, runs)
                print(f"| {name} | ASE | {10 * seconds:.0f} (10 x a tenth) | {peak / SIZE * 10:.1f} |")


if __name__ == "__main__":
    main()
