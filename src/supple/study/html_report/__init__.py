"""report.html: the results of a study as one self-contained page, which needs no network and no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path

from supple.runtime.files import write_text
from supple.study.error_details import ErrorDetails
from supple.study.html_report.content import page_content
from supple.study.results import Results

_FOLDER = Path(__file__).parent


def write_page(
    results: Results, details: Mapping[str, ErrorDetails | None], path: Path, target: float | None = None
) -> None:
    """Write the page; `details` are those of each dataset, `target` is a force error to reach."""
    write_text(path, render(results, details, target))


def render(results: Results, details: Mapping[str, ErrorDetails | None], target: float | None = None) -> str:
    """The page as text.

    Whatever comes from files is escaped. Should anything slip through, browsers run only the page's own scripts: its security
    policy lists their hashes.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(_FOLDER), trim_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    scripts = [_plotly(), _own("molecule.js") + _own("page.js")]
    policy = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    content = page_content(results, details, target)
    return environment.get_template("page.html.j2").render(
        {field.name: getattr(content, field.name) for field in fields(content)},
        style=Markup(_own("page.css")),
        scripts=[Markup(script) for script in scripts],
        policy=Markup(policy),
    )


def _own(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
