"""Options of a command from a settings class: name, type, default and help text of each are declared there and only there."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from supple.simulation.settings_base import CommandLineText, SimulationSettings


def with_settings_options(
    settings_class: type[SimulationSettings],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replace the parameter `settings` of a command by an option for each field of the class.

    The command is called with settings that are validated.

    Args:
        settings_class: a default and a description for every field.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def wrapper(**values: Any) -> None:
            given = {name: values.pop(name) for name in settings_class.model_fields}
            command(settings=settings_class.of(**given), **values)

        signature = inspect.signature(command, eval_str=True)
        parameters = []
        for parameter in signature.parameters.values():
            if parameter.name == "settings":
                parameters += [_option(name, field) for name, field in settings_class.model_fields.items()]
            else:
                parameters.append(parameter)
        wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapper

    return decorate


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    option = f"--{name.replace('_', '-')}"
    kind, default = _plain(name, field.annotation), field.default
    least = next((item.ge for item in field.metadata if hasattr(item, "ge")), None)
    text = next((item for item in field.metadata if isinstance(item, CommandLineText)), None)
    if text is not None:
        kind, default = str, text.write(default)
    info = typer.Option(option, help=field.description, min=least)
    annotation: Any = Annotated[kind, info]
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation)


def _plain(name: str, annotation: Any) -> Any:
    """A type as typer knows it: without constraints, and with an enumeration in place of a Literal."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(name, get_args(annotation)[0])
    if origin is Literal:
        return StrEnum(name, [(value, value) for value in get_args(annotation)])
    if origin in (Union, UnionType):
        (inner,) = (part for part in get_args(annotation) if part is not NoneType)
        return _plain(name, inner) | None
    return annotation
