"""`--baseline` on the command line: one contract for programs, one sentence for mistakes."""

import numpy as np
import pytest
from ase.build import molecule
from cli.conftest import Shell
from fake_calculators import Cheap, Springs
from toy import toy_dataset

from supple.data.writing import write_extxyz

SETTINGS = ("--set", "sigma=8", "--set", "lam=1e-8", "--set", "energies=learned")
TRAIN = ("train", "data.xyz", "--train", 20, "--valid", 10, *SETTINGS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("baseline")
    write_extxyz(folder / "data.xyz", toy_dataset(60))
    return folder


@pytest.fixture
def here(folder):
    return Shell(folder)


@pytest.fixture(scope="module")
def trained(folder):
    return Shell(folder).json(*TRAIN, "--baseline", "fake_calculators:cheap", "--out", "m.safetensors")


def test_the_contract(trained, folder):
    baseline = trained["baseline"]
    assert baseline["method"] == "fake_calculators:cheap"
    assert baseline["version"].startswith("fake_calculators ")
    assert (baseline["learned"], baseline["seconds"] > 0) == (False, True)
    assert trained["test"]["n_frames"] == 30
    (labels,) = (folder / "supple-labels").glob("*.jsonl")
    assert len(labels.read_text().splitlines()) == 61


def test_whatever_comes_after_training_does_not_know(trained, here, folder):
    errors = here.json("evaluate", "m.safetensors", "data.xyz", "--regions")
    assert errors["n_frames"] == 30
    assert errors["forces"]["rmse"] == pytest.approx(trained["test"]["forces"]["rmse"], rel=1e-6)
    out, _ = here("evaluate", "m.safetensors", "data.xyz")
    assert "sgdml@fake_calculators:cheap force field of CH4O" in out
    here("predict", "m.safetensors", "data.xyz", "--out", "predicted.xyz")
    here("md", "m.safetensors", "--start", "data.xyz", "--time", "1fs", "--every", "0.5fs", "--out", "md.xyz")
    out, _ = here("cite", "m.safetensors")
    assert "sciadv" in out
    assert "learning the difference to a baseline" in out


def test_evaluation_calculates_ahead_and_never_twice(trained, here, folder):
    write_extxyz(folder / "more.xyz", toy_dataset(12, seed=7))
    before = Cheap.calls
    first = here.json("evaluate", "m.safetensors", "more.xyz")
    assert Cheap.calls == before + 12
    here("predict", "m.safetensors", "more.xyz", "--out", "more-predicted.xyz")
    assert here.json("evaluate", "m.safetensors", "more.xyz") == first
    assert Cheap.calls == before + 12


def test_an_export_is_refused_with_the_reason(trained, here):
    _, err = here("export", "m.safetensors", "--to", "torch", code=2)
    assert "calls fake_calculators:cheap at every step, which no graph of operations can hold" in err
    _, err = here("export", "m.safetensors", "--to", "sgdml", code=2)
    assert "of kind difference" in err


def test_a_ladder(trained, here, folder):
    before = Cheap.calls
    result = here.json(*TRAIN, "--baseline", "m.safetensors", "--out", "ladder.safetensors")
    assert Cheap.calls > before
    assert result["baseline"]["version"].startswith("sha256 ")
    assert result["test"]["forces"]["rmse"] <= trained["test"]["forces"]["rmse"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--baseline", "GFN9-xTB"], "'GFN9-xTB' is not a known method"),
        (["--baseline", "none.safetensors"], "There is no file none.safetensors with a force field"),
        (["--charge", 1], "are those of a baseline: add --baseline"),
        (["--learn-baseline", 100], "are those of a baseline: add --baseline"),
        (["--baseline", "m.safetensors", "--learn-baseline", 100], "nothing to learn: leave out --learn-baseline"),
        (["--baseline", "m.safetensors", "--charge", 0], "leave out --charge"),
        (["--baseline", "fake_calculators:cheap", "--charge", 1], "a function of your own, which sets charge"),
        (["--baseline", "fake_calculators:breaks"], "fails for too many frames"),
    ],
)
def test_mistakes(trained, here, folder, options, sentence):
    before = set(folder.iterdir())
    _, err = here(*TRAIN, *options, "--out", "x.safetensors", code=2)
    assert sentence in err
    assert set(folder.iterdir()) == before


def test_charge_and_multiplicity_are_asked_for(tmp_path):
    pytest.importorskip("tblite")
    methyl = molecule("CH3")
    Springs.rest = None
    frames = [methyl.copy() for _ in range(40)]
    for seed, frame in enumerate(frames):
        frame.rattle(0.05 if seed else 0.0, seed=seed)
        frame.calc = Springs()
    energies, forces = zip(*((frame.get_potential_energy(), frame.get_forces()) for frame in frames), strict=True)
    positions = np.array([frame.positions for frame in frames])[1:]
    write_extxyz(tmp_path / "methyl.xyz", (methyl.numbers, positions, np.array(energies)[1:], np.array(forces)[1:]))
    _, err = Shell(tmp_path)(
        *("train", "methyl.xyz", "--train", 20, "--valid", 10, "--baseline", "GFN2-xTB", "--units", "eV"), code=2
    )
    assert "GFN2-xTB needs the charge and multiplicity of CH3, which methyl.xyz does not state" in err
    assert "give --charge and --multiplicity" in err


def test_energies_of_a_higher_level(trained, here, folder):
    """Frames without forces, on top of a force field that has them: all are trained on, and how sure it is is said."""
    data = toy_dataset(50, seed=5)
    higher = data.energies + 0.2 * np.linalg.norm(data.positions[:, 0] - data.positions[:, 1], axis=1) ** 2
    write_extxyz(folder / "higher.xyz", (data.numbers, data.positions[:40], higher[:40], None))
    write_extxyz(folder / "unseen.xyz", (data.numbers, data.positions[40:], higher[40:], None))
    result = here.json("train", "higher.xyz", "--baseline", "m.safetensors", "--out", "top.safetensors")
    assert (result["n_train"], result["n_valid"], result["validation"]["n_frames"]) == (40, 0, 40)
    assert result["validation"]["forces"] is None
    errors = here.json("evaluate", "top.safetensors", "unseen.xyz")["energy"]["rmse"]
    lower = here.json("evaluate", "m.safetensors", "unseen.xyz")["energy"]["rmse"]
    assert errors < 0.2 * lower
    assert 0.3 < result["validation"]["energy"]["rmse"] / errors < 3
    out, _ = here("train", "higher.xyz", "--baseline", "m.safetensors", "--out", "top.safetensors", "--overwrite")
    assert "errors of each, predicted from the others" in out
    here("predict", "top.safetensors", "unseen.xyz", "--out", "higher-predicted.xyz")  # with forces


def test_energies_alone_need_a_baseline(here, folder):
    data = toy_dataset(20, seed=5)
    write_extxyz(folder / "energies.xyz", (data.numbers, data.positions, data.energies, None))
    _, err = here("train", "energies.xyz", code=2)
    assert "or train on top of a force field that has them (--baseline)" in err
    _, err = here("train", "energies.xyz", "--model", "schnet", "--baseline", "m.safetensors", code=2)
    assert "SchNet needs them even with a baseline" in err
    _, err = here("train", "energies.xyz", "--baseline", "fake_calculators:cheap", "--learn-baseline", 60, code=2)
    assert "which a learned baseline and --baseline auto need" in err
