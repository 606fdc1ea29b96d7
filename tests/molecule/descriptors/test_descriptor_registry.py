"""Descriptors by name, of Supple and of plugins, and restored from configurations."""

import numpy as np
import pytest
import torch
from installed_plugin import install
from toy import toy_dataset

from supple import SGDML
from supple.errors import ModelFileError, SettingsError
from supple.models.registry import make_settings
from supple.molecule.descriptors import Descriptor
from supple.molecule.descriptors.base import DescriptorKind
from supple.molecule.descriptors.registry import DESCRIPTORS, make_descriptor, restore_descriptor


class SquaredDistances(Descriptor):
    """A descriptor that a plugin might add."""

    def __init__(self, n_atoms):
        super().__init__()
        self.entries = tuple((i, j) for i in range(n_atoms) for j in range(i))

    def configuration(self):
        return {"name": "squared-distances"}

    def forward(self, positions):
        i, j = torch.tensor(self.entries).T
        return ((positions[:, i] - positions[:, j]) ** 2).sum(-1)


SQUARED = DescriptorKind(
    lambda numbers, positions, permutations: SquaredDistances(len(numbers)), lambda n, _: SquaredDistances(n)
)


@pytest.fixture
def plugin(monkeypatch):
    install(monkeypatch, DESCRIPTORS, "squared-distances", f"{__name__}:SQUARED")


def test_a_plugin_adds_a_descriptor(plugin):
    data = toy_dataset(4)
    made = make_descriptor("squared-distances", data.numbers, data.positions, np.arange(6)[None])
    assert made.size == 15
    assert restore_descriptor(6, made.configuration()).entries == made.entries
    assert SGDML(descriptor="squared-distances").descriptor == "squared-distances"


def test_names_that_are_unknown():
    with pytest.raises(SettingsError, match=r"descriptor of sgdml: .*'inverse-distances', .* or 'reduced'"):
        make_settings("sgdml", {"descriptor": "soap"})
    with pytest.raises(SettingsError, match="'soap' is not a descriptor: choose one of inverse-distances"):
        make_descriptor("soap", np.array([1]), np.zeros((1, 1, 3)), np.array([[0]]))
    with pytest.raises(ModelFileError, match="needs the descriptor 'squared-distances': install the package"):
        restore_descriptor(3, {"name": "squared-distances"})
