"""The registry of models: a new kind is one line here and one folder, and no other file learns of it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from supple.errors import ModelFileError, SettingsError

if TYPE_CHECKING:
    from supple.models.potential import Potential
    from supple.models.settings import ModelSettings

#: kind -> (settings class, potential class), each as module:name so that nothing is imported before it is needed.
_REGISTRY = {
    "sgdml": ("supple.models.sgdml.fit:SGDML", "supple.models.kernel.potential:SGDMLPotential"),
    "schnet": ("supple.models.neural.fit:SchNet", "supple.models.neural.potential:SchNetPotential"),
}
KINDS = tuple(_REGISTRY)


def settings_class(kind: str) -> type[ModelSettings]:
    """The settings of a kind of model.

    Raises:
        SettingsError: there is no such kind.
    """
    if kind not in _REGISTRY:
        raise SettingsError(f"'{kind}' is not a model: choose one of {', '.join(KINDS)}.")
    return _resolve(_REGISTRY[kind][0])


def make_settings(kind: str, values: dict[str, Any]) -> ModelSettings:
    """Settings of a kind of model from plain values, as they come from the command line or a file.

    Raises:
        SettingsError: there is no such kind or setting, or a value is not allowed.
    """
    cls = settings_class(kind)
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(cls.model_fields)
            raise SettingsError(f"'{where}' is not a setting of {kind}: choose from {known}.") from error
        raise SettingsError(f"The setting {where} of {kind}: {first['msg']} (got {first['input']!r}).") from error


def potential_class(kind: str) -> type[Potential]:
    """The potential that a model file of this kind holds.

    Raises:
        ModelFileError: this version knows no such kind.
    """
    if kind not in _REGISTRY:
        raise ModelFileError(f"The model file is of kind '{kind}', which this version of Supple does not know.")
    return _resolve(_REGISTRY[kind][1])


def _resolve(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
