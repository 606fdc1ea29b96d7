"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_REAL_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests that take more than a few seconds")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))


@pytest.fixture(scope="session", autouse=True)
def caches(tmp_path_factory) -> None:
    """What is kept for data that are in no file must not be found by the next run of the tests."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("caches"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real reference data; the test is skipped where it is absent."""
    if not _REAL_DATA.is_dir():
        pytest.skip("the real reference data are not here")
    return _REAL_DATA
