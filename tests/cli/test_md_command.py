"""`supple md`: what it prints, writes and returns; interrupted and killed; and labels for geometries out of range."""

import json
import shutil
import signal
import time

import ase.build
import ase.io
import numpy as np
import pytest
from cli.conftest import Shell
from simulation.dynamics.closed_form import labelled, start

from supple import SGDML, Bespoke, SchNet
from supple.data.writing import write_extxyz

MODELS = {
    "sgdml": SGDML(sigma=8.0, descriptor="inverse-distances", energies="integrated"),
    "schnet": SchNet(features=32, interactions=2, steps=600, validate_every=100, device="cpu"),
    "bespoke": Bespoke(features=8, layers=1, steps=200, warmup=20, validate_every=100, device="cpu"),
}
#: Cold enough that no guard triggers.
QUIET = ("--start", "start.xyz", "--temperature", 100)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a force field of each kind, of a molecule that holds together."""
    folder = tmp_path_factory.mktemp("models")
    train, valid, _ = labelled(90).split(train=60, valid=20, seed=0)
    for kind, settings in MODELS.items():
        settings.fit(train, valid, seed=0).save(folder / f"{kind}.safetensors")
    write_extxyz(folder / "data.xyz", labelled(90))
    write_extxyz(folder / "start.xyz", start(3))
    return folder


@pytest.fixture
def here(models, shell):
    """A folder with these, and geometries to begin from."""
    shutil.copytree(models, shell.folder, dirs_exist_ok=True)
    return shell


@pytest.mark.parametrize("kind", MODELS)
def test_one_trajectory(here, kind):
    # the networks have learned little, and know it
    lenient = ("--max-error", "100eV/Å")
    out, _ = here("md", f"{kind}.safetensors", *QUIET, *lenient, "--time", "50fs", "--reference", "data.xyz")
    assert "50 fs in md.xyz, mean temperature " in out
    assert "No guard triggered (bonds, collisions, expected force error)." in out
    assert "Guard not used: energy drift (" in out
    assert " steps/s." in out
    assert "Next:\n  ase gui md.xyz" in out
    frames = ase.io.read(here.folder / "md.xyz", ":")
    assert [frame.info["time_fs"] for frame in frames] == [0, 10, 20, 30, 40, 50]
    assert frames[1].get_momenta().any()


def test_replicas_in_natural_units(here):
    command = ["md", "sgdml.safetensors", *QUIET, "--ensemble", "nose-hoover", "--frame", "0,2", "--replicas", 3]
    result = here.json(*command, "--time", "0.02ps", "--every", "5fs", "--timestep", "0.25fs", "--out", "r.h5")
    runs = result["runs"]
    assert [one["out"] for one in runs] == ["r-0.h5", "r-1.h5", "r-2.h5"]
    for one in runs:
        assert (one["time_fs"], one["stopped"], one["sound"], one["left"], one["returns"]) == (
            20.0,
            None,
            True,
            None,
            0,
        )
        assert one["mean_temperature_K"] > 0
        assert abs(one["drift_meV_per_atom_per_ps"]) < 50
        assert "expected force error" in one["guards"]
        assert one["steps_per_second"] > 0
    again = here.json(*command, "--time", "0.02ps", "--every", "5fs", "--timestep", "0.25fs", "--out", "r.h5")
    assert again["runs"][0] == runs[0] | {"steps_per_second": None}


def test_geometries_out_of_range_are_kept_for_labels(here):
    pytest.importorskip("tblite")
    hot = ["md", "sgdml.safetensors", "--start", "start.xyz", "--temperature", 9000, "--time", "300fs"]
    out, _ = here(*hot, code=1)
    assert "Stopped by a guard: at " in out
    assert "1 geometry out of range, without labels, in md-left.xyz." in out
    assert "  supple sample --label md-left.xyz" in out
    out, _ = here("sample", "--label", "md-left.xyz", "--jobs", 1)
    assert "1 frames in md-left-labelled.xyz; level of theory: GFN2-xTB" in out
    out, _ = here(*hot, "--on-leave", "warn")
    assert "Out of range (" in out
    out, _ = here(*hot, "--on-leave", "restrain", "--out", "r.xyz", code=1)  # it cannot be kept within range
    assert "to the last frame within range, with new velocities: averages lack the geometries out of range" in out


def test_start_from_the_training_set(here):
    here("md", "schnet.safetensors", "--reference", "data.xyz", "--frame", 7, "--time", "10fs", "--on-leave", "warn")
    begun = ase.io.read(here.folder / "md.xyz", "0")
    np.testing.assert_allclose(begun.get_all_distances()[0], distances(labelled(90).positions[7])[0], atol=1e-9)


def distances(positions):
    return np.linalg.norm(positions[:, None] - positions, axis=-1)


#: Long enough to be stopped.
LONG = ["md", "sgdml.safetensors", *QUIET, "--replicas", 2, "--time", "2ps", "--every", "20fs"]


@pytest.fixture(scope="module")
def whole(models):
    """The trajectories of an undisturbed run."""
    Shell(models)(*LONG, "--out", "whole.xyz")
    return [(models / f"whole-{k}.xyz").read_bytes() for k in range(2)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_at_any_moment_it_resumes_to_the_same_bits(here, whole, how):
    state = here.folder / "broken.run" / "state.json"
    process = here.start(*LONG, "--out", "broken.xyz")
    while not state.exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if how == signal.SIGINT else -how), "it was done before it could be stopped"
    step = json.loads(state.read_text())["replicas"][0]["step"]
    if how == signal.SIGINT:
        assert "Interrupted. Run the command again to resume." in err
        assert "Traceback" not in err
        assert len(ase.io.read(here.folder / "broken-1.xyz", ":")) == step / 40 + 1 > 1
    _, err = here(*LONG, "--out", "broken.xyz")
    assert f"broken.xyz: resuming at {'0 fs' if step == 0 else ''}" in err
    assert [(here.folder / f"broken-{k}.xyz").read_bytes() for k in range(2)] == whole


def test_what_is_refused(here):
    md = ("md", "sgdml.safetensors")
    refused = here.refused
    assert "No initial geometry: give a file with --start" in refused(*md)
    assert "There is no file none.xyz" in refused(*md, "--start", "none.xyz")
    assert "There is no model file none.safetensors" in refused("md", "none.safetensors", *QUIET)
    assert "There is no frame 3 in start.xyz, which has 3" in refused(*md, *QUIET, "--frame", 3)
    assert "the unit of '100' is missing" in refused(*md, *QUIET, "--time", 100).lower()
    assert "--every 10 fs is not a multiple of --timestep 0.3 fs" in refused(*md, *QUIET, "--timestep", "0.3fs")
    assert "md.dcd must end in one of these" in refused(*md, *QUIET, "--out", "md.dcd")
    assert "temperature" in refused(*md, "--start", "start.xyz", "--temperature", 0)
    ase.io.write(here.folder / "water.xyz", ase.build.molecule("H2O"))
    assert "water.xyz contains H2O" in refused(*md, "--start", "water.xyz")
    positions = start().positions.copy()
    positions[0, 3] += 3.0
    write_extxyz(here.folder / "torn.xyz", (start().numbers, positions, None, None))
    assert "Frame 0 of torn.xyz cannot be used to start a run" in refused(*md, "--start", "torn.xyz")
    here(*md, *QUIET, "--time", "20fs")
    sentence = refused(*md, "--start", "start.xyz", "--temperature", 40, "--time", "20fs")
    assert "md.run contains a run with other settings (temperature was 100.0, is now 40.0)" in sentence


def test_labels_are_refused_where_they_cannot_be(here):
    assert "--label uses the geometries of a file as they are" in here.refused(
        "sample", "azobenzene", "--label", "start.xyz"
    )
    assert "There is no file none.xyz" in here.refused("sample", "--label", "none.xyz")


def test_a_limit_of_the_expected_error(here):
    out, _ = here("md", "sgdml.safetensors", *QUIET, "--time", "20fs", "--max-error", "50eV/Å")
    assert "expected force error" in out
    _, err = here(
        "md",
        "sgdml.safetensors",
        *QUIET,
        "--time",
        "20fs",
        "--max-error",
        "1e-9",
        "--on-leave",
        "warn",
        "--out",
        "warned.xyz",
    )
    assert "has an expected error of" in err
    assert "cannot be used to start a run: the force on" in here.refused(
        "md", "sgdml.safetensors", *QUIET, "--time", "20fs", "--max-error", "1e-9", "--out", "none.xyz"
    )
    assert "'much' is not a limit of a force" in here.refused(
        "md", "sgdml.safetensors", *QUIET, "--max-error", "much", "--out", "none.xyz"
    )
