"""Mutate files of every kind that is read: none may cause a stack trace, a hang, or numbers that the file does not hold.

    python benchmarks/fuzz_reading.py [--cases 50000] [--seed 0] [--only NAME ...] [--case NUMBER]

Geometries with labels are compared with those of the original, and of xyz files with an independent, naive reader: no energy or
force may belong to another frame. Model files are refused or predict the same; records are refused or read. Each case follows
from the seed and its number, so that --case repeats it. Failing files are kept in fuzz-failures/.
"""

from __future__ import annotations

import argparse
import faulthandler
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fuzzing.subjects import subjects

#: What a reader may take beyond what the libraries do, and how long before a case that ignores its alarm ends the program.
MEMORY, DEADLINE = 6 * 1024**3, 120
KEPT = Path("fuzz-failures")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=[""], help="files whose names contain one of these")
    parser.add_argument("--case", type=int, help="a single case")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {
            name: subject
            for name, subject in subjects(Path(folder)).items()
            if any(part in name for part in arguments.only)
        }
        limit_memory()
        failed = run(found, arguments)
    sys.exit(failed)


def limit_memory() -> None:
    """Let allocations fail beyond a limit, as a machine's would."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))


def run(found: dict, arguments: argparse.Namespace) -> bool:
    """Try all cases and print a table; whether any failed."""
    names = list(found)
    seen: dict[str, Counter[str]] = {name: Counter() for name in names}
    seconds: Counter[str] = Counter()
    cases = range(arguments.cases) if arguments.case is None else [arguments.case]
    started = time.perf_counter()
    for done, case in enumerate(cases):
        name = names[case % len(names)]
        mutated = found[name].mutated(np.random.default_rng([arguments.seed, case]))
        KEPT.mkdir(exist_ok=True)
        (KEPT / "current").write_bytes(mutated.content)  # stays if the process is killed or dies
        faulthandler.dump_traceback_later(DEADLINE, exit=True)
        before = time.perf_counter()
        verdict = found[name].verdict(mutated)
        seconds[name] += time.perf_counter() - before
        outcome = verdict if verdict in ("read", "refused") else "failed"
        seen[name][outcome] += 1
        if outcome == "failed":
            (KEPT / f"{case}-{name}").write_bytes(mutated.content)
            print(f"case {case}, {name}, {mutated.how}: {verdict}"[:400], flush=True)
        if (done + 1) % 1000 == 0:
            print(f"{done + 1} files, {(done + 1) / (time.perf_counter() - started):.0f} a second", file=sys.stderr)
    faulthandler.cancel_dump_traceback_later()
    (KEPT / "current").unlink()
    total = time.perf_counter() - started
    print(f"\n{len(cases)} files, seed {arguments.seed}, {total:.0f} s, {len(cases) / total:.0f} a second\n")
    print("| file | refused | read | failed | ms each |\n|---|---|---|---|---|")
    for name, counts in seen.items():
        each = 1000 * seconds[name] / max(counts.total(), 1)
        print(f"| {name} | {counts['refused']} | {counts['read']} | {counts['failed']} | {each:.0f} |")
    return any(counts["failed"] for counts in seen.values())


if __name__ == "__main__":
    main()
