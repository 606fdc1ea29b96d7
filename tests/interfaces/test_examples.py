"""The examples, each run as users do, with a small force field of the bundled glycine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

import supple
from supple.data.bundled import bundled_path

EXAMPLES = Path(__file__).parents[2] / "examples"
#: The package that each needs, and a pattern of its output; a group in brackets is an energy in eV that must be small.
WANTED = {
    "ase_dynamics": ("ase", r"changed by (\S+) eV"),
    "torch_sim_langevin": ("torch_sim", r"kinetic energies, eV:( \d\.\d+){8}\n"),
    "openmm_in_argon": ("openmm", r"potential energy -46\d\d\d\.\d kJ/mol"),
    "lammps_nve": ("lammps", r"changed by (\S+) eV"),
    "ipi_nve": ("ipi", r"101 geometries; the conserved energy varied by at most (\S+) eV"),
    "exported": ("metatomic", r"metatomic: +-486\.\d+ eV"),
}


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A model file and a geometry."""
    folder = tmp_path_factory.mktemp("examples")
    data = supple.read(bundled_path("glycine"))
    train, valid, _ = data.split(train=50, valid=30, test=50, seed=0)
    supple.SGDML(sigma=20, descriptor="inverse-distances").fit(train, valid).save(folder / "model.safetensors")
    write(folder / "start.xyz", Atoms(data.numbers, data.positions[int(np.argmin(data.energies))]))
    return [folder / "model.safetensors", folder / "start.xyz"]


@pytest.mark.slow
@pytest.mark.parametrize("name", WANTED)
def test_example(name, words):
    program, pattern = WANTED[name]
    pytest.importorskip(program)
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", *words], capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = re.search(pattern, done.stdout)
    assert found, done.stdout
    if "(\\S+)" in pattern:
        assert abs(float(found[1])) < 0.01


def test_every_example_is_run():
    assert {path.stem for path in EXAMPLES.glob("*.py")} - {"small_model"} == set(WANTED)
