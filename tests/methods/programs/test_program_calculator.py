"""Programs as calculators, by a small program that takes input and fails as others do."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.calculator import CalculationFailed
from ase.units import Bohr, Hartree

from supple.errors import SettingsError
from supple.geometry.calculators import single_point
from supple.methods import find_method
from supple.methods.version import method_version


@pytest.fixture
def water():
    atoms = molecule("H2O")
    atoms.rattle(0.1, seed=1)
    return atoms


def run(name, atoms, charge=0, multiplicity=1):
    atoms.calc = find_method(name).calculator(charge, multiplicity)
    return atoms.get_potential_energy(), atoms.get_forces()


def test_labels_are_those_of_the_program(template, water, calls):
    energy, forces = run(template(), water)
    r = water.positions / Bohr
    assert energy == pytest.approx((r**2).sum() * Hartree, rel=1e-7)
    np.testing.assert_allclose(forces, -2 * r * Hartree / Bohr, rtol=1e-6)
    (call,) = calls()
    assert call[1:] == ["plain", "run"]
    assert not Path(call[0]).exists()  # the scratch folder


def test_charge_and_multiplicity(template, water):
    name = template()
    neutral, _ = run(name, water)
    cation, _ = run(name, water, 1, 2)
    assert cation - neutral == pytest.approx(Hartree, abs=1e-5)


@pytest.mark.parametrize(
    ("mode", "reason", "count"),
    [
        ("unconverged", "Fake: the self-consistent field did not converge", 1),
        ("crashes", "Fake ended with exit code 3: Fatal error: the integrals are lost", 2),
        ("killed", r"Fake was killed \(signal 9\), perhaps for lack of memory", 2),
        ("nothing", r"Fake wrote no result\.engrad", 2),
        ("turns", r"Fake: result\.engrad is of another geometry than the input", 1),
    ],
)
def test_failures_are_sentences_and_never_numbers(template, water, calls, mode, reason, count):
    with pytest.raises(CalculationFailed, match=reason):
        run(template(f"attempts: [{mode}]"), water)
    assert len(calls()) == count  # a program that crashed is tried once more


def test_a_crash_that_does_not_happen_again(template, water, calls):
    energy, _ = run(template("attempts: [crashes-once]"), water)
    assert np.isfinite(energy)
    assert len(calls()) == 2


def test_the_next_attempt_has_other_input(template, water, calls):
    energy, _ = run(template("attempts: [unconverged, slower]"), water)
    assert np.isfinite(energy)
    assert [call[1] for call in calls()] == ["unconverged", "slower"]


def test_the_time_limit_ends_all_processes(template, water, tmp_path):
    started = time.monotonic()
    with pytest.raises(CalculationFailed, match="took longer than its time limit of 3 s"):
        run(template("attempts: [hangs]", "time_limit: 3"), water)
    assert time.monotonic() - started < 12
    child = int((tmp_path / "calls.child").read_text())
    _wait(lambda: not _runs(child))  # killed, which takes a moment


def test_files_of_failed_calculations_are_kept_where_asked(template, water, tmp_path):
    with pytest.raises(CalculationFailed):
        run(template("attempts: [unconverged]", f"keep_failed: {tmp_path / 'failed'}"), water)
    (kept,) = (tmp_path / "failed").iterdir()
    assert "NO CONVERGENCE" in (kept / "standard-output.txt").read_text()


def test_cores_of_a_calculation(template, water, monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    keep = ("attempts: [unconverged]", f"keep_failed: {tmp_path / 'failed'}")
    for lines, cores in [((), "3"), (("cores: 2",), "2")]:
        with pytest.raises(CalculationFailed):
            run(template(*keep, *lines), water)
        newest = max((tmp_path / "failed").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        assert f"threads {cores}" in (newest / "standard-output.txt").read_text()


def test_a_program_that_is_missing_is_no_failed_calculation(template, water):
    method = find_method(template("executable: no-such-program"))
    with pytest.raises(SettingsError, match=r"Fake is not installed, .*no command no-such-program"):
        single_point(water, lambda: method.calculator(0, 1))


def test_the_version_is_asked_for_and_the_input_hashed(template):
    first = method_version(find_method(template()))
    assert first.startswith("Fake 1.2.3, input ")
    assert method_version(find_method(template("memory: 4000"))) == first
    assert method_version(find_method(template("attempts: [slower]"))) != first


def test_a_program_that_does_not_say_its_version(template):
    method = find_method(template("version_pattern: release"))
    with pytest.raises(SettingsError, match=r"Fake does not say its version.* prints Fake program, version 1\.2\.3\)"):
        method_version(method)


_KILLED = """
import sys
from ase.build import molecule
from supple.methods import find_method
water = molecule("H2O")
water.calc = find_method(sys.argv[1]).calculator(0, 1)
water.get_potential_energy()
"""


@pytest.mark.slow
def test_a_program_ends_with_the_process_that_runs_it(template, tmp_path, calls):
    """Even when that is killed, so that nothing goes on and no scratch folder stays."""
    name = template("attempts: [hangs]")
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, name], env=os.environ | {"PYTHONPATH": ":".join(sys.path)}
    )
    child = tmp_path / "calls.child"
    _wait(lambda: child.exists() and child.read_text())
    process.send_signal(signal.SIGKILL)
    process.wait()
    _wait(lambda: not _runs(int(child.read_text())))
    _wait(lambda: not Path(calls()[0][0]).exists())


def _wait(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
