"""Options of commands that are declared by a settings class."""

import inspect
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Annotated

import pytest
from annotated_types import Ge
from typer import Typer
from typer.testing import CliRunner

from supple.cli.settings_options import with_settings_options
from supple.simulation.analysis import AnalysisSettings
from supple.simulation.dynamics import DynamicsSettings
from supple.simulation.settings_base import SimulationSettings


@dataclass(frozen=True)
class Chosen(SimulationSettings):
    """Two settings."""

    topic = "a test"

    size: Annotated[int, Ge(1)] = field(default=3, metadata={"description": "How large."})
    kind: str | None = field(default=None, metadata={"description": "Which kind."})


@pytest.fixture
def called():
    """A command with the options of a settings class and one of its own; what it was called with."""
    app, calls = Typer(), []

    @app.command()
    @with_settings_options(Chosen)
    def command(name: str, settings: Chosen, loud: bool = False) -> None:
        """Summary."""
        calls.append((name, settings, loud))

    def call(*words):
        result = CliRunner().invoke(app, list(words))
        return result, calls[-1] if calls else None

    return call


def test_a_command_gets_validated_settings(called):
    result, (name, settings, loud) = called("n", "--size", "5", "--loud")
    assert result.exit_code == 0
    assert (name, settings.size, settings.kind, loud) == ("n", 5, None, True)
    assert called("n", "--size", "0")[0].exit_code == 2
    text = called("--help")[0].output
    for words in ("Summary.", "--size", "How large.", "x>=1", "--kind", "--loud"):
        assert words in text


@pytest.mark.parametrize("settings_class", [DynamicsSettings, AnalysisSettings])
def test_every_setting_is_an_option_with_its_own_default_and_help(settings_class):
    from supple.cli.analyse import analyse
    from supple.cli.md import md

    command = md if settings_class is DynamicsSettings else analyse
    parameters = inspect.signature(command).parameters
    assert "settings" not in parameters
    settings = settings_class.settings()
    given = {one.name: parameters[one.name].default for one in settings}
    assert settings_class.of(**given) == settings_class.of() == settings_class()
    for one in settings:
        (option,) = parameters[one.name].annotation.__metadata__
        assert option.help == one.description
        assert one.description.endswith(".")


def test_options_of_md_are_those_of_all_earlier_versions():
    from supple.cli.md import md

    defaults = {name: p.default for name, p in inspect.signature(md).parameters.items() if p.default is not p.empty}
    assert {name: str(value) for name, value in defaults.items()} == {
        "start": "None", "frame": "0", "ensemble": "langevin", "temperature": "300.0", "time": "100ps",
        "timestep": "0.5fs", "every": "10fs", "damping": "100fs", "replicas": "1", "seed": "0", "out": "md.xyz",
        "reference": "None", "on_leave": "stop", "max_error": "None", "units": "None", "json": "False", "overwrite": "False",
    }  # fmt: skip


def test_settings_are_imported_without_what_is_slow():
    code = "import sys, supple.cli.md, supple.cli.analyse; print({'numpy', 'torch', 'pydantic'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"
