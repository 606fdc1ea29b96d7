"""How many geometries a force field is handed at a time."""

import numpy as np
import pytest
import torch

from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.potential import SGDMLPotential


class Counting(SGDMLPotential):
    """Notes the sizes of batches; may pretend to be elsewhere."""

    place = torch.device("cpu")

    @property
    def device(self):
        return self.place

    def energy_and_forces(self, positions):
        self.sizes.append(len(positions))
        return torch.zeros(len(positions)), torch.zeros(positions.shape)


@pytest.mark.parametrize(("place", "sizes"), [("cpu", [256, 256, 88]), ("meta", [600])])
def test_a_gpu_is_handed_more_geometries_at_a_time(place, sizes):
    one = torch.ones(1, 1, dtype=torch.float64)
    action = torch.zeros(1, 1, dtype=torch.int64)
    potential = Counting(np.array([1, 1]), MolecularKernel.uniform(1.0, action), one, one, action)
    potential.place, potential.sizes = torch.device(place), []
    potential.predict(np.random.default_rng(0).normal(size=(600, 2, 3)))
    assert potential.sizes == sizes
