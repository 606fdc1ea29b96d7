"""report.html: what a study found, as one page that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from supple.runtime.files import write_text
from supple.study.html_report.content import page_content
from supple.study.results import Results

Closeups = dict[str, dict[str, Any] | None]

_HERE = Path(__file__).parent


def write_page(results: Results, closeups: Closeups, path: Path, target: float | None = None) -> None:
    """Write the page; `closeups` are those of `supple.study.error_details` by dataset, `target` is a force error to be reached."""
    write_text(path, render(results, closeups, target))


def render(results: Results, closeups: Closeups, target: float | None = None) -> str:
    """The page as text.

    Whatever comes from files is escaped. Should something slip through nevertheless, browsers run the page's own scripts alone: their
    hashes are named in its security policy.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(_HERE), trim_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    scripts = [_plotly(), _own("molecule.js") + _own("page.js")]
    policy = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    return environment.get_template("page.html.j2").render(
        page_content(results, closeups, target),
        style=Markup(_own("page.css")),
        scripts=[Markup(s) for s in scripts],
        policy=Markup(policy),
    )


def _own(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
