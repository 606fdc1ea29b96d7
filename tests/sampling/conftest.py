"""A context with a molecule of ASE's collection in a file."""

import pytest
from ase.build import molecule
from ase.io import write
from inline_workers import sample_here

from supple.sampling.context import SamplingContext

SPRINGS = "fake_calculators:springs"


@pytest.fixture
def make_context(tmp_path):
    def make(name="H2O", method=SPRINGS, drive=None, charge=0, multiplicity=1, seed=0):
        write(tmp_path / f"{name}.xyz", molecule(name))
        return SamplingContext(str(tmp_path / f"{name}.xyz"), method, drive or method, charge, multiplicity, seed)

    return make


@pytest.fixture
def here(monkeypatch):
    """Samplings use no worker processes."""
    sample_here(monkeypatch)
    monkeypatch.setattr("fake_calculators.Springs.rest", None)
