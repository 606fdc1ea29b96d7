"""The registry of models: a new kind is a folder or file with its settings class, and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from supple.errors import SettingsError
from supple.models.citations import SHARED_CITATIONS, Citation
from supple.runtime.plugins import Registry
from supple.runtime.validation import shortened

if TYPE_CHECKING:
    from supple.models.settings import ModelSettings

#: Kinds of models by name: the settings class of each, which defines everything else about it.
MODELS: Registry[type[ModelSettings]] = Registry(
    "supple.models",
    "model",
    {
        "sgdml": "supple.models.sgdml.settings:SGDML",
        "schnet": "supple.models.neural.schnet.settings:SchNet",
    },
)


def settings_class(kind: str) -> type[ModelSettings]:
    """The settings class of a kind of model.

    Raises:
        SettingsError: there is no such kind, or the plugin that provides it cannot be imported.
    """
    return MODELS.get(kind)


def make_settings(kind: str, values: Mapping[str, object]) -> ModelSettings:
    """Settings of a kind of model from plain values, as they come from the command line or a file.

    Raises:
        SettingsError: there is no such kind or setting, or a value is not allowed.
    """
    from pydantic import ValidationError  # `supple --help` does not wait for it

    cls = settings_class(kind)
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(shortened, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise SettingsError(
                f"'{name}' is not a setting of {kind}: choose from {', '.join(cls.model_fields)}."
            ) from error
        what = f"The setting {name} of {kind}" if name else f"The settings of {kind}"
        raise SettingsError(f"{what}: {first['msg']} (got {shortened(repr(first['input']))}).") from error


def all_citations() -> list[Citation]:
    """The papers behind all models, then those behind the methods and data that all of them share."""
    of_models = [citation for kind in MODELS for citation in settings_class(kind).citations]
    return list(dict.fromkeys([*of_models, *SHARED_CITATIONS]))
