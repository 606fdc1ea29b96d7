"""Calculations that failed, among many that are read as one: refused, or left out on request."""

from dataclasses import replace

import pytest
from data.reading.format_samples import ORCA
from toy import toy_dataset

import supple
from supple.checks import examine, require_names
from supple.data.concatenate import concatenate
from supple.data.dataset import Source
from supple.errors import DataError
from supple.models.kernel.direct_fit import small_kernel_model


@pytest.fixture
def jobs(tmp_path):
    """Three that ended, one that was cut off, one that did not converge."""
    for k in range(5):
        (tmp_path / f"run{k}").mkdir()
        text = ORCA.replace("0.119262", f"0.1192{k:02d}")
        if k == 1:
            text = text[:900]
        if k == 3:
            text = text.replace("Total Charge", "SCF NOT CONVERGED AFTER 125 CYCLES\nTotal Charge")
        (tmp_path / f"run{k}" / "orca.out").write_text(text)
    return tmp_path


NOTE = "2 files that cannot be read were left out: run1/orca.out, run3/orca.out."


@pytest.mark.parametrize("pattern", ["", "run*/orca.out"])
def test_they_are_refused_with_what_to_type_or_left_out(jobs, pattern):
    path = jobs / pattern
    with pytest.raises(
        DataError, match=r"2 of 5 files .* run1/orca\.out: .* The other is run3/orca\.out\. .* --accept unr"
    ):
        supple.read(path)
    data = supple.read(path, accept=["unreadable"])
    assert data.extras["file"].tolist() == [f"run{k}/orca.out" for k in (0, 2, 4)]
    assert data.source.notes == (NOTE,)


def test_nothing_is_left_out_where_everything_can_be_read(jobs):
    for k in (1, 3):
        (jobs / f"run{k}" / "orca.out").unlink()
    data = supple.read(jobs, accept=["unreadable"])
    assert data.source.notes == ()
    assert data.fingerprint == supple.read(jobs).fingerprint


def test_where_all_failed_there_is_nothing_to_read(jobs):
    for k in (0, 2, 4):
        (jobs / f"run{k}" / "orca.out").write_text(ORCA[:900])
    with pytest.raises(DataError, match=r"No file of .* could be read"):
        supple.read(jobs, accept=["unreadable"])
    with pytest.raises(DataError, match="5 of 5 files cannot be read") as refused:
        supple.read(jobs)
    assert "--accept" not in str(refused.value)


def test_a_single_file_cannot_be_left_out(jobs):
    with pytest.raises(DataError, match=r"orca\.out is an output of ORCA"):
        supple.read(jobs / "run1" / "orca.out", accept=["unreadable"])


def test_another_molecule_is_not_left_out(jobs):
    water = (jobs / "run0" / "orca.out").read_text()
    fluorine = water.replace("  H      0.000000    0.7", "  F      0.000000    0.7").replace("   2   H", "   2   F")
    (jobs / "run3" / "orca.out").write_text(fluorine)
    with pytest.raises(DataError, match="another molecule"):
        supple.read(jobs, accept=["unreadable"])


def test_what_was_left_out_is_a_warning_of_the_data_and_stays_with_parts_of_them(jobs):
    data = supple.read(jobs, accept=["unreadable"])
    found = [finding for finding in examine(data, small_kernel_model) if finding.name == "unreadable"]
    assert [(finding.severity, finding.sentence) for finding in found] == [("warning", NOTE.removesuffix("."))]
    assert concatenate([data.select([0]), data.select([1])], ["a", "b"], "both").source.notes == (NOTE,)
    require_names(["unreadable"])


def test_it_is_in_the_provenance_of_a_force_field():
    data = toy_dataset(30)
    source = Source(about={"theory": "PBE", "charge": "1"}, notes=(NOTE,))
    noted = replace(data, source=source)
    potential = supple.SGDML(sigma=10.0, lam=1e-10).fit(noted.select(range(20)), noted.select(range(20, 30)))
    assert potential.provenance.notes[:2] == (NOTE, "Level of theory of the data: PBE, charge 1.")
