"""Docstrings of this project are plain text with a little Markdown; what reStructuredText would misread is put right here."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

#: A line that ends a paragraph before a list, and the list.
_LIST = re.compile(r"^(\s*)- ")


def with_blank_lines(lines: list[str]) -> list[str]:
    """The lines, with an empty one before the first item of each list, as Markdown does not need."""
    done: list[str] = []
    for line in lines:
        if _LIST.match(line) and done and done[-1].strip() and not _LIST.match(done[-1]):
            done.append("")
        done.append(line)
    return done


def _process(app: Sphinx, what: str, name: str, thing: object, options: Any, lines: list[str]) -> None:
    lines[:] = with_blank_lines(lines)


def setup(app: Sphinx) -> dict[str, Any]:
    """Listen to autodoc."""
    app.connect("autodoc-process-docstring", _process, priority=600)
    return {"parallel_read_safe": True}
