"""Mutate files of every format and read them: none may cause a stack trace, a hang, or data that the file does not contain.

    python benchmarks/fuzz_reading.py [--cases 20000] [--seed 0]

Every xyz file that is read is compared with an independent, naive reader. Failing files are kept in fuzz-failures/.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from data.reading.mutations import corpus, mutated, verdict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    seen: dict[str, Counter[str]] = {}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        files = corpus(directory)
        names = list(files)
        for case in range(arguments.cases):
            name = names[case % len(names)]
            for other in ("water-pos-1.xyz", "water-frc-1.xyz"):
                (directory / other).write_bytes(files[other])
            content = mutated(files[name], rng)
            (directory / name).write_bytes(content)
            found = verdict(directory / name.replace("-frc-", "-pos-"))
            seen.setdefault(name, Counter())[found if found in ("read", "refused") else "failed"] += 1
            if found not in ("read", "refused"):
                kept = Path("fuzz-failures") / f"{case}-{name}"
                kept.parent.mkdir(exist_ok=True)
                kept.write_bytes(content)
                print(f"{kept}: {found}"[:300])
    print(f"\n{arguments.cases} files, seed {arguments.seed}, {time.perf_counter() - started:.0f} s\n")
    print("| format | refused | read | failed |\n|---|---|---|---|")
    for name, counts in seen.items():
        print(f"| {name} | {counts['refused']} | {counts['read']} | {counts['failed']} |")
    sys.exit(any(counts["failed"] for counts in seen.values()))


if __name__ == "__main__":
    main()
