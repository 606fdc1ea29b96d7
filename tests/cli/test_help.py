"""What `supple --help` and the help of each command look like on a narrow terminal."""

import subprocess
import sys
from importlib.metadata import version

import pytest
from cli.conftest import Shell

from supple.cli.main import GROUPS, summary

COMMANDS = {function.__name__: function for functions in GROUPS.values() for function in functions}


@pytest.fixture
def narrow(tmp_path):
    """What `supple` prints at 80 columns."""
    return lambda *words: Shell(tmp_path, columns=80)(*words)[0]


def test_commands_stand_in_groups_each_with_its_whole_summary(narrow):
    out = narrow("--help")
    lines = [line.strip() for line in out.splitlines()]
    for heading, functions in GROUPS.items():
        assert f"{heading}:" in lines
        for function in functions:
            assert [function.__name__, *summary(function).split()] in [line.split() for line in lines]
    assert len(COMMANDS) == sum(map(len, GROUPS.values()))  # each in one group


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_is_whole_and_says_nothing_twice(narrow, name):
    out = narrow(name, "--help")
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    assert out.count(summary(COMMANDS[name])) == 1
    assert summary(COMMANDS[name]).endswith(".")
    listed = out.partition("\nOptions:\n")[2]
    options = [line.split()[0] for line in listed.splitlines() if line.startswith("  -")]
    assert len(options) == len(set(options))


def test_help_imports_nothing_heavy():
    """`supple --help` takes a fraction of a second because of what it does not import; a clock would be noise."""
    code = "import sys; from supple.cli.main import app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "numpy", "scipy", "ase", "matplotlib", "pydantic"} & set(loaded)


def test_version(shell):
    out, _ = shell("--version")
    assert out == f"supple {version('supple')}\n"
