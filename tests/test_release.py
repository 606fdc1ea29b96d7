"""What a release consists of says the same everywhere: version, date, and what is required."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: Names of packages on conda-forge that differ from those of PyPI.
CONDA = {"torch": "pytorch", "matplotlib": "matplotlib-base"}


@pytest.fixture(scope="module")
def recipe():
    return yaml.safe_load((ROOT / "recipe" / "recipe.yaml").read_text(encoding="utf-8"))


def test_the_version_is_the_same_everywhere(recipe):
    version = PROJECT["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version
    assert json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))["version"] == version
    assert recipe["context"]["version"] == version
    headings = re.findall(r"^## \[(.+?)\](?: - (.+))?$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    released = [(name, date) for name, date in headings if name != "Unreleased"]
    assert released[0] == (version, str(citation["date-released"]))


def test_the_conda_recipe_requires_what_the_package_requires(recipe):
    required = {re.match(r"([\w-]+)(>=[\d.]+)", text).groups() for text in PROJECT["dependencies"]}
    expected = {f"{CONDA.get(name, name)} {bound}" for name, bound in required}
    assert set(recipe["requirements"]["run"][1:]) == expected
    assert recipe["context"]["python_min"] == PROJECT["requires-python"].removeprefix(">=")
    assert recipe["build"]["python"]["entry_points"] == [f"supple = {PROJECT['scripts']['supple']}"]


def test_the_licence_is_the_same_everywhere(recipe):
    zenodo = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    assert {recipe["about"]["license"], zenodo["license"], PROJECT["license"]} == {"MIT"}
