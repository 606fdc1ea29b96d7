"""An analysis as one self-contained HTML page, for light and dark mode, narrow screens and paper."""

from __future__ import annotations

import io
import re

from markupsafe import Markup

from supple.runtime.html import html_page, render
from supple.simulation.analysis.analysis_result import Analysis
from supple.simulation.analysis.figures import INK, CaptionedFigure
from supple.simulation.analysis.table_rows import table_rows

#: Of pages with figures and tables.
FIGURE_STYLE = """
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
{% if not a.stable %}<p class="bad">The trajectory is not stable throughout.</p>{% endif %}
<ul>
{%- for sentence in a.sentences() %}
<li>{{ sentence }}</li>
{%- endfor %}
</ul>
{%- for figure, svg in figures %}
<h2>{{ figure.title }}</h2>
<figure><figcaption>{{ figure.caption }}</figcaption>{{ svg }}</figure>
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
<p class="soft">h(r) and stability are defined in arXiv:2210.07237. All curves (CSV) and figures (PNG, PDF) are in the folder of
this page.</p>
"""


def analysis_page(analysis: Analysis, figures: list[CaptionedFigure], unit: str = "kcal/mol") -> str:
    """The page; names and texts from files are escaped."""
    drawn = [(figure, Markup(inline_svg(figure))) for figure in figures]
    body = render(_BODY, a=analysis, rows=table_rows(analysis, unit), figures=drawn)
    return html_page(f"{analysis.formula}: {', '.join(analysis.names)}", body, FIGURE_STYLE)


def inline_svg(figure: CaptionedFigure) -> str:
    """A figure without background, in the text colour of the page; its identifiers are unique on the page."""
    import matplotlib as mpl

    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": figure.name}):
        figure.figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    for old in ('id="', 'xlink:href="#', "url(#"):
        svg = svg.replace(old, f"{old}{figure.name}-")
    label = Markup.escape(f"{figure.title}. {figure.caption}")
    return re.sub(r"^<svg", f'<svg role="img" aria-label="{label}"', svg)
