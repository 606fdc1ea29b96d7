"""Formats of plugins: read and written like Supple's own."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import numpy as np
import pytest

from supple.data.dataset import Dataset
from supple.data.reading import RawFrames, StatedUnits, read
from supple.data.reading.registry import READERS
from supple.data.writing import FileFormat, format_of, write
from supple.data.writing.registry import WRITERS
from supple.errors import DataError, UnitsError
from supple.runtime import plugins

WATER = np.array([[0.0, 0.0, 0.12], [0.0, 0.76, -0.47], [0.0, -0.76, -0.47]])


def load(path, request):
    """Energies, in kcal/mol, of water in one geometry."""
    energies = np.array([float(line) for line in path.read_text().split()])
    positions = np.tile(WATER, (len(energies), 1, 1))
    units = StatedUnits() if path.name.startswith("unknown") else StatedUnits("kcal/mol", "Angstrom")
    forces = None if path.name.startswith("geometries") else 10.0 * np.ones_like(positions)
    return RawFrames(np.array([8, 1, 1]), positions, energies, forces, units)


def save(path, dataset, units):
    """What `load` reads."""
    path.write_text("\n".join(map(str, dataset.energies / units.energy_in_ev)))
    return list(dataset.extras)


@pytest.fixture(autouse=True)
def _plugin(monkeypatch):
    module = ModuleType("abc_plugin")
    module.load, module.ABC = load, FileFormat(save, (".abc",))
    monkeypatch.setitem(sys.modules, "abc_plugin", module)
    points = [
        EntryPoint(".abc", "abc_plugin:load", "supple.readers"),
        EntryPoint("abc", "abc_plugin:ABC", "supple.writers"),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: [p for p in points if p.group == group])
    for registry in (READERS, WRITERS):
        registry.__dict__.pop("_added", None)
    yield
    for registry in (READERS, WRITERS):
        registry.__dict__.pop("_added", None)
        registry._loaded.clear()


def test_a_file_and_a_folder_of_a_plugin(tmp_path):
    for name in ("1.abc", "2.ABC"):
        (tmp_path / name).write_text("-47945.0 -47946.0")
    (tmp_path / "notes").write_text("not a file of geometries")
    assert read(tmp_path / "1.abc").energies.tolist() == pytest.approx([-2079.09, -2079.14], abs=0.01)
    assert len(read(tmp_path)) == 4


def test_units_and_labels_are_asked_for_as_of_any_file(tmp_path):
    (tmp_path / "unknown.abc").write_text("-47945.0")
    with pytest.raises(UnitsError, match=r"does not state its units.*use --units kcal/mol"):
        read(tmp_path / "unknown.abc")
    assert read(tmp_path / "unknown.abc", labels=False).forces is None
    (tmp_path / "geometries.abc").write_text("-47945.0")
    with pytest.raises(DataError, match="has no forces"):
        read(tmp_path / "geometries.abc")


def test_a_format_to_write(tmp_path):
    data = Dataset.of([8, 1, 1], [WATER], [-1.0], extras={"step": np.zeros(1)})
    assert format_of(tmp_path / "new.abc") == "abc"
    assert write(tmp_path / "new.abc", data) == ["step"]
    assert (tmp_path / "new.abc").read_text() == "-1.0"
