"""The report in headless Chromium, as a reader sees it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from recorded_metric import contributions, record

from supple.study.error_details import error_details
from supple.study.html_report import write_page
from supple.study.results import collect

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium here (Debian's package of that name)"),
]
#: Kept by continuous integration.
SCREENSHOTS = Path(__file__).parents[3] / "build" / "screenshots"
WIDTHS = {1280: "light", 820: "dark", 390: "light"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def address(study: Path) -> str:
    return page_of(study)


def page_of(out: Path) -> str:
    """The address of a study's page, written now."""
    path = out / "report.html"
    results = collect(out)
    write_page(results, {name: error_details(results, name) for name in results.record.datasets}, path)
    return path.as_uri()


@pytest.fixture
def opened(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page at some width."""
    with opening(browser, address, getattr(request, "param", 1280)) as page:
        yield page


@contextmanager
def opening(browser: Any, address: str, width: int) -> Iterator[Any]:
    """A page at some width; it must have complained of nothing and asked for nothing in the end."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=WIDTHS[width])
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: complaints.append(asked.url) if asked.url.split(":")[0] not in ("file", "data", "blob") else None,
    )
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    page.wait_for_function("document.querySelector('.geometry').textContent.startsWith('Frame')")
    yield page
    complaints = [one for one in complaints if "GPU stall" not in one and "WebGL" not in one]
    page.close()
    assert complaints == []


@pytest.mark.parametrize("opened", list(WIDTHS), indirect=True)
def test_everything_is_drawn_and_fits(opened: Any) -> None:
    width = opened.viewport_size["width"]
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    plots = opened.locator(".plot")
    assert plots.count() == opened.locator(".plot .main-svg:first-of-type").count() == 9
    assert opened.evaluate(
        "[...document.querySelectorAll('.plot')].every(p => p.querySelectorAll('path.js-line, path.point').length)"
    )
    assert opened.evaluate("window.planted") is None
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=SCREENSHOTS / f"report-{width}.png", full_page=True)


@pytest.mark.parametrize("width", list(WIDTHS))
def test_the_bars_of_a_metric_are_as_long_as_its_shares(browser: Any, copied: Path, width: int) -> None:
    record(copied, "glycine-sgdml-n30-s0", contributions())
    with opening(browser, page_of(copied), width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        bars = page.locator("td.share:has(.bar)")
        shares = [text.strip(" %") for text in bars.all_inner_texts()]
        lengths = [
            bar.evaluate("cell => cell.querySelector('.bar').getBoundingClientRect().width") for bar in bars.all()
        ]
        drawn = {float(share): length for share, length in zip(shares, lengths, strict=True) if "<" not in share}
        assert set(drawn) == {40, 5, 60, 10, 25}
        for share, length in drawn.items():
            assert length == pytest.approx(drawn[60] * share / 60, rel=0.05)
        assert drawn[60] > 60


def test_a_click_shows_the_geometry(opened: Any) -> None:
    before = opened.locator(".geometry").inner_text()
    opened.locator(".landscape").scroll_into_view_if_needed()
    places = opened.evaluate(
        "[...document.querySelectorAll('.landscape .scatterlayer .trace:first-child path.point')].map(p => { const b = p.getBoundingClientRect();"
        " return [b.x + b.width / 2, b.y + b.height / 2]; })"
    )
    for x, y in places[:5]:
        opened.mouse.move(x - 1, y)
        opened.mouse.click(x, y)
        opened.wait_for_timeout(400)  # plotly waits for a second click
        if opened.locator(".geometry").inner_text() != before:
            break
    assert opened.locator(".geometry").inner_text() != before


def test_the_molecule_turns_by_keys_and_by_dragging(opened: Any) -> None:
    canvas = opened.locator("canvas.molecule")
    canvas.scroll_into_view_if_needed()
    views = [canvas.evaluate("c => c.toDataURL()")]
    canvas.focus()
    opened.keyboard.press("ArrowLeft")
    views.append(canvas.evaluate("c => c.toDataURL()"))
    box = canvas.bounding_box()
    opened.mouse.move(box["x"] + 50, box["y"] + 50)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 120, box["y"] + 90)
    opened.mouse.up()
    views.append(canvas.evaluate("c => c.toDataURL()"))
    assert len(set(views)) == 3
    assert canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].some(v => v)")


def test_frames_are_stepped_through_by_buttons(opened: Any) -> None:
    said = [opened.locator(".geometry").inner_text()]
    for name in ("next", "previous", "worst"):
        opened.get_by_role("button", name=name).click()
        said.append(opened.locator(".geometry").inner_text())
    assert said[0] != said[1]
    assert said[2] == said[0] == said[3]


def test_errors_are_chosen_by_keyboard(opened: Any) -> None:
    button = opened.get_by_role("button", name="Energy MAE")
    button.focus()
    opened.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert opened.get_by_role("button", name="Force RMSE").get_attribute("aria-pressed") == "false"


def test_tables_are_copied_with_tabs(browser: Any, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address)
    page.locator("table button.copy").first.click()
    text = page.evaluate("navigator.clipboard.readText()")
    context.close()
    lines = [line.split("\t") for line in text.splitlines()]
    assert lines[0][:3] == ["model", "N", "seeds"]
    assert {len(line) for line in lines} == {len(lines[0])}
    assert [line[1] for line in lines[1:]] == ["15", "30"]


def test_a_change_of_colours_is_followed(opened: Any) -> None:
    ink = "getComputedStyle(document.querySelector('.curves .xtick text')).fill"
    light = opened.evaluate(ink)
    opened.emulate_media(color_scheme="dark")
    for _ in range(50):
        if opened.evaluate(ink) != light:
            break
        opened.wait_for_timeout(100)
    assert opened.evaluate(ink) != light


def test_paper_shows_all_tables(opened: Any) -> None:
    opened.emulate_media(media="print")
    assert opened.locator("button.copy").first.is_hidden()
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.evaluate("[...document.querySelectorAll('details')].every(d => d.open)")
