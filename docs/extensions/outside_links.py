"""Files outside this folder: links to them lead to the pages that show them, and two of these pages are such files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

_ROOT = Path(__file__).parents[2]
#: Page -> the file that it is.
_FILES = {"contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md"}
#: Beginning of a link's address, in those files or in pages -> in the site.
_OF_FILES = {"](docs/": "](", "](CONTRIBUTING.md": "](contributing.md", "](CHANGELOG.md": "](changelog.md"}
_OF_PAGES = {"](../CONTRIBUTING.md": "](contributing.md", "](../examples)": "](examples.md)"}


def _process(app: Sphinx, page: str, source: list[str]) -> None:
    links = _OF_PAGES
    if page in _FILES:
        file = _ROOT / _FILES[page]
        source[0], links = file.read_text(encoding="utf-8"), _OF_FILES
        app.env.note_dependency(str(file))
    for link, target in links.items():
        source[0] = source[0].replace(link, target)


def setup(app: Sphinx) -> dict[str, Any]:
    """Listen to the reading of pages."""
    app.connect("source-read", _process)
    return {"parallel_read_safe": True}
