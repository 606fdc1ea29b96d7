"""SimulationSettings: a class of settings that is also the options of a command; each setting is declared once.

Subclasses are dataclasses, whose fields have annotations that pydantic validates when settings are made by `of`. The command
line reads the fields without waiting for pydantic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, TypeVar, get_type_hints

from annotated_types import Ge, Gt

from supple.errors import SettingsError
from supple.runtime.validation import shortened

Settings = TypeVar("Settings", bound="SimulationSettings")

PositiveFloat = Annotated[float, Gt(0)]
NonNegativeInt = Annotated[int, Ge(0)]


@dataclass(frozen=True)
class Text:
    """In the annotation of a field: on the command line its value is a text, `read` gives the number and `write` the text."""

    read: Callable[[str], float]
    write: Callable[[float], str]


@dataclass(frozen=True)
class Setting:
    """One field of a settings class, as an option needs it.

    Attributes:
        name: in Python.
        annotation: its type, with constraints.
        default: its default value.
        description: the help text of the option.
    """

    name: str
    annotation: Any
    default: Any
    description: str

    @property
    def text(self) -> Text | None:
        """How its value is written as a text; None where it is no text on the command line."""
        return next((item for item in getattr(self.annotation, "__metadata__", ()) if isinstance(item, Text)), None)


@dataclass(frozen=True)
class SimulationSettings:
    """Settings. Each field has a default and, as `metadata={"description": ...}`, the help text of its option."""

    #: What they are settings of, for error messages.
    topic: ClassVar[str]

    @classmethod
    def settings(cls) -> list[Setting]:
        """All fields."""
        hints = get_type_hints(cls, include_extras=True)
        return [Setting(f.name, hints[f.name], f.default, f.metadata["description"]) for f in fields(cls)]

    @classmethod
    def of(cls: type[Settings], **values: Any) -> Settings:
        """Settings from a user's values.

        Raises:
            SettingsError: a setting does not exist, its value is not allowed, or it is incompatible with another.
        """
        from pydantic import TypeAdapter, ValidationError

        known = {one.name: one for one in cls.settings()}
        for name, value in values.items():
            if name not in known:
                raise SettingsError(f"'{name}' is not a setting of {cls.topic}: choose from {', '.join(known)}.")
            text = known[name].text
            if text is not None and isinstance(value, str):
                values[name] = text.read(value)
        try:
            settings = TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            first = error.errors()[0]
            message = first["msg"][:1].lower() + first["msg"][1:]
            raise SettingsError(
                f"The setting {first['loc'][0]} of {cls.topic}: {message} (got {shortened(repr(first['input']))})."
            ) from error
        settings.require_consistent()
        return settings

    def require_consistent(self) -> None:
        """Check the settings against each other; by default they are independent.

        Raises:
            SettingsError: two are incompatible.
        """
