"""Check that the files and links that the documentation names exist.

Markdown links are looked up from the page; `names/of/files.py` in backticks from the package, its parts, or the root.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)")
FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.py|(?:[\w-]+/){2,})`")


def missing(page: Path) -> list[str]:
    """Names in a page that lead nowhere."""
    text = page.read_text(encoding="utf-8")
    links = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    return links + [name for name in FILE.findall(text) if page.name != "CHANGELOG.md" and not _exists(name)]


def _exists(name: str) -> bool:
    """Whether a file or folder of the repository has this name or ends with it."""
    folders = (ROOT / "src" / "supple", ROOT / "src", ROOT / "tests", ROOT)
    return any((folder / name).exists() for folder in folders) or any((ROOT / "src" / "supple").rglob(name.rstrip("/")))


def main() -> int:
    """Print what is missing; return 1 if anything is."""
    found = {page.relative_to(ROOT): names for page in PAGES if (names := missing(page))}
    for page, names in found.items():
        print(f"{page}: {', '.join(dict.fromkeys(names))}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
