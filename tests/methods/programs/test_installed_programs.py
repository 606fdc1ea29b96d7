"""Programs that are installed, really run: forces are derivatives of the energies, and labels those of the output."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.calculator import CalculationFailed
from ase.units import Bohr, Hartree

from supple.methods import find_method
from supple.methods.programs.run_program import run_program
from supple.methods.version import method_version

pytestmark = pytest.mark.slow

#: Method and the error of a force by central differences, eV/Å: of the steps, of the digits that are printed, and of grids.
METHODS = {
    "xtb:GFN2": 1e-4,
    "xtb:GFN1": 1e-4,
    "xtb:GFN-FF": 1e-4,
    "mopac:PM7": 5e-4,
    "psi4:HF/sto-3g": 1e-4,
    "psi4:PBE0/sto-3g": 1e-3,
    "nwchem:HF/sto-3g": 2e-4,
    "nwchem:PBE0/sto-3g": 1e-3,
}


@pytest.fixture(params=METHODS)
def name(request):
    program = request.param.partition(":")[0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return request.param


@pytest.fixture
def water():
    atoms = molecule("H2O")
    atoms.rattle(0.05, seed=1)
    return atoms


def labels(name, atoms, charge=0, multiplicity=1):
    moved = atoms.copy()
    moved.calc = find_method(name).calculator(charge, multiplicity)
    return moved.get_potential_energy(), moved.get_forces()


def test_forces_are_derivatives_of_the_energy(name, water):
    _, forces = labels(name, water)
    direction = np.random.default_rng(0).standard_normal((3, 3))
    direction /= np.linalg.norm(direction)
    ends = []
    for step in (1e-3, -1e-3):
        moved = water.copy()
        moved.positions += step * direction
        ends.append(labels(name, moved)[0])
    assert -(ends[0] - ends[1]) / 2e-3 == pytest.approx((forces * direction).sum(), abs=METHODS[name])


def test_a_radical_cation(name, water):
    neutral, _ = labels(name, water)
    cation, forces = labels(name, water, 1, 2)
    assert 5 < cation - neutral < 50  # the ionization energy is 12.6 eV
    assert np.abs(forces).max() > 0.1


def test_the_version_is_known(name):
    assert re.match(r"(xtb|MOPAC|Psi4|NWChem) \d+\.\d+\S*, input \w{8}$", method_version(find_method(name)))


def test_labels_are_those_of_the_output(tmp_path, water):
    """To all digits that xtb writes, which tblite confirms."""
    if shutil.which("xtb") is None:
        pytest.skip("xtb is not installed")
    water.write(tmp_path / "w.xyz", format="xyz", fmt="%18.12f")
    run_program("xtb w.xyz --gfn 2 --grad --acc 0.1", tmp_path, 60, {"PATH": "/usr/bin:/bin"})
    lines = [line for line in (tmp_path / "w.engrad").read_text().splitlines() if not line.startswith("#")]
    energy, forces = labels("xtb:GFN2", water)
    assert energy == pytest.approx(float(lines[1]) * Hartree, rel=1e-8)
    gradient = np.array([float(line) for line in lines[2:11]]).reshape(3, 3)
    np.testing.assert_allclose(forces, -gradient * Hartree / Bohr, atol=1e-7)
    pytest.importorskip("tblite")
    other, its_forces = labels("GFN2-xTB", water)
    assert energy == pytest.approx(other, abs=1e-5)
    np.testing.assert_allclose(forces, its_forces, atol=1e-4)


@pytest.mark.parametrize(
    ("like", "level", "attempt"),
    [
        ("psi4", "HF/sto-3g", "maxiter 2"),
        ("nwchem", "PBE0/sto-3g", "iterations 2"),
        ("nwchem", "HF/sto-3g", "maxiter 2"),
        ("mopac", "PM7", "ITRY=1"),
    ],
)
def test_a_field_that_does_not_converge_is_a_failure(tmp_path, water, like, level, attempt):
    if shutil.which(like) is None:
        pytest.skip(f"{like} is not installed")
    (tmp_path / "mine.yaml").write_text(f"like: {like}\nlevel: {level}\nattempts: [{attempt}]\n")
    with pytest.raises(CalculationFailed, match="the self-consistent field did not converge"):
        labels(f"template:{tmp_path / 'mine.yaml'}", water, 1, 2)


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ("psi4:NOSUCH/sto-3g", "^Psi4: Derivative method 'name' nosuch .* not available"),
        ("psi4:HF/nosuch", "^Psi4: BasisSet::construct: Unable to find a basis set for atom 1"),
        ("nwchem:NOSUCH/sto-3g", "^NWChem: xc_input: invalid format$"),
        ("nwchem:HF/nosuch", "^NWChem: .*basis"),
    ],
)
def test_a_level_that_the_program_refuses(method, sentence, water):
    if shutil.which(method.partition(":")[0]) is None:
        pytest.skip("not installed")
    with pytest.raises(CalculationFailed, match=sentence):
        labels(method, water)


def test_several_cores(tmp_path, water):
    """The same numbers, whatever the cores."""
    if shutil.which("psi4") is None:
        pytest.skip("psi4 is not installed")
    (tmp_path / "two.yaml").write_text("like: psi4\nlevel: HF/sto-3g\ncores: 2\n")
    one, two = labels("psi4:HF/sto-3g", water), labels(f"template:{tmp_path / 'two.yaml'}", water)
    assert one[0] == pytest.approx(two[0], abs=1e-7)
    np.testing.assert_allclose(one[1], two[1], atol=1e-5)
    assert subprocess.run(
        ["psi4", "--version"], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout.strip()


def test_a_program_of_the_page(tmp_path, water):
    """CP2K as docs/methods.md describes it, on a coarser grid."""
    if shutil.which("cp2k.psmp") is None:
        pytest.skip("CP2K is not installed")
    page = (Path(__file__).parents[3] / "docs" / "methods.md").read_text(encoding="utf-8")
    (text,) = (found for found in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "cp2k" in found)
    text = text.replace("CUTOFF 400", "CUTOFF 120").replace("ABC 10 10 10", "ABC 6 6 6").replace("DZVP-", "SZV-")
    (tmp_path / "cp2k.yaml").write_text(text)
    method = f"template:{tmp_path / 'cp2k.yaml'}"
    assert method_version(find_method(method)).startswith("CP2K 20")
    energy, forces = labels(method, water)
    assert energy == pytest.approx(-17 * Hartree, abs=Hartree)
    assert forces.shape == (3, 3)
    (tmp_path / "cp2k.yaml").write_text(text.replace("MAX_SCF 100", "MAX_SCF 2"))
    with pytest.raises(CalculationFailed, match="CP2K: the self-consistent field did not converge"):
        labels(method, water)
