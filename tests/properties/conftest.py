"""One fitted potential of each kind, small and quick. A new model is one line here and is then tested for every property."""

from functools import cache

import pytest
from toy import toy_dataset

from supple import SGDML, Bespoke, Potential, SchNet

SETTINGS = {
    "sgdml": SGDML(sigma=8.0),
    "schnet": SchNet(features=32, interactions=2, steps=800, validate_every=100, device="cpu"),
    "difference": SGDML(sigma=8.0, baseline="fake_calculators:cheap"),
    "bespoke": Bespoke(features=16, steps=240, learning_rate=0.01, warmup=20, validate_every=80, device="cpu"),
}


@pytest.fixture(scope="session")
def toy():
    return toy_dataset(120).split(train=50, valid=20, test=50, seed=1)


@pytest.fixture(scope="session")
def fitted(toy):
    """The potential of a kind, fitted when it is first asked for."""
    train, valid, _ = toy
    return cache(lambda kind: SETTINGS[kind].fit(train, valid, seed=3))


@pytest.fixture(scope="session", params=SETTINGS)
def potential(request, fitted) -> Potential:
    return fitted(request.param)
