"""A run that was interrupted with version 0.1.0, after 20 of 40 fs, is resumed; its files are in interrupted_run/."""

import copy
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from simulation.dynamics.closed_form import Springs, start

from supple.errors import SettingsError
from supple.simulation.dynamics import DynamicsSettings, run_md
from supple.simulation.dynamics.saved_replica import SavedReplica
from supple.simulation.trajectories import read_trajectory

OLD = Path(__file__).parent / "interrupted_run"
SETTINGS = DynamicsSettings.of(ensemble="nose-hoover", time="40fs", damping="20fs")


@pytest.fixture
def old(tmp_path):
    """The folder of the run, as it was left."""
    (tmp_path / "md.run").mkdir()
    for name in ("run.json", "state.json"):
        shutil.copyfile(OLD / name, tmp_path / "md.run" / name)
    for name in ("md-0.xyz", "md-1.xyz"):
        shutil.copyfile(OLD / name, tmp_path / name)
    return tmp_path


def test_it_is_resumed_as_if_undisturbed(old, tmp_path):
    potential = Springs()
    results = run_md(potential, start(2), SETTINGS, old / "md.xyz", replicas=2)
    assert [result.time for result in results] == [40.0, 40.0]
    assert len(potential.calls) == 41  # the first forces, and those of 40 steps of 80
    run_md(Springs(), start(2), SETTINGS, tmp_path / "whole" / "md.xyz", replicas=2)
    for k in range(2):
        resumed, whole = (read_trajectory(folder / f"md-{k}.xyz") for folder in (old, tmp_path / "whole"))
        for name in ("positions", "momenta", "energies", "conserved", "times", "temperatures"):
            # another processor may round differently
            np.testing.assert_allclose(getattr(resumed, name), getattr(whole, name), rtol=1e-9, atol=1e-9)


def test_states_are_written_as_they_were():
    for values in json.loads((OLD / "state.json").read_text())["replicas"]:
        stopped = copy.deepcopy(values)
        stopped["stopped"] = {"said": "at 22 fs the bond C1-O2 is long", "left": 1, "tally": values["tally"]}
        for state in (values, stopped):
            again = SavedReplica.from_json(state).to_json()
            assert again == state
            assert list(again) == list(state)


@pytest.mark.parametrize("missing", ["positions", "rng", "tally", "frames"])
def test_a_state_that_lacks_something_is_refused(old, missing):
    file = old / "md.run" / "state.json"
    content = json.loads(file.read_text())
    del content["replicas"][1][missing]
    file.write_text(json.dumps(content))
    with pytest.raises(SettingsError, match=rf"state\.json cannot be read \({missing}: field required\)"):
        run_md(Springs(), start(2), SETTINGS, old / "md.xyz", replicas=2)
