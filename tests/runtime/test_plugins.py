"""Registries: Supple's own entries and those of plugins, imported when asked for."""

from importlib.metadata import EntryPoint

import pytest

from supple.errors import SettingsError
from supple.runtime import plugins
from supple.runtime.plugins import Registry

OWN = {"square root": "math:sqrt"}


@pytest.fixture
def registry(monkeypatch):
    points = [
        EntryPoint("cosine", "math:cos", "supple.functions"),
        EntryPoint("broken", "no_such_module:thing", "supple.functions"),
        EntryPoint("square root", "math:cos", "supple.functions"),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: [p for p in points if p.group == group])
    return Registry("supple.functions", "function", OWN)


def test_own_entries_come_first_and_cannot_be_replaced(registry):
    assert registry.names == ("square root", "broken", "cosine")
    assert registry.get("square root")(9.0) == 3.0


def test_entries_of_plugins(registry):
    assert "cosine" in registry
    assert registry.get("cosine")(0.0) == 1.0


def test_an_unknown_name_is_answered_with_those_that_there_are(registry):
    with pytest.raises(SettingsError, match="'sine' is not a function: choose one of square root, broken, cosine"):
        registry.get("sine")


def test_a_plugin_that_cannot_be_imported_is_named(registry):
    with pytest.raises(SettingsError, match=r"function 'broken' of the plugin no_such_module:thing cannot be loaded"):
        registry.get("broken")
