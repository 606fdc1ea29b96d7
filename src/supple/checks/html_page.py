"""An examination as an HTML page."""

from __future__ import annotations

from supple.checks.examine_files import Examination
from supple.runtime.html import html_page, render

_STYLE = """
table { margin: 0 0 1rem; }
th { font-weight: 600; padding: .15rem 1rem .15rem 0; white-space: nowrap; }
td { padding: .15rem 0; overflow-wrap: anywhere; }
li { margin: .5rem 0; overflow-wrap: anywhere; }
.remedy, .frames { display: block; color: var(--soft); }
.severity { font-weight: 700; }
.error { color: var(--bad); } .warning { color: var(--warn); } .note { color: var(--soft); }
@media (max-width: 40rem) { th { white-space: normal; } }
"""

_BODY = """
{%- macro listing(findings) -%}
<ul>
{%- for f in findings %}
<li><span class="severity {{ f.label }}">{{ f.label }}</span> <code>{{ f.name }}</code> {{ f.sentence }}.
{%- if f.remedy %}<span class="remedy">→ {{ f.remedy }}</span>{% endif %}
{%- if f.frames %}<details><summary>{{ f.frames|length }} frame{{ "s" if f.frames|length != 1 }}</summary>
<span class="frames">{{ f.frames|join(", ") }}</span></details>{% endif %}</li>
{%- endfor %}
</ul>
{%- endmacro -%}
{%- for report in examination.reports %}
<h2>{{ report.path.name }}</h2>
{%- if report.card %}
<table>
{%- for heading, text in report.card.rows() %}
<tr><th scope="row">{{ heading }}</th><td>{{ text }}</td></tr>
{%- endfor %}
</table>
{%- endif %}
{%- if report.findings %}{{ listing(report.findings) }}{% else %}<p>No problems found.</p>{% endif %}
{%- endfor %}
{%- if examination.together %}
<h2>All files together</h2>
{{ listing(examination.together) }}
{%- endif %}
"""


def check_page(examination: Examination) -> str:
    """The examination as a self-contained page; names and texts from files are escaped."""
    return html_page("Data check", render(_BODY, examination=examination), _STYLE)
