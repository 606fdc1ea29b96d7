"""A second network needs its own architecture and nothing else: settings, fit, files and estimates are those of all networks."""

from typing import Any

import numpy as np
import pytest
import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from toy import toy_dataset

from supple import load
from supple.models.neural.network import CompiledNetwork
from supple.models.neural.potential import NetworkPotential
from supple.models.neural.settings import NetworkSettings
from supple.models.registry import MODELS
from supple.runtime.run_directory import RunDirectory


class PairNetwork(nn.Module):
    """A sum over pairs of a function of the distance; no compiled loops, forces by automatic differentiation."""

    def __init__(self, numbers: np.ndarray, width: int) -> None:
        super().__init__()
        self.first, self.second = torch.triu_indices(len(numbers), len(numbers), 1)
        self.layers = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            r = positions if positions.requires_grad else positions.detach().clone().requires_grad_()
            distances = (r[:, self.first] - r[:, self.second]).norm(dim=-1, keepdim=True)
            energies = self.layers(distances).sum((1, 2))
            (gradient,) = torch.autograd.grad(energies.sum(), r, create_graph=True)
        return energies, -gradient


class PairPotential(NetworkPotential):
    kind = "pairs"
    network_class = PairNetwork


class Pairs(NetworkSettings):
    kind = "pairs"
    display_name = "Pairs"
    potential_class = PairPotential

    width: PositiveInt = 16

    def architecture(self, train: Any) -> dict[str, Any]:
        return {"width": self.width}


SETTINGS = Pairs(steps=60, validate_every=20, batch_size=5, learning_rate=0.02, warmup=5, device="cpu")


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.setitem(MODELS._own, "pairs", f"{__name__}:Pairs")
    monkeypatch.setattr(MODELS, "_loaded", {"pairs": Pairs})
    return toy_dataset(40).split(train=20, valid=10, test=10)


def test_it_is_trained_kept_and_read_again(parts, tmp_path):
    train, valid, test = parts
    run = RunDirectory.open(tmp_path / "run", {})
    potential = SETTINGS.fit(train, valid, seed=1, run=run)
    assert not isinstance(potential.network, CompiledNetwork)
    assert potential.evaluate(test).forces.rmse < test.forces.std()
    assert potential.provenance.settings == SETTINGS.model_dump(mode="json")
    potential.save(tmp_path / "model.safetensors")
    for file in (tmp_path / "model.safetensors", run.model_file):
        again = load(file)
        assert type(again) is PairPotential
        for ours, theirs in zip(potential.predict(test.positions), again.predict(test.positions), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_its_cost_is_estimated(parts):
    train, valid, _ = parts
    cost = SETTINGS.estimate_cost(train, valid)
    assert 0 < cost.seconds < 60
