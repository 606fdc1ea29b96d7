"""A template of the program in fake_program.py."""

import sys
from pathlib import Path

import pytest
import yaml

TEMPLATE = """
program: Fake
executable: {python}
command: "{{{{ executable }}}} {program} run"
files:
  input.txt: |
    {{{{ charge }}}} {{{{ multiplicity }}}} {{{{ attempt or "plain" }}}}
    {{{{ geometry }}}}
results: result.engrad
success: This is the end
failures: [{{says: NO CONVERGENCE, reason: the self-consistent field did not converge}}]
version_command: "{{{{ executable }}}} {program} --version"
version_pattern: version (\\S+)
"""


@pytest.fixture
def template(tmp_path, monkeypatch):
    """A function that writes the template, with other lines, and returns the name of the method."""
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    program = Path(__file__).parent / "fake_program.py"

    def write(*lines):
        file = tmp_path / "fake.yaml"
        content = yaml.safe_load(TEMPLATE.format(python=sys.executable, program=program))
        file.write_text(yaml.safe_dump(content | yaml.safe_load("\n".join(lines) or "{}")))
        return f"template:{file}"

    return write


@pytest.fixture
def calls(tmp_path):
    """The calls so far: folder, mode and argument of each."""
    return lambda: [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
