"""A report shows the metric of the largest sGDML training that has learned one, and nothing where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recorded_metric import contributions, record

from supple.errors import SettingsError
from supple.study import write_study
from supple.study.formatting import percent
from supple.study.learned_metric import LearnedMetric, learned_metric
from supple.study.metric_figures import metric_figure, write_metric_figure
from supple.study.metric_tables import largest_entries, shares_by_kind
from supple.study.report_sentences import METRIC_LARGEST, METRIC_TITLE
from supple.study.results import collect


@pytest.fixture
def learned(copied: Path) -> Path:
    """The folder of a study; the larger training with seed 1 and all smaller ones have learned a metric."""
    for cell in ("glycine-sgdml-n15-s0", "glycine-sgdml-n15-s1", "glycine-sgdml-n30-s1"):
        record(copied, cell, contributions())
    return copied


@pytest.fixture
def metric(learned: Path) -> LearnedMetric:
    found = learned_metric(collect(learned), "glycine")
    assert found is not None
    return found


def test_it_is_that_of_the_largest_training_with_the_first_seed(learned: Path, metric: LearnedMetric) -> None:
    assert metric.shown == "sGDML with N=30, seed 1"
    record(learned, "glycine-sgdml-n30-s0", contributions())
    found = learned_metric(collect(learned), "glycine")
    assert found is not None
    assert found.shown == "sGDML with N=30, seed 0"


def test_a_failed_training_does_not_count(learned: Path) -> None:
    (learned / "cells/glycine-sgdml-n30-s1/failed.json").write_text(json.dumps({"message": "why"}))
    found = learned_metric(collect(learned), "glycine")
    assert found is not None
    assert found.shown == "sGDML with N=15, seed 0"


def test_kinds_go_from_bonds_to_dihedrals(metric: LearnedMetric) -> None:
    assert metric.kinds == ["bonds", "1-3 distances", "1-5 distances", "angles", "dihedrals"]


def test_shares_of_a_kind_are_added_up(metric: LearnedMetric) -> None:
    table = shares_by_kind(metric)
    assert table.families == ["1 bond around each atom", "whole molecule"]
    texts = {kind: [share and share.text for share in shares] for kind, shares in table.lines}
    assert texts == {
        "bonds": ["40 %", "5.0 %"],
        "1-3 distances": ["<0.1 %", None],
        "1-5 distances": [None, "60 %"],
        "angles": ["60 %", "10 %"],
        "dihedrals": [None, "25 %"],
    }
    bars = {kind: [share and share.bar for share in shares] for kind, shares in table.lines}
    assert bars["angles"] == [1, pytest.approx(1 / 6, abs=1e-3)]


def test_the_largest_of_each_family_are_listed(metric: LearnedMetric) -> None:
    tables = largest_entries(metric)
    assert {family: len(table.rows) for family, table in tables.items()} == {
        "1 bond around each atom": 4,
        "whole molecule": 4,
    }
    assert tables["whole molecule"].headings == ["atoms", "kind", "equivalent", "share"]
    assert tables["whole molecule"].rows[:2] == [
        ["H7-O4", "1-5 distances", "2", "45 %"],
        ["H7-N1-C2-H9", "dihedrals", "4", "25 %"],
    ]


def test_the_figure_has_a_panel_for_each_family(metric: LearnedMetric, tmp_path: Path) -> None:
    first, second = metric_figure("glycine", metric).axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == list(metric.shares)
    assert [label.get_text() for label in first.get_yticklabels()] == metric.kinds
    assert [bar.get_width() for bar in second.patches] == pytest.approx([5, 60, 10, 25])
    assert {text.get_text() for text in second.texts} == {"5.0 %", "60 %", "10 %", "25 %"}
    png, pdf = write_metric_figure("glycine", metric, tmp_path)
    assert png.name == "glycine-metric.png" and png.stat().st_size > 10_000
    assert pdf.read_bytes().startswith(b"%PDF")


def test_reports_say_and_draw_it(learned: Path) -> None:
    made = write_study(learned)
    assert [file.name for file in made.figures if "metric" in file.name] == ["glycine-metric.png", "glycine-metric.pdf"]
    report = made.report.read_text()
    assert "(figures/glycine-metric.png)" in report
    assert "sGDML with N=30, seed 1, has learned" in report
    assert "Shares are not energies, and do not say what causes the forces." in report
    assert "| H7-N1-C2-H9 | dihedrals | 4 | 25 % |" in report
    page = made.page.read_text()
    assert METRIC_TITLE in page
    assert "sGDML with N=30, seed 1, has learned" in page
    assert page.count('<td class="share">') == 5 * 2


def test_without_a_learned_metric_there_is_nothing(copied: Path) -> None:
    record(copied, "glycine-sgdml-n15-s0", [])
    file = copied / "cells/glycine-sgdml-n30-s0/result.json"
    content = json.loads(file.read_text())
    content["settings"].pop("contributions")  # as older versions wrote it
    file.write_text(json.dumps(content))
    made = write_study(copied)
    assert not [file for file in made.figures if "metric" in file.name]
    for file in (made.report, made.page):
        assert METRIC_LARGEST not in file.read_text()
        assert METRIC_TITLE not in file.read_text()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "contributions: input should be a valid list"),
        ([3], "contributions.0: input should be a valid dictionary"),
        ([{}], "contributions.0.family: field required"),
        ([contributions()[0] | {"share": float("nan")}], "contributions.0.share"),
        ([contributions()[0] | {"share": -0.1}], "contributions.0.share"),
        ([contributions()[0] | {"count": "many"}], "contributions.0.count"),
        (contributions()[1:], "contributions: the shares of '1 bond around each atom' do not add up to 1"),
    ],
)
def test_a_damaged_one_is_refused_before_anything_is_written(copied: Path, content: object, reason: str) -> None:
    record(copied, "glycine-sgdml-n30-s0", content)
    (copied / "results.csv").unlink()
    with pytest.raises(SettingsError) as refused:
        write_study(copied)
    assert reason in str(refused.value)
    assert "glycine-sgdml-n30-s0/result.json are damaged" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (copied / "results.csv").exists()


def test_what_a_file_says_is_only_shown(copied: Path) -> None:
    forged = "<img src=x onerror=alert(1)> $\\frac$ \x1b[2J | `a`"
    record(
        copied,
        "glycine-sgdml-n30-s0",
        [dict.fromkeys(("family", "kind", "atoms"), forged) | {"count": 1, "weight": 1, "share": 1}],
    )
    made = write_study(copied)
    for file in (made.report, made.page):
        assert "<img src=x" not in file.read_text()
        assert "\x1b" not in file.read_text()


@pytest.mark.parametrize(
    ("share", "text"), [(1, "100 %"), (0.34, "34 %"), (0.0996, "10 %"), (0.051, "5.1 %"), (0.0001, "<0.1 %"), (0, "0.0 %")]
)  # fmt: skip
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text
