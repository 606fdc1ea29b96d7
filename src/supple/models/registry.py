"""The registry of models: a new kind is a folder or file with its settings class, and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from supple.errors import SettingsError
from supple.models.citations import SHARED_CITATIONS, Citation
from supple.runtime.plugins import Registry
from supple.runtime.validation import shortened

if TYPE_CHECKING:
    from supple.models.potential import Potential
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
#: Kinds of force fields that are not trained by settings of their own: sums, and what they are sums of.
COMPOSED: Registry[type[Potential]] = Registry(
    "supple.potentials",
    "kind of force field",
    {
        "difference": "supple.models.sums.difference_potential:DifferencePotential",
        "method": "supple.models.sums.method_potential:MethodPotential",
    },
)


def potential_class(kind: str) -> type[Potential]:
    """The class of the force fields of a kind.

    Raises:
        ValueError: there is no such kind.
        SettingsError: the plugin that provides it cannot be imported.
    """
    if kind in COMPOSED:
        return COMPOSED.get(kind)
    if kind not in MODELS:
        raise ValueError(f"there is no kind of force field '{shortened(kind)}'")
    return MODELS.get(kind).potential_class


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
