"""Mutated files are refused with a sentence or read as what they hold: no trace, no hang, no silently wrong data.

benchmarks/fuzz_reading.py does the same at length.
"""

from collections import Counter

import numpy as np
import pytest
from data.reading import format_samples
from fuzzing.corpus import real_outputs
from fuzzing.subjects import subjects, untouched

NAMES = [
    *format_samples.samples(), *real_outputs(),
    "plain.xyz", "plain.xyz.gz", "extended.xyz", "arrays.npz", "orca-steps.out",
    "spice.h5", "h5md.h5", "ase.db", "schnetpack.db", "md.traj",
]  # fmt: skip
RECORDS = [
    "kernel.safetensors", "learned.safetensors", "network.safetensors", "kernel.npz", "checkpoint.safetensors", "run.json",
    "result.json", "split.json", "best.yaml", "state.json", "study.json", "trials.log",
]  # fmt: skip


@pytest.fixture(scope="module")
def mutable(tmp_path_factory):
    return subjects(tmp_path_factory.mktemp("subjects"))


@pytest.fixture(scope="module")
def tries(request):
    """So many mutations of each file; with --slow the many that find rare faults."""
    return 60 if request.config.getoption("--slow") else 10


@pytest.mark.parametrize("name", [*NAMES, *RECORDS])
def test_mutated_files(mutable, name, tries):
    subject = mutable[name]
    assert untouched(subject) == "read"
    rng = np.random.default_rng(20)
    seen = Counter()
    for _ in range(tries):
        mutation = subject.mutated(rng)
        found = subject.verdict(mutation)
        seen[found] += 1
        assert found in ("read", "refused"), f"{mutation.how}: {found}"
    # much of the log is repaired, and most lines of long outputs do not matter
    assert seen["refused"] or name == "trials.log" or name in real_outputs()


def test_none_is_forgotten(mutable):
    assert set(mutable) == {*NAMES, *RECORDS}
