"""The site has a place for every public name and every command."""

import re
from importlib import import_module
from pathlib import Path

import pytest

import supple
from supple.cli.main import GROUPS

DOCS = Path(__file__).parents[1] / "docs"
API = "\n".join(page.read_text(encoding="utf-8") for page in sorted((DOCS / "api").glob("*.md")))


def documented(module):
    """The names of a module that a page of the reference describes."""
    names = set()
    for block in re.findall(r"```\{eval-rst\}\n(.*?)```", API, re.S):
        if f".. currentmodule:: {module}\n" in block:
            names |= set(re.findall(r"\.\. auto\w+:: (\w+)", block))
    return names


def test_every_public_name_is_in_the_reference():
    assert documented("supple") == set(supple.__all__) - {"__version__"}


@pytest.mark.parametrize(
    "package", ["study", "training", "tuning", "sampling", "simulation.dynamics", "simulation.relaxation"]
)
def test_what_a_package_offers_is_in_the_reference(package):
    module = f"supple.{package}"
    # TrainingRun is what `train` works with.
    assert documented(module) >= set(import_module(module).__all__) - {"TrainingRun"}


def test_every_heading_of_the_help_is_on_the_page_of_commands():
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert re.findall(r"```\{command-help\} (.+)", page) == list(GROUPS)


def test_every_page_is_reachable():
    """Sphinx warns of pages in no table of contents, but not of one that a glob takes in by chance."""
    tables = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    for page in DOCS.glob("*.md"):
        assert re.search(rf"^{re.escape(page.stem)}$", tables, re.M) or page.stem == "index", page.name
