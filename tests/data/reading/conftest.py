"""A few frames of water with labels of the right magnitude, and files of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from supple.data.dataset import Dataset

_WATER = np.array([[0.0, 0.0, 0.12], [0.0, 0.76, -0.47], [0.0, -0.76, -0.47]])


@pytest.fixture(scope="session")
def water() -> Dataset:
    """Five frames in eV and Å."""
    rng = np.random.default_rng(7)
    positions = _WATER + rng.normal(scale=0.03, size=(5, 3, 3))
    return Dataset.of([8, 1, 1], positions, -2079.0 + rng.normal(size=5), rng.normal(size=(5, 3, 3)))


@pytest.fixture(scope="session")
def plain_text(water: Dataset) -> str:
    """The published format, in eV and Å."""
    return "".join(_plain_frame(water, m) for m in range(len(water)))


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file and give its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def _plain_frame(data: Dataset, m: int) -> str:
    assert data.forces is not None
    rows = np.hstack([data.positions[m], data.forces[m]]).tolist()
    lines = [f"{s}\t" + "\t".join(map(repr, row)) for s, row in zip(data.symbols, rows, strict=True)]
    return "\n".join([str(len(rows)), repr(float(data.energies[m])), *lines]) + "\n"
