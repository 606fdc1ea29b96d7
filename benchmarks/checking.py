"""How long `supple check` takes, each file in a process of its own, as a user runs it.

python benchmarks/checking.py FILE... [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

SUPPLE = Path(sys.executable).with_name("supple")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {asked.runs} runs\n")
    print("| file | frames | atoms | seconds | serious | warnings |")
    print("|---|---|---|---|---|---|")
    for file in asked.files:
        seconds = []
        for _ in range(asked.runs):
            started = time.perf_counter()
            done = subprocess.run([SUPPLE, "check", file, "--json"], capture_output=True, text=True, check=False)
            seconds.append(time.perf_counter() - started)
        found = json.loads(done.stdout)
        card, counts = found["files"][0]["card"], found["counts"]
        print(
            f"| {file.name} | {card['n_frames']} | {card['n_atoms']} | {statistics.median(seconds):.1f} | "
            f"{counts['serious']} | {counts['warning']} |"
        )


if __name__ == "__main__":
    main()
