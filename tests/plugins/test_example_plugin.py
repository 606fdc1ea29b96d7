"""A package that adds a file format and a model is installed as a user would, and then used by the commands."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from toy import toy_dataset

PLUGIN = Path(__file__).parent / "example_plugin"
#: Every command in the same process: importing torch takes longer than all of them.
COMMANDS = """
import contextlib, io, json, sys
from supple.cli.main import run

def supple(*words):
    out, error, code = io.StringIO(), io.StringIO(), 0
    sys.argv = ["supple", *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            run()
        except SystemExit as stopped:
            code = stopped.code or 0
    return [code, out.getvalue(), error.getvalue()]

print(json.dumps([supple(*words) for words in json.loads(sys.argv[1])]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the installed plugin, to be put on PYTHONPATH."""
    pytest.importorskip("setuptools")
    source = tmp_path_factory.mktemp("plugin") / "source"  # building writes into it
    shutil.copytree(PLUGIN, source)
    target = source.with_name("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", target, source], check=True, capture_output=True, timeout=120)
    return target


@pytest.fixture
def file(tmp_path) -> Path:
    """A file of the format that the plugin reads."""
    data = toy_dataset(60)
    path = tmp_path / "toy.frames"
    arrays = {name: getattr(data, name).tolist() for name in ("energies", "positions", "forces")}
    path.write_text(json.dumps({"symbols": data.symbols, "energy_unit": "eV", **arrays}))
    return path


def test_commands_use_the_format_and_the_model(installed, file, tmp_path):
    model = tmp_path / "model.safetensors"
    train = ["train", str(file), "--train", "30", "--valid", "10", "--json"]
    commands = [
        [*train, "--model", "springs", "--out", str(model)],
        ["evaluate", str(model), str(file), "--json"],
        ["train", "--help"],
        [*train, "--model", "ropes"],
    ]
    path = os.pathsep.join([str(installed), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)],
        check=True, capture_output=True, text=True, timeout=300, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    trained, evaluated, helped, refused = json.loads(done.stdout)
    assert trained[0] == evaluated[0] == helped[0] == 0, done.stdout
    result = json.loads(trained[1])
    assert result["kind"] == "springs"
    assert result["settings"] == {"ridge": 1e-6}
    errors = json.loads(evaluated[1])
    assert errors["forces"]["rmse"] < 0.5 * toy_dataset(60).forces.std()
    assert errors["forces"]["unit"] == "eV/Å"
    assert "springs" in helped[1]
    assert refused[0] == 2
    assert "sgdml, schnet, bespoke, springs" in refused[2]
