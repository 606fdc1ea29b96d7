"""report.html: what a run found, what it cost, and how good the force field is."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from supple.growth.baseline import Decision, DriveBaseline
from supple.growth.choosing import GIVEN
from supple.growth.dynamics import HOTTER
from supple.growth.growth_figures import error_figure, torsion_figures
from supple.growth.labelled_frames import LabelledFrames
from supple.growth.next_round import REPRESENTATIVE
from supple.growth.result import GrowthResult
from supple.growth.round_folder import RoundFolder
from supple.growth.settings import AUTO, NONE, GrowthSettings
from supple.methods.level import Level
from supple.models.model_citations import model_citations
from supple.models.potential import Potential
from supple.runtime.files import write_text
from supple.runtime.html import html_page, render
from supple.runtime.machine import versions
from supple.runtime.progress import NO_PROGRESS
from supple.runtime.rounding import duration
from supple.simulation.analysis.html_page import FIGURE_STYLE, inline_svg

_BODY = """<p><strong>{{ stated }}</strong></p>
<p class="soft">{{ ended }}</p>
{% for figure, svg in figures %}
<h2>{{ figure.title }}</h2>
<figure><figcaption>{{ figure.caption }}</figcaption>{{ svg }}</figure>
{%- endfor %}
<h2>Rounds</h2>
<div class="table"><table>
<thead><tr>{% for name in headings %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{%- endfor %}
</tbody></table></div>
{%- if notes %}
<ul>{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
{%- endif %}
<h2>Methods</h2>
{% for sentence in methods %}{{ sentence }} {% endfor %}
<ul>{% for citation in citations %}<li>{{ citation }}</li>{% endfor %}</ul>
"""
_HEADINGS = (
    "round", "chosen by", "calculations", "failed", "force RMSE before, on new frames of dynamics", "on other new frames", "validation", "time",
)  # fmt: skip
_ENDED = {
    "target reached": "It ended because the target of {target} was reached on new frames before they were learned.",
    "budget spent": "It ended because the budget of {budget} calculations was spent; the target was {target}.",
    "no gain": "It ended because further calculations no longer lowered the error; the target was {target}.",
}


def write_report(
    result: GrowthResult,
    settings: GrowthSettings,
    level: Level,
    labelled: LabelledFrames,
    folders: Sequence[RoundFolder],
    potential: Potential,
) -> None:
    """Write the page."""
    figures = [error_figure(result), *torsion_figures(result, labelled, folders[-1])]
    because = result.records[-1].because
    decision = DriveBaseline(settings, result.model.parent, NO_PROGRESS).decision
    body = render(
        _BODY,
        stated=result.stated_error(),
        ended=_ENDED[because].format(target=result.goal.shown(result.goal.target), budget=result.goal.budget),
        figures=[(figure, Markup(inline_svg(figure))) for figure in figures],
        headings=_HEADINGS,
        rows=_rows(result),
        notes=([] if decision is None else [decision.reason])
        + [f"Round {k}: {note}" for k, record in enumerate(result.records) for note in record.notes]
        + [
            f"Round {k}: {count} calculation{'s' if count > 1 else ''} failed: {reason}."
            for k, record in enumerate(result.records)
            for reason, count in record.failures.items()
        ],
        methods=_methods(result, settings, level, labelled, _against(settings, decision)),
        citations=list(map(str, model_citations(potential))),
    )
    write_text(
        result.report, html_page(f"{labelled.data.formula}: a force field for {settings.method}", body, FIGURE_STYLE)
    )


def _against(settings: GrowthSettings, decision: Decision | None) -> str:
    """The baseline, if there is one."""
    if decision is not None and decision.used:
        return f", as a model of the difference to a network that has learned {settings.drive}"
    return "" if settings.baseline in (AUTO, NONE) else f", as a model of the difference to {settings.baseline}"


def _rows(result: GrowthResult) -> list[list[str]]:
    rows = []
    for k, record in enumerate(result.records):
        unit = result.goal.units.forces_in_ev_per_angstrom
        errors = {reason: f"{error.rmse / unit:.3g} ({error.frames})" for reason, error in record.before.items()}
        own = errors.pop(REPRESENTATIVE, "")
        failed = sum(record.failures.values())
        kind = {"first": "exploration", "growth": "dynamics", "test": "dynamics, for the test"}[record.kind]
        rows.append(
            [
                str(k),
                kind,
                str(record.calculations),
                str(failed) if failed else "",
                own,
                ", ".join(f"{text} {reason}" for reason, text in errors.items()),
                "" if record.validation is None else f"{record.validation / unit:.3g}",
                duration(record.seconds),
            ]
        )
    return rows


def _methods(
    result: GrowthResult, settings: GrowthSettings, level: Level, labelled: LabelledFrames, against: str
) -> list[str]:
    """How it was done, ready for a paper."""
    data = labelled.data
    n_train, n_valid, n_test = (len(part) for part in (labelled.split.train, labelled.split.valid, labelled.split.test))
    rounds = sum(record.kind == "growth" for record in result.records)
    if result.records[0].kind == "first":
        first = (
            f"First geometries were conformers, and others from torsion scans, normal modes and dynamics at {settings.temperature:g} K with "
            f"{settings.drive}"
        )
    else:
        given = int((data.extras["reason"] == GIVEN).sum())
        first = f"It began with {given} frames that had been calculated before"
    return [
        f"A force field of {data.formula} was grown with Supple {versions().get('supple', '')} ({settings.model}{against}, seed "
        f"{settings.seed}), from {result.calculations} calculations of energies and forces with {settings.method} ({level.version}), charge "
        f"{settings.charge}, multiplicity {settings.multiplicity}.",
        f"{first}; {rounds} further round{'s' if rounds != 1 else ''} chose geometries of dynamics of the force field at "
        f"{settings.temperature:g} and {HOTTER * settings.temperature:g} K, three quarters of them at the lower temperature at random, the "
        "others by the error that is expected of them, within the energies that this temperature reaches.",
        f"In the end there were {n_train} training and {n_valid} validation frames.",
        f"The stated error is that of {n_test} geometries that were never trained on: the ends of as many independent replicas of Langevin "
        f"dynamics of the force field at {settings.temperature:g} K; the interval is a 95 % percentile bootstrap interval over them.",
    ]
