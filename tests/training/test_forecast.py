"""What is said of the time of a training before it begins."""

import time

import pytest
from toy import toy_dataset

from supple.models.cost_estimate import CostEstimate
from supple.models.neural.schnet.settings import SchNet
from supple.models.sgdml.settings import SGDML
from supple.training.forecast import compilation_sentence, time_sentence


@pytest.mark.parametrize(
    ("kernel", "network", "settings", "expected"),
    [
        (0.0, 0.0, SchNet(), None),
        (12.0, 0.0, SGDML(), "about 12 s."),
        (12.0, 40.0, SGDML(), "about 12 s."),
        (12.0, 40.0, SchNet(), "about 52 s."),  # the checks use the kernel model
        (0.0, 40.0, SchNet(), "about 40 s."),
    ],
)
def test_loops_that_are_compiled_first(monkeypatch, kernel, network, settings, expected):
    monkeypatch.setattr(SGDML, "compilation_seconds", classmethod(lambda cls: kernel))
    monkeypatch.setattr(SchNet, "compilation_seconds", classmethod(lambda cls: network))
    sentence = compilation_sentence([type(settings)])
    assert sentence == (expected and f"Compiling the loops, once after an installation: {expected}")


def test_the_time_in_all(monkeypatch):
    data = toy_dataset(20)
    for kind in (SGDML, SchNet):
        monkeypatch.setattr(kind, "estimate_cost", lambda self, train, valid: CostEstimate(600.0, 0))
        monkeypatch.setattr(kind, "n_cores", 2)
    started = time.perf_counter() - 60
    assert time_sentence(SGDML(), data, data, started) == "About 6 min in all."
    monkeypatch.setattr(SGDML, "estimate_cost", lambda self, train, valid: CostEstimate(600.0, 0, serial_seconds=240.0))
    assert time_sentence(SGDML(), data, data, started) == "About 8 min in all."
    assert time_sentence(SchNet(), data, data, started) == "About 6 min in all, or less if training stops early."


def test_the_choice_of_settings_is_in_the_estimate():
    data = toy_dataset(60)
    train, valid = data.select(range(40)), data.select(range(40, 60))
    learned, uniform, given = (
        SGDML(energies="integrated", **settings).estimate_cost(train, valid).seconds
        for settings in ({}, {"metric": "uniform"}, {"sigma": 10.0, "lam": 1e-10})
    )
    assert uniform - given > 1.0  # 16 small models
    assert learned - given > 5.0  # 75 evaluations of the hold-out error, of two solutions each
