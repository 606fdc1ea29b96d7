"""An examination as HTML: a fragment for reports, and a page of its own. Names and texts from files are escaped."""

from __future__ import annotations

from jinja2 import Environment, StrictUndefined

from supple.checks.examine_files import Examination

_STYLE = """
.supple-check { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
.supple-check table { border-collapse: collapse; margin: 0 0 1rem; }
.supple-check th { text-align: left; font-weight: 600; padding: .15rem 1rem .15rem 0; vertical-align: top;
  white-space: nowrap; }
.supple-check td { padding: .15rem 0; overflow-wrap: anywhere; }
.supple-check li { margin: .5rem 0; }
.supple-check .remedy, .supple-check .frames { display: block; opacity: .8; }
.supple-check .severity { font-weight: 700; }
.supple-check .serious { color: #b00020; } .supple-check .warning { color: #8a5a00; } .supple-check .note { color: #555; }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #e6e6e6; }
  .supple-check .serious { color: #ff8a94; } .supple-check .warning { color: #f0c060; }
  .supple-check .note { color: #aaa; }
}
@media (max-width: 40rem) { .supple-check th { white-space: normal; } }
"""

_FRAGMENT = """
{%- macro listing(findings) -%}
<ul>
{%- for f in findings %}
<li><span class="severity {{ f.severity }}">{{ f.severity }}</span> <code>{{ f.name }}</code> {{ f.sentence }}.
{%- if f.remedy %}<span class="remedy">→ {{ f.remedy }}</span>{% endif %}
{%- if f.frames %}<details><summary>{{ f.frames|length }} frames</summary>
<span class="frames">{{ f.frames|join(", ") }}</span></details>{% endif %}</li>
{%- endfor %}
</ul>
{%- endmacro -%}
<section class="supple-check">
{%- for report in examination.reports %}
<h2>{{ report.path.name }}</h2>
{%- if report.card %}
<table>
{%- for heading, text in report.card.rows() %}
<tr><th scope="row">{{ heading }}</th><td>{{ text }}</td></tr>
{%- endfor %}
</table>
{%- endif %}
{%- if report.findings %}{{ listing(report.findings) }}{% else %}<p>Nothing was found to be wrong.</p>{% endif %}
{%- endfor %}
{%- if examination.together %}
<h2>The files together</h2>
{{ listing(examination.together) }}
{%- endif %}
</section>
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data check</title>
<style>{{ style }}</style>
</head>
<body>
<header class="supple-check"><h1>Data check</h1></header>
{{ fragment }}
</body>
</html>
"""

_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined)


def check_fragment(examination: Examination) -> str:
    """The examination as a section of a page."""
    return _ENVIRONMENT.from_string(_FRAGMENT).render(examination=examination)


def check_page(examination: Examination) -> str:
    """The examination as a page that needs nothing else."""
    from markupsafe import Markup

    page = _ENVIRONMENT.from_string(_PAGE)
    return page.render(style=Markup(_STYLE), fragment=Markup(check_fragment(examination)))
