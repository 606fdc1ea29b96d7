"""Settings as YAML: from a file, or a single value from the command line."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from supple.errors import SettingsError, first_line

#: A larger file does not consist of settings.
_LARGEST_FILE = 1024**2
_DEEPEST = 50


class _PlainLoader(yaml.SafeLoader):
    """Numbers, texts, lists and mappings: no aliases, by which a few lines can stand for gigabytes, and no name twice."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As the base class does, but aliases and deep nesting are refused."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(
                None, None, "aliases (*name) are not supported", self.peek_event().start_mark
            )
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RecursionError
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """As the base class does, but repeated names are refused."""
        names = [name.value for name, _ in node.value if isinstance(name, yaml.ScalarNode)]
        twice = next(
            (name for name, after in zip(sorted(names), sorted(names)[1:], strict=False) if name == after), None
        )
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"'{twice}' is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> Any:
    """The value of a YAML text.

    Raises:
        ValueError: it is not YAML, nested too deeply, has aliases, or gives a name twice; the message is part of a sentence.
    """
    try:
        return yaml.load(text, _PlainLoader)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" in line {error.problem_mark.line + 1}"
        raise ValueError(f"{error.problem}{line}") from error
    except yaml.YAMLError as error:
        raise ValueError(first_line(error)) from error


def read_yaml(path: Path) -> Any:
    """The value in a YAML file.

    Raises:
        OSError: the file cannot be read.
        ValueError: as `parse_yaml`, or the file is too large, or is not UTF-8.
    """
    if path.stat().st_size > _LARGEST_FILE:
        raise ValueError("it is larger than 1 MiB")
    return parse_yaml(path.read_text(encoding="utf-8"))


def read_settings(path: Path) -> dict[str, Any]:
    """The settings in a YAML file: a mapping of names to values.

    Raises:
        SettingsError: the file is missing, is not YAML, or is not a mapping.
    """
    try:
        content = read_yaml(Path(path))
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise SettingsError(f"The settings file {path} is not YAML: {error}.") from error
    if not isinstance(content, dict):
        raise SettingsError(f"The settings file {path} must consist of lines such as 'sigma: 10'.")
    return {str(name): value for name, value in content.items()}
