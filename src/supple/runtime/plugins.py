"""Plugins: open registries, whose entries come from this package and, by entry points, from any other that is installed.

A package adds to a registry in its pyproject.toml, without Supple knowing of it:

    [project.entry-points."supple.readers"]
    ".abc" = "my_package.abc_reader:load"

An entry is imported when it is first used, not before: listing the names costs no import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from supple.errors import SettingsError

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Entries of one kind by name: Supple's own, and those of installed plugins.

    Args:
        group: of the entry points that add to it, for instance `supple.readers`.
        noun: for a single entry, in messages; for instance `model`.
        own: name -> where Supple's own entry is defined, as `module:attribute`.
    """

    def __init__(self, group: str, noun: str, own: Mapping[str, str]) -> None:
        self.group = group
        self.noun = noun
        self._own = dict(own)
        self._loaded: dict[str, Entry] = {}

    @cached_property
    def _added(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=self.group) if point.name not in self._own}

    @property
    def names(self) -> tuple[str, ...]:
        """All names: Supple's own first, then those of plugins in alphabetical order."""
        return (*self._own, *sorted(self._added))

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._added

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def require(self, name: str) -> None:
        """Refuse a name that has no entry, without importing anything.

        Raises:
            SettingsError: there is no such entry.
        """
        if name not in self:
            raise SettingsError(
                f"'{name}' is not {_article(self.noun)} {self.noun}: choose one of {', '.join(self.names)}."
            )

    def get(self, name: str) -> Entry:
        """The entry of this name.

        Raises:
            SettingsError: there is none, or the plugin that has it cannot be imported.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> Entry:
        if name in self._own:
            module, _, attribute = self._own[name].partition(":")
            return cast(Entry, getattr(import_module(module), attribute))
        self.require(name)
        point = self._added[name]
        package = point.dist.name if point.dist is not None else point.value
        try:
            return cast(Entry, point.load())
        except Exception as error:
            raise SettingsError(
                f"The {self.noun} '{name}' of the plugin {package} cannot be loaded "
                f"({type(error).__name__}: {error}): update or uninstall that package."
            ) from error


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"
