"""Labels that do not change with the geometry, and equal ones that are a coincidence of rounding or symmetry."""

import numpy as np
import pytest
from toy import toy_dataset

from supple.checks import examine
from supple.data.dataset import Dataset


def names(data, energies=None, positions=None, forces=None):
    changed = Dataset.of(
        data.numbers,
        data.positions if positions is None else positions,
        data.energies if energies is None else energies,
        data.forces if forces is None else forces,
    )
    return [
        (finding.name, finding.frames)
        for finding in examine(changed)
        if "label" in finding.name or "energies" in finding.name
    ]


@pytest.fixture(scope="module")
def data():
    return toy_dataset(200)


def test_a_constant(data):
    assert names(data, np.full(len(data), 500.0)) == [("constant-energies", ())]
    few = data.select(range(2))
    assert names(few, np.full(2, 500.0)) == []


def test_an_energy_that_was_copied_on(data):
    energies = data.energies.copy()
    energies[11:16] = energies[10]
    assert names(data, energies) == [("repeated-labels", (10, 11, 12, 13, 14, 15))]


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_rounded_energies_that_are_equal_by_chance(data, shift):
    """Also if half of them have another zero, and their standard deviation says nothing."""
    energies = np.round(data.energies, 2)
    energies[::2] += shift
    assert len(np.unique(energies)) < len(energies) - 2
    assert names(data, energies) == []


def test_equal_energies_of_mirrored_and_turned_geometries(data):
    half = data.select(range(100))
    for image in (-half.positions, half.positions[:, :, [1, 2, 0]]):
        both = Dataset.of(
            half.numbers,
            np.concatenate([half.positions, image]),
            np.concatenate([half.energies] * 2),
            np.concatenate([half.forces, half.forces * (1 + 1e-9)]),
        )
        assert not any(finding.name in ("repeated-labels", "constant-energies") for finding in examine(both))
