"""An entry of a registry as an installed plugin would add it, for the time of a test."""

from importlib.metadata import EntryPoint


def install(monkeypatch, registry, name, target):
    """Add an entry to a registry; `target` as `module:attribute`."""
    monkeypatch.setitem(vars(registry), "_added", {name: EntryPoint(name, target, registry.group)})
    monkeypatch.setattr(registry, "_loaded", dict(registry._loaded))
