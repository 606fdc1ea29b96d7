"""Mutated files are refused with a sentence or read as what they hold: no trace, no hang, no silently wrong data."""

from collections import Counter

import numpy as np
import pytest
from data.reading.mutations import corpus, mutated, verdict


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def tries(request):
    """So many mutations of each file; with --slow the many that find rare faults, as benchmarks/fuzz_reading.py does at length."""
    return 60 if request.config.getoption("--slow") else 12


NAMES = [
    "plain.xyz", "plain.xyz.gz", "extended.xyz", "arrays.npz", "orca.out", "orca.engrad", "gaussian.log", "aims.out",
    "vasprun.xml", "OUTCAR", "psi4.out", "qchem.out", "cp2k.out", "cp2k-2025.out", "water-pos-1.xyz",
    "water-frc-1.xyz",
    "spice.h5", "ase.db", "schnetpack.db", "md.traj",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_mutated_files(files, name, tries, tmp_path):
    for other, content in files.items():  # a file of forces may be needed beside
        (tmp_path / other).write_bytes(content)
    # of a pair the positions are what is read
    read_as = tmp_path / name.replace("-frc-", "-pos-")
    assert verdict(read_as) == "read"
    rng = np.random.default_rng(20)
    seen = Counter()
    for _ in range(tries):
        (tmp_path / name).write_bytes(mutated(files[name], rng))
        found = verdict(read_as)
        seen[found] += 1
        assert found in ("read", "refused"), found
    assert seen["refused"] > tries / 12


def test_the_corpus_is_complete(files):
    assert set(NAMES) == set(files)
