"""Checks are in a fixed order, and another package can add one."""

import pytest
from installed_plugin import install
from toy import toy_dataset

from supple.checks import CHECKS, Check, Finding, examine, finding_names, require_sound
from supple.checks.registry import all_checks
from supple.data.dataset import Dataset
from supple.errors import DataError, SettingsError
from supple.models.kernel.direct_fit import small_kernel_model

TOO_FEW = Check(
    ("too-few",), lambda context: [Finding("too-few", "serious", f"{len(context.dataset)} frames", "calculate more")]
)


@pytest.fixture
def plugin(monkeypatch):
    install(monkeypatch, CHECKS, "too-few", f"{__name__}:TOO_FEW")


def test_names_of_findings_are_distinct_and_the_units_come_first():
    names = finding_names()
    assert len(set(names)) == len(names)
    assert names[:3] == ("units", "energy-scale", "energies-unrelated")
    assert names[-2:] == ("energy-gap", "energy-tail")


def test_what_runs_before_a_training():
    after = {name for check in all_checks() if not check.before_training for name in check.names}
    assert after == {
        "impossible-multiplicity", "unreadable", "geometry-outlier", "missing-energy", "correlated-frames", "torsion-gap", "torsion-thin", "energy-gap", "energy-tail"
    }  # fmt: skip


def test_a_plugin_adds_a_check(plugin):
    data = toy_dataset(12)
    assert [finding.name for finding in examine(data, small_kernel_model)] == ["too-few"]
    with pytest.raises(DataError, match=r"12 frames; calculate more\. \(To train anyway: --accept too-few\.\)"):
        require_sound(data, small_kernel_model)
    (accepted,) = require_sound(data, small_kernel_model, accept=["too-few"])
    assert (accepted.label, accepted.as_dict()["severity"]) == ("error", "serious")


def test_data_are_examined_without_a_small_model():
    data = toy_dataset(40)
    assert examine(data) == []
    forces = data.forces.copy()
    forces[3] = 0.0
    zero = Dataset.of(data.numbers, data.positions, -data.energies, forces)
    assert [finding.name for finding in examine(zero)] == ["zero-forces"]


def test_without_the_plugin_its_finding_cannot_be_accepted():
    with pytest.raises(SettingsError, match="'too-few' is not the name of a finding: accept one of units, "):
        require_sound(toy_dataset(12), small_kernel_model, accept=["too-few"])
