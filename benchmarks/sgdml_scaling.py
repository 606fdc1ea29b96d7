"""sGDML with growing training sets: which solver, what was planned, what it took, and how good it is.

    python benchmarks/sgdml_scaling.py FILE --units kcal/mol --sizes 200,400,1000 [--solver auto] [--sigma 10]

Each training is a process of its own. Validation errors are on 200 frames.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SUPPLE = Path(sys.executable).with_name("supple")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--units")
    parser.add_argument("--keys")
    parser.add_argument("--sizes", default="200,400,1000")
    parser.add_argument("--solver", default="auto")
    parser.add_argument("--sigma", default="10")
    asked = parser.parse_args()
    options = [*(["--units", asked.units] if asked.units else []), *(["--keys", asked.keys] if asked.keys else [])]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(
        "| frames | solver | planned | solution s | whole s | peak GiB | iterations | force RMSE |\n" + "|---" * 8 + "|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in asked.sizes.split(","):
            command = [
                SUPPLE, "train", asked.file, *options, "--train", size, "--valid", "200", "--set", f"sigma={asked.sigma}",
                "--set", f"solver={asked.solver}", "--out", Path(folder) / f"{size}.safetensors", "--json",
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"| {size} | | {done.stderr.strip().splitlines()[-1]} | | | | | |")
                continue
            result = json.loads(done.stdout)
            notes = " ".join(result["notes"])
            planned, took = re.findall(r"planned: (.*?); the solution took ([0-9.]+) s", notes)[0]
            iterations = re.findall(r"solved by (\d+) conjugate", notes)
            forces = result["validation"]["forces"]
            print(
                f"| {size} | {result['settings']['solver']} | {planned} | {took} | {result['seconds']:.0f} | "
                f"{result['peak_rss_bytes'] / 2**30:.2f} | {iterations[0] if iterations else ''} | "
                f"{forces['rmse']:.4f} {forces['unit']} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
