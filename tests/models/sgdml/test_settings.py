"""Which settings go together, and what those that are left out mean."""

import pytest
from pydantic import ValidationError
from toy import toy_dataset

from supple import SGDML


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"metric": "learned", "sigma": 8.0}, "sigma is the length scale of a uniform metric"),
        ({"metric": "uniform", "environments": [1]}, "environments belong to a learned metric"),
        ({"sigma": 8.0, "environments": ["molecule"]}, "environments belong to a learned metric"),
        ({"environments": []}, "one size or more, each of them once"),
        ({"environments": [1, 2, 1]}, "one size or more, each of them once"),
        ({"environments": [0]}, "greater than 0"),
        ({"environments": ["all"]}, "environments"),
        ({"metric": "given"}, "metric"),
        ({"kernel": "gauss"}, "kernel"),
        ({"energy_weight": 0}, "energy_weight"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, sentence):
    with pytest.raises(ValidationError, match=sentence):
        SGDML(**settings)


@pytest.mark.parametrize(
    ("settings", "learns", "kernel", "radii", "weight"),
    [
        ({}, True, "matern-7/2", (1, 2, None), 1.0),
        ({"metric": "learned"}, True, "matern-7/2", (1, 2, None), 1.0),
        ({"lam": 1e-8}, True, "matern-7/2", (1, 2, None), 1.0),
        ({"environments": [3, "molecule"]}, True, "matern-7/2", (3, None), 1.0),
        ({"kernel": "matern-5/2"}, True, "matern-5/2", (1, 2, None), 1.0),
        ({"metric": "uniform"}, False, "matern-5/2", (None,), 10.0),
        ({"sigma": 8.0}, False, "matern-5/2", (None,), 10.0),
        ({"metric": "uniform", "sigma": 8.0, "kernel": "matern-7/2"}, False, "matern-7/2", (None,), 10.0),
        ({"energy_weight": 3.0}, True, "matern-7/2", (1, 2, None), 3.0),
    ],
)
def test_what_auto_means(settings, learns, kernel, radii, weight):
    made = SGDML(**settings)
    assert (made.learns_metric, made.function.name, made.radii, made.amplitude) == (learns, kernel, radii, weight)


def test_energies_can_be_learned_with_either_solver():
    for solver in ("direct", "iterative"):
        assert SGDML(energies="learned", solver=solver).solver == solver


def test_a_given_sigma_is_the_kernel_of_the_sgdml_package():
    train, valid, _ = toy_dataset(60).split(train=20, valid=10)
    potential = SGDML(sigma=8.0).fit(train, valid)
    kernel = potential.module.kernel
    assert kernel.sigma == pytest.approx(8.0)
    assert kernel.function.name == "matern-5/2"
    assert potential.provenance.settings["metric"] == "uniform"
    assert potential.provenance.settings["sigma"] == 8.0


def test_settings_of_a_training_can_be_given_again():
    """As an extension of the training does it: those that were chosen are settings, but for what is only worth recording."""
    train, valid, _ = toy_dataset(60).split(train=20, valid=10)
    for settings in ({"environments": ["molecule"]}, {"metric": "uniform"}):
        recorded = SGDML(**settings).fit(train, valid).provenance.settings
        again = SGDML.model_validate({name: recorded[name] for name in SGDML.model_fields if name in recorded})
        assert again.learns_metric == (settings != {"metric": "uniform"})
        assert again.lam == recorded["lam"]


def test_one_size_of_environments_need_not_be_a_list():
    assert SGDML(environments=2).radii == (2,)
    assert SGDML(environments="molecule").radii == (None,)
