"""Self-contained HTML pages: light and dark, on narrow screens and on paper. Names and texts are escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

_STYLE = """
:root { color-scheme: light dark; --back: #ffffff; --text: #1b1d22; --soft: #5b606b; --line: #d9dce1;
  --bad: #b00020; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) {
  :root { --back: #16181c; --text: #e6e6e6; --soft: #a3a8b3; --line: #363a42; --bad: #ff8a94; --warn: #f0c060; }
}
body { background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem;
  padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.bad { color: var(--bad); font-weight: 700; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; }
@media (max-width: 40rem) { body { padding: .75rem; } }
@media print {
  :root { --back: #ffffff; --text: #000000; --soft: #444444; --line: #bbbbbb; --bad: #b00020; --warn: #8a5a00; }
  figure, tr { break-inside: avoid; } h2 { break-after: avoid; } body { max-width: none; }
}
"""

#: By which a page is known as one of Supple's.
_MARK = '<meta name="generator" content="Supple">'

_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{_MARK}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{{{ title }}}}</title>
<style>{{{{ style }}}}</style>
</head>
<body>
<h1>{{{{ title }}}}</h1>
{{{{ body }}}}
</body>
</html>
"""

_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined)


def render(template: str, **values: object) -> Markup:
    """A template of Jinja filled in; values that are not `Markup` are escaped."""
    return Markup(_ENVIRONMENT.from_string(template).render(**values))


def html_page(title: str, body: Markup, style: str = "") -> str:
    """A page.

    Args:
        title: of the window and the page; escaped.
        body: content below the title, as `render` returns it.
        style: CSS besides that of all pages, which defines the colours `--text`, `--soft`, `--line`, `--bad` and `--warn`.
    """
    return str(render(_PAGE, title=title, body=body, style=Markup(_STYLE + style)))


def is_own_page(path: Path) -> bool:
    """Whether a file is a page that `html_page` made."""
    with path.open("rb") as file:
        return _MARK.encode() in file.read(256)
