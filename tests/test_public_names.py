"""What a user sees: `import supple` and the tab key, and objects as the last line of a cell of a notebook."""

import inspect
import subprocess
import sys
from html.parser import HTMLParser
from importlib.metadata import version

import numpy as np
import pytest
from toy import toy_dataset

import supple
from supple.models.metrics import ErrorSummary
from supple.models.neural.schnet.potential import SchNetPotential

NAMES = [
    "Bespoke",
    "Dataset",
    "Metrics",
    "Potential",
    "SGDML",
    "SchNet",
    "Split",
    "SuppleError",
    "Units",
    "load",
    "read",
    "write",
]
EVIL = "<script>alert('&')</script>.xyz"


class Cells(HTMLParser):
    """The tags of a page, and its texts."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = set(), []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture
def dataset():
    energies = [-1.0, np.nan]
    return supple.Dataset.of(
        [8, 1, 1], np.ones((2, 3, 3)), energies, np.zeros((2, 3, 3)), name=EVIL, about={"theory": "<b>"}
    )


@pytest.fixture
def potential():
    architecture = {"features": 8, "interactions": 1, "gaussians": 4, "cutoff": 5.0, "knots": 32}
    made = SchNetPotential(np.array([8, 1, 1]), architecture)
    validation = supple.Metrics(5, None, ErrorSummary(0.1, 0.25, "<i>eV/Å</i>", 0.5, 2.0))
    changes = {"data_name": EVIL, "n_train": 20, "n_valid": 5, "validation": validation}
    made.provenance = made.provenance.model_copy(update=changes)
    return made


def test_public_names_alone_are_listed():
    assert dir(supple) == sorted([*NAMES, "__version__"])
    assert supple.__version__ == version("supple")
    for name in NAMES:
        assert getattr(supple, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = supple.nonsense


def test_nothing_is_imported_before_it_is_used():
    code = "import sys, supple; dir(supple); supple.__version__; print({'torch', 'numpy', 'ase'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "set()"


def test_a_potential_has_the_attributes_of_a_force_field(potential):
    listed = [name for name in dir(potential) if not name.startswith("_")]
    assert len(listed) < 35
    assert {"predict", "evaluate", "calculator", "save", "numbers", "provenance"} <= set(listed)
    assert not {"state_dict", "register_buffer", "train", "zero_grad"} & set(listed)


def test_a_dataset_in_short(dataset):
    assert repr(dataset) == f"Dataset({EVIL}: H2O, 2 frames, 1 energies, forces)"
    cells = Cells(dataset._repr_html_())
    assert "script" not in cells.tags and "b" in cells.tags
    assert {"H2O, 3 atoms", "2", "1 energies, forces", str(dataset.source.units), "<b>", f"Dataset {EVIL}"} <= set(
        cells.texts
    )


def test_a_potential_in_short(potential):
    assert repr(potential) == f"<schnet force field of H2O, trained on 20 frames of {EVIL}>"
    cells = Cells(potential._repr_html_())
    assert not {"script", "i"} & cells.tags
    assert {
        "schnet force field",
        "H2O, 3 atoms",
        f"20 frames of {EVIL}, with 5 validation frames",
        "MAE 0.1, RMSE 0.25, 95 % 0.5, max 2 <i>eV/Å</i>",
    } <= set(cells.texts)


def test_metrics_in_short(potential):
    metrics = potential.provenance.validation
    assert repr(metrics) == "Metrics(5 frames: forces MAE 0.1, RMSE 0.25, 95 % 0.5, max 2 <i>eV/Å</i>)"
    cells = Cells(metrics._repr_html_())
    assert "i" not in cells.tags
    assert {"Errors on 5 frames", "MAE", "RMSE", "95 %", "max", "unit"} <= set(cells.texts)
    assert {"forces", "0.1", "0.25", "0.5", "2", "<i>eV/Å</i>"} <= set(cells.texts)


def test_writing(tmp_path):
    dataset = toy_dataset(3)
    supple.write(str(tmp_path / "a.npz"), dataset, "kcal/mol")
    again = supple.read(tmp_path / "a.npz")
    assert str(again.source.units) == "energy=kcal/mol,length=Å,forces=kcal/mol/Å"
    np.testing.assert_allclose(again.energies, dataset.energies)
    write = inspect.unwrap(supple.write)  # where types are checked in every call, these calls do not get there
    with pytest.raises(supple.SuppleError, match=r"swapped: call write\(path, dataset\)"):
        write(dataset, tmp_path / "b.xyz")
    with pytest.raises(supple.SuppleError, match=r"A list is no dataset: call write\(path, dataset\)"):
        write(tmp_path / "b.xyz", [dataset])
