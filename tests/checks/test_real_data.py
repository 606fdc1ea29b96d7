"""Real data: what is wrong with them is said, and what is not is not."""

import pytest

from supple.checks.examine_files import examine_files
from supple.models.kernel.direct_fit import small_kernel_model

SOUND = [
    "glycine/Glycine.xyz.gz",
    "azobenzene_inversion/azobenzene_inversion.npz",
    "azobenzene_inversion/Azobenzene_inversion_cis.xyz.gz",
    "rmd17/rmd17_azobenzene_train_01.npz",
    "rmd17/rmd17_azobenzene_test_01.npz",
    "rmd17/rmd17_ethanol_train_01.npz",
    "rmd17/rmd17_ethanol_test_01.npz",
    "3bpa/train_300K.xyz.gz",
    "3bpa/train_mixedT.xyz.gz",
    "acac/train_300K.xyz.gz",
    "acac/test_MD_300K.xyz.gz",
]
#: Those whose units stand nowhere in the file.
SILENT = [name for name in SOUND if name.startswith(("glycine", "azobenzene_inversion"))]

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.mark.parametrize("name", SOUND)
def test_sound_data_are_not_accused(real_data, name):
    examination = examine_files([real_data / name], small_kernel_model)
    assert examination.errors == []
    (report,) = examination.reports
    assert report.card.agreement[0] == pytest.approx(1, abs=0.06)
    unstated = [finding for finding in report.findings if finding.name == "units-unstated"]
    assert bool(unstated) == (name in SILENT)
    assert all("kcal/mol and Å" in finding.sentence for finding in unstated)


def test_wrong_units_are_named_with_the_right_ones(real_data):
    (finding,) = examine_files([real_data / "glycine/Glycine_wrong_unit_labels.npz"], small_kernel_model).errors
    assert finding.name == "units"
    assert "'eV' and 'au'" in finding.sentence
    assert "look like kcal/mol and Å" in finding.sentence


def test_missing_energies_are_counted_and_the_others_agree(real_data):
    (report,) = examine_files([real_data / "azobenzene_inversion/azobenzene_inversion.npz"], small_kernel_model).reports
    (missing,) = [finding for finding in report.findings if finding.name == "missing-energy"]
    assert len(missing.frames) == 1820
    assert report.card.energies.count == 680
    slope, correlation = report.card.agreement
    assert slope == pytest.approx(1, abs=0.05)
    assert correlation > 0.98


def test_training_and_test_files_of_one_split_have_no_frame_in_common(real_data):
    files = [real_data / f"rmd17/rmd17_ethanol_{part}_01.npz" for part in ("train", "test")]
    assert examine_files(files, small_kernel_model).errors == []


def test_the_same_data_in_two_files_are_told(real_data):
    folder = real_data / "azobenzene_inversion"
    names = ["Azobenzene_inversion_cis.xyz.gz", "azobenzene_inversion.npz"]
    found = examine_files([folder / name for name in names], small_kernel_model).errors
    assert "shared-frames" in {finding.name for finding in found}
