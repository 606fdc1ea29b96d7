"""The texts of a template with their placeholders filled."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from supple.errors import SettingsError, first_line

if TYPE_CHECKING:
    from ase import Atoms
    from jinja2 import Environment


def fill(text: str, values: Mapping[str, Any], what: str) -> str:
    """A text with its placeholders filled.

    Args:
        text: a template of Jinja.
        values: of the placeholders.
        what: the text is, for messages.

    Raises:
        SettingsError: a placeholder is unknown, or the text is not a template.
    """
    from jinja2 import TemplateError

    try:
        return _environment().from_string(text).render(values)
    except TemplateError as error:
        raise SettingsError(
            f"{what} cannot be filled ({first_line(error)}): its placeholders are {', '.join(sorted(values))}."
        ) from error


def geometry_lines(atoms: Atoms) -> str:
    """A line for each atom: element and coordinates in Å."""
    return "\n".join(
        f"{symbol:<2} {x:18.12f} {y:18.12f} {z:18.12f}"
        for symbol, (x, y, z) in zip(atoms.symbols, atoms.positions, strict=True)
    )


@cache
def _environment() -> Environment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
