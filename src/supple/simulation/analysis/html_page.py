"""An analysis as a page that needs nothing else: figures within, light and dark, on narrow screens and on paper."""

from __future__ import annotations

import io
import re

from markupsafe import Markup

from supple.runtime.html import html_page, render
from supple.simulation.analysis.figures import INK, Drawing
from supple.simulation.analysis.result import Analysis

_STYLE = """
figcaption { color: var(--soft); }
figure { margin: 0; overflow-x: auto; } figcaption { margin-bottom: .5rem; }
figure svg { display: block; width: 100%; min-width: 34rem; height: auto; color: var(--text); }
.table { overflow-x: auto; }
table { font-variant-numeric: tabular-nums; }
th, td { padding: .25rem 1.25rem .25rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 500; } tbody th { font-weight: 500; }
tbody th, td { white-space: nowrap; } td:nth-child(2) { white-space: normal; min-width: 9rem; }
@media (max-width: 40rem) { th, td { padding-right: .75rem; font-size: .9rem; } }
@media print { figure svg { min-width: 0; } }
"""

_BODY = """<p class="soft">{{ a.n_frames }} frames{% if a.reference %}, compared with {{ a.reference }}{% endif %}</p>
{% if not a.stable %}<p class="bad">Not stable to the end.</p>{% endif %}
<ul>
{%- for sentence in a.sentences() %}
<li>{{ sentence }}</li>
{%- endfor %}
</ul>
{%- for drawing, svg in drawings %}
<h2>{{ drawing.title }}</h2>
<figure><figcaption>{{ drawing.words }}</figcaption>{{ svg }}</figure>
{%- endfor %}
<h2>Numbers</h2>
<div class="table"><table>
<thead><tr><th scope="col">quantity</th><th scope="col">value</th>
<th scope="col">{% if a.reference %}reference{% endif %}</th><th scope="col">unit</th></tr></thead>
<tbody>
{%- for name, value, reference, unit in rows %}
<tr><th scope="row">{{ name }}</th><td>{{ value }}</td><td>{{ reference }}</td><td>{{ unit }}</td></tr>
{%- endfor %}
</tbody></table></div>
<p class="soft">h(r) and stability as in arXiv:2210.07237. The curves as CSV, the figures as PNG and PDF stand beside this
page.</p>
"""


def page(analysis: Analysis, drawn: list[Drawing], unit: str = "kcal/mol") -> str:
    """The page; names and texts from files are escaped."""
    drawings = [(drawing, Markup(_svg(drawing))) for drawing in drawn]
    body = render(_BODY, a=analysis, rows=analysis.rows(unit), drawings=drawings)
    return html_page(f"{analysis.formula}: {', '.join(analysis.names)}", body, _STYLE)


def _svg(drawing: Drawing) -> str:
    """A figure without a background, its ink in the colour of the text; identifiers are its own, for all share a page."""
    import matplotlib as mpl

    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": drawing.name}):
        drawing.figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    for old in ('id="', 'xlink:href="#', "url(#"):
        svg = svg.replace(old, f"{old}{drawing.name}-")
    label = Markup.escape(f"{drawing.title}. {drawing.words}")
    return re.sub(r"^<svg", f'<svg role="img" aria-label="{label}"', svg)
