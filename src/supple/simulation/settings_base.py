"""SimulationSettings: a class of settings that is also the options of a command; each setting is declared once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from supple.errors import SettingsError

Settings = TypeVar("Settings", bound="SimulationSettings")


@dataclass(frozen=True)
class CommandLineText:
    """Marks a field that is a text on the command line; `write` gives the text for its default value."""

    write: Callable[[float], str]


class SimulationSettings(BaseModel):
    """Settings with a description of each, which is the help text of its option."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: What they are settings of, for error messages.
    topic: ClassVar[str]

    @classmethod
    def of(cls: type[Settings], **values: Any) -> Settings:
        """Settings from what a user gives.

        Raises:
            SettingsError: a setting does not exist, its value is not allowed, or it is incompatible with another.
        """
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            if first["type"] == "extra_forbidden":
                known = ", ".join(cls.model_fields)
                raise SettingsError(f"'{name}' is not a setting of {cls.topic}: choose from {known}.") from error
            message = first["msg"][:1].lower() + first["msg"][1:]
            raise SettingsError(f"The setting {name} of {cls.topic}: {message} (got {first['input']!r}).") from error
        settings.require_consistent()
        return settings

    def require_consistent(self) -> None:
        """Check the settings against each other; by default they are independent.

        Raises:
            SettingsError: two are incompatible.
        """
