"""Links of pages to files outside this folder, which a reader of the repository follows, lead to the pages that show these files."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

#: Beginning of a link's address -> the page.
_PAGES = {"](../CONTRIBUTING.md": "](contributing.md", "](../examples)": "](examples.md)"}


def _process(app: Sphinx, page: str, source: list[str]) -> None:
    for link, target in _PAGES.items():
        source[0] = source[0].replace(link, target)


def setup(app: Sphinx) -> dict[str, Any]:
    """Listen to the reading of pages."""
    app.connect("source-read", _process)
    return {"parallel_read_safe": True}
