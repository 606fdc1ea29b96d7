"""Errors by region: the regions divide frames and atoms, and their errors add up to the whole."""

import numpy as np
import pytest
import torch
from toy import toy_dataset

import supple
from supple import SGDML, Potential
from supple.data.bundled import bundled_path
from supple.evaluation.regions import FEWEST, errors_by_region


@pytest.fixture(scope="module")
def data():
    return supple.read(bundled_path("glycine"))


class Flawed(Potential):
    """The labels, with errors that are known."""

    kind = "flawed"

    def __init__(self, data, energy_errors, force_errors):
        super().__init__(data.numbers)
        self.answers = data.energies + energy_errors, data.forces + force_errors

    @property
    def device(self):
        return torch.device("cpu")

    def energy_and_forces(self, positions):
        raise NotImplementedError

    def configuration(self):
        raise NotImplementedError

    @classmethod
    def from_configuration(cls, numbers, configuration, arrays):
        raise NotImplementedError

    def predict(self, positions):
        return self.answers


@pytest.fixture(scope="module")
def partitions(data):
    draw = np.random.default_rng(0)
    forces = draw.normal(size=data.forces.shape)
    forces[:, data.numbers == 8] *= 3
    forces[7] *= 100
    return {one.name: one for one in errors_by_region(Flawed(data, draw.normal(size=len(data)), forces), data, "eV")}


def test_regions_divide_the_frames(data, partitions):
    assert {"conformers", "energy", "elements", "atoms", "worst frames"} <= set(partitions)
    assert any(name.startswith("torsion ") for name in partitions)
    for name, partition in partitions.items():
        if name not in ("elements", "atoms"):
            assert sum(region.n_frames for region in partition.regions) == len(data), name


def test_shares_add_up(partitions):
    for name, partition in partitions.items():
        assert sum(region.share for region in partition.regions) == pytest.approx(1), name


def test_elements_and_worst_frames_are_found(data, partitions):
    elements = {region.label: region.metrics.forces.rmse for region in partitions["elements"].regions}
    assert elements["O"] > 2 * elements["H"]
    worst, others = partitions["worst frames"].regions
    assert worst.n_frames == round(0.01 * len(data))
    assert worst.share > 0.5
    assert worst.metrics.forces.rmse > 5 * others.metrics.forces.rmse


def test_atoms_of_an_element_average_to_it(data, partitions):
    of_atoms = np.array([region.metrics.forces.rmse for region in partitions["atoms"].regions])
    elements = {region.label: region.metrics.forces.rmse for region in partitions["elements"].regions}
    assert np.sqrt((of_atoms[data.numbers == 8] ** 2).mean()) == pytest.approx(elements["O"])


def test_few_frames_get_no_errors(data):
    few = data.select(range(FEWEST + 1))
    faultless = Flawed(few, np.zeros(len(few)), np.zeros(few.forces.shape))
    found = {one.name: one for one in errors_by_region(faultless, few)}
    assert "energy" not in found
    worst, _ = found["worst frames"].regions
    assert worst.metrics is None
    assert worst.share is None


def test_of_a_trained_model():
    data = toy_dataset(60)
    potential = SGDML(sigma=2).fit(data.select(range(30)), data.select(range(30, 40)))
    found = {one.name for one in errors_by_region(potential, data.select(range(40, 60)))}
    assert {"elements", "atoms", "worst frames"} <= found
