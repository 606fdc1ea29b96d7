"""What every kind of model says about itself, and what the user is told about names that do not exist."""

import pytest

from supple.errors import SettingsError
from supple.models.citations import Citation
from supple.models.neural.options import TrainingOptions
from supple.models.registry import MODELS, all_citations, make_settings, settings_class
from supple.models.settings import ModelSettings


@pytest.mark.parametrize("kind", MODELS.names)
def test_a_settings_class_says_all_about_its_kind(kind):
    cls = settings_class(kind)
    assert issubclass(cls, ModelSettings)
    assert cls.kind == cls.potential_class.kind == kind
    assert cls.display_name
    assert all(isinstance(citation, Citation) for citation in cls.citations)
    assert set(cls.search_space) <= set(cls.model_fields)
    assert set(cls.trial_settings) <= set(cls.model_fields)
    assert all(field.description for field in cls.model_fields.values())
    assert cls() == make_settings(kind, {})


def test_networks_share_the_training_options():
    assert set(TrainingOptions.model_fields) < set(settings_class("schnet").model_fields)
    assert not set(TrainingOptions.model_fields) & set(settings_class("schnet").__annotations__)


def test_unknown_names():
    with pytest.raises(SettingsError, match="'oracle' is not a model: choose one of sgdml, schnet, bespoke"):
        make_settings("oracle", {})
    with pytest.raises(SettingsError, match=r"'depth' is not a setting of schnet: choose from .*features"):
        make_settings("schnet", {"depth": 3})
    with pytest.raises(SettingsError, match=r"The setting batch_size of schnet: .*\(got 0\)"):
        make_settings("schnet", {"batch_size": 0})
    with pytest.raises(
        SettingsError, match=r"^The setting sigma of sgdml: Input should be greater than 0 \(got -3\)\.$"
    ):
        make_settings("sgdml", {"sigma": -3})
    with pytest.raises(SettingsError, match=r"^The settings of sgdml: sigma is .* uniform metric.*\.$"):
        make_settings("sgdml", {"metric": "learned", "sigma": 8.0})


def test_citations():
    keys = [citation.key for citation in all_citations()]
    assert keys == [
        *(
            "chmiela2017",
            "chmiela2018",
            "schutt2017",
            "schutt2018",
            "vyas2024",
            "batzner2022",
            "batatia2022",
            "schutt2021",
        ),
        *("vassilev2021", "bannwarth2019"),
    ]
    assert all(citation.bibtex().startswith(f"@article{{{citation.key},") for citation in all_citations())
