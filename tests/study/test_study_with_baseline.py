"""A study compares a model with the same one on a baseline."""

import pytest
from fake_calculators import Cheap
from toy import toy_dataset

from supple.data.writing import write_extxyz
from supple.errors import SettingsError
from supple.runtime.workers.backends import LocalBackend
from supple.study import DatasetEntry, StudyPlan, run_study
from supple.study.model_name import settings_of
from supple.study.model_style import colour_of, display_name, marker_of
from supple.study.plan import Cell

ON_CHEAP = "sgdml@fake_calculators:cheap"


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_extxyz(folder / "toy.xyz", toy_dataset(60))
    plan = StudyPlan(
        datasets=(DatasetEntry(path=folder / "toy.xyz"),),
        models=("sgdml", ON_CHEAP),
        sizes=(10, 20),
        seeds=(0,),
        valid=10,
        test=15,
        settings={"sgdml": {"sigma": 8.0, "lam": 1e-8, "energies": "learned"}},
    )
    before = Cheap.calls
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("supple.training.training_run.step_seconds", lambda *_: None)  # calls the method as well
        made = run_study(plan, folder / "out", backend=LocalBackend(jobs=1))
    return made, Cheap.calls - before


def test_both_curves_are_there(result):
    made, calls = result
    assert calls == 20 + 10 + 15  # each frame once, for all trainings
    curves = {model: made.results.curve("toy", model, "forces", "rmse") for model in ("sgdml", ON_CHEAP)}
    assert [point.n_train for point in curves[ON_CHEAP]] == [10, 20]
    assert curves[ON_CHEAP][1].median < 0.5 * curves["sgdml"][1].median
    page = made.page.read_text()
    assert "sGDML@fake_calculators:cheap" in page
    assert made.report.exists() and made.csv.exists()


def test_names_of_models():
    assert display_name(ON_CHEAP) == "sGDML@fake_calculators:cheap"
    assert marker_of(ON_CHEAP) == marker_of("sgdml")
    assert colour_of(ON_CHEAP, 1) != colour_of("sgdml", 0)
    assert Cell("toy", "sgdml@pyscf:PBE/def2-SVP", 10, 0).name == "toy-sgdml@pyscf_PBE_def2-SVP-n10-s0"
    made = settings_of("sgdml@GFN2-xTB", {"sigma": 9.0}, 1, 2)
    assert (made.sigma, made.baseline.method, made.baseline.charge, made.baseline.multiplicity) == (
        9.0,
        "GFN2-xTB",
        1,
        2,
    )
    assert settings_of("sgdml@dft.safetensors", {}, 1, 2).baseline.charge is None
    assert settings_of("sgdml", {}, 1, 2).baseline is None


def test_a_charge_without_a_baseline(tmp_path):
    with pytest.raises(SettingsError, match=r"those of a baseline: compare models with one"):
        StudyPlan(datasets=(DatasetEntry(path=tmp_path / "a.xyz"),), models=("sgdml",), charge=1)


def test_the_command_repeats_the_study(tmp_path):
    plan = StudyPlan(
        datasets=(DatasetEntry(path=tmp_path / "a.xyz"),), models=("sgdml@GFN2-xTB",), charge=-1, multiplicity=2
    )
    assert "--models sgdml@GFN2-xTB" in plan.command(tmp_path)
    assert "--charge -1 --multiplicity 2" in plan.command(tmp_path)
