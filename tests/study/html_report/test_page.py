from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from planted import PLANTED

from supple.study.error_details import error_details
from supple.study.html_report import render
from supple.study.results import collect


class Tags(HTMLParser):
    """All tags of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def page(study: Path) -> str:
    return page_of(study)


def page_of(out: Path) -> str:
    results = collect(out)
    return render(results, {name: error_details(results, name) for name in results.record.datasets})


def figures(page: str) -> dict[str, dict]:  # type: ignore[type-arg]
    return json.loads(re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.DOTALL)[1])


def test_nothing_comes_from_elsewhere(page: str) -> None:
    parser = Tags()
    parser.feed(page)
    for tag, attributes in parser.tags:
        for name in ("src", "href"):
            assert re.match(r"#|data:", attributes.get(name) or "#"), (tag, attributes)
    assert "default-src 'none'" in page


def test_what_files_say_is_escaped(page: str) -> None:
    assert PLANTED not in page
    parser = Tags()
    parser.feed(page)
    assert "img" not in {tag for tag, _ in parser.tags}
    assert page.count("&lt;script&gt;window.planted") >= 3  # shown as it is, where it is told of


def test_the_figures_hold_what_was_computed(study: Path, page: str) -> None:
    figure = figures(page)["0"]
    results = collect(study)
    (ours,) = figure["curves"]["forces-rmse"]["ours"]
    points = results.curve("glycine", "sgdml", "forces", "rmse")
    assert ours["x"] == [15, 30]
    assert ours["y"] == pytest.approx([point.median for point in points], rel=1e-3)
    for between, point in zip(ours["interval"], points, strict=True):
        assert between[0] < point.median * 1.001 and point.low * 0.999 < between[1]
    details = figure["details"]
    model = details["models"][0]
    errors = np.array(model["forces"]["y"]) - np.array(model["forces"]["x"])
    assert np.sqrt((errors**2).mean()) == pytest.approx(points[-1].median, rel=0.5)  # a sample of one seed
    assert len(details["map"]["positions"]) == len(details["map"]["x"]) == 60
    assert len(details["map"]["positions"][0]) == 3 * len(details["map"]["symbols"])
    assert details["map"]["labels"][0] != details["map"]["labels"][1]


def test_tables_show_the_errors_and_the_largest_of_them(page: str) -> None:
    tables = [re.findall("<th scope=.col.>(.*?)</th>", head) for head in re.findall("<thead>.*?</thead>", page)]
    assert tables[0][3:7] == ["E MAE", "E RMSE", "F MAE", "F RMSE"]
    assert tables[1][2:] == [f"{symbol} {name}" for symbol in "EF" for name in ("MAE", "RMSE", "95 %", "max")]


def test_a_study_without_kept_predictions_has_a_page(study: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(study, copy)
    for file in copy.rglob("predictions.safetensors"):
        file.unlink()
    page = page_of(copy)
    assert figures(page)["0"]["details"] is None
    assert "no error details" in page


def test_the_methods_and_their_papers_stand_on_the_page(page: str) -> None:
    assert "nested training sets of 15, 30, 99 frames, drawn with 2 seeds" in page
    assert "@article{chmiela2018," in page
    assert "sigma 15" in page


def test_figures_for_papers_lie_beside_it(study: Path) -> None:
    for what in ("rmse", "parity", "map"):
        assert (study / "figures" / f"glycine-{what}.png").stat().st_size > 10_000
        assert (study / "figures" / f"glycine-{what}.pdf").read_bytes().startswith(b"%PDF")


def test_error_bars_are_shown_beside_the_errors(page: str) -> None:
    details = figures(page)["0"]["details"]
    model = details["bars"]["models"][0]
    for quantity in ("forces", "energy"):
        expected, actual = (np.array(model[quantity][name]) for name in ("expected", "actual"))
        assert len(expected) == len(actual) > 3
        assert (np.diff(expected) >= 0).all()
        assert 0.3 < np.median(actual / expected) < 3
    assert "Error bars on the test frames" in page
    assert "Where the models know least" in page
