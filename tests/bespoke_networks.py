"""Bespoke networks with weights that differ everywhere, in single precision and in double."""

import copy

import numpy as np
import torch

from supple.models.neural.bespoke.network import BespokeNetwork


def single(numbers, classes, features=32, layers=2, radial=6, cutoff=5.0, threads=2):
    torch.manual_seed(0)
    network = BespokeNetwork(numbers, classes, features, layers, radial, cutoff)
    with torch.no_grad():
        for (
            weights
        ) in network.parameters():  # those of all classes begin alike, and biases as zeros, which would hide mistakes
            weights.add_(0.02 * torch.randn_like(weights))
    network.threads = threads
    return network.eval()


def double(network):
    """The same with weights and constants in float64, which makes it run by its formulas."""
    wide = copy.deepcopy(network).double()
    torch.set_default_dtype(torch.float64)
    try:
        of = network.pair_functions
        exact = BespokeNetwork(
            np.zeros(network.n_atoms, int),
            network.of_class.tolist(),
            network.features,
            len(network.layers),
            len(of.frequencies),
            of.cutoff,
        )
    finally:
        torch.set_default_dtype(torch.float32)
    exact.load_state_dict(wide.state_dict())
    assert not exact.runs_compiled
    return exact
