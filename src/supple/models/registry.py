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
        "bespoke": "supple.models.neural.bespoke.settings:Bespoke",
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
        # of a setting with several types, pydantic names the type as well
        name = ".".join(shortened(part) for k, part in enumerate(first["loc"]) if k == 0 or isinstance(part, int))
        if first["type"] == "extra_forbidden":
            raise SettingsError(
                f"'{name}' is not a setting of {kind}: choose from {', '.join(cls.model_fields)}."
            ) from error
        if not name:
            raise SettingsError(f"The settings of {kind}: {first['msg'].removeprefix('Value error, ')}") from error
        got = shortened(repr(first["input"]))
        raise SettingsError(f"The setting {name} of {kind}: {first['msg']} (got {got}).") from error


def all_citations() -> list[Citation]:
    """The papers behind all models, then those behind the methods and data that all of them share."""
    of_models = [citation for kind in MODELS for citation in settings_class(kind).citations]
    return list(dict.fromkeys([*of_models, *SHARED_CITATIONS]))
