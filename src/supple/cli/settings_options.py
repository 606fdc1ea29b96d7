"""Options of a command from a settings class: name, type, default and help text of each are declared there and only there."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from annotated_types import Ge

from supple.simulation.settings_base import Setting, SimulationSettings


def with_settings_options(
    settings_class: type[SimulationSettings],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replace the parameter `settings` of a command by an option for each field of the class.

    The command is called with settings that are validated.

    Args:
        settings_class: a default and a description for every field.
    """
    options = settings_class.settings()

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def wrapper(**values: Any) -> None:
            given = {option.name: values.pop(option.name) for option in options}
            command(settings=settings_class.of(**given), **values)

        signature = inspect.signature(command, eval_str=True)
        parameters = []
        for parameter in signature.parameters.values():
            parameters += [_parameter(one) for one in options] if parameter.name == "settings" else [parameter]
        wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapper

    return decorate


def _parameter(one: Setting) -> inspect.Parameter:
    kind, default = _plain(one.name, one.annotation), one.default
    if one.text is not None:
        kind, default = str, one.text.write(default)
    least: Any = next((item.ge for item in getattr(one.annotation, "__metadata__", ()) if isinstance(item, Ge)), None)
    name = f"--{one.name.replace('_', '-')}"
    annotation: Any = Annotated[kind, typer.Option(name, help=one.description, min=least)]
    return inspect.Parameter(one.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation)


def _plain(name: str, annotation: Any) -> Any:
    """A type in the form that typer supports: without constraints, and with an enumeration in place of a Literal."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(name, get_args(annotation)[0])
    if origin is Literal:
        return StrEnum(name, [(value, value) for value in get_args(annotation)])
    if origin in (Union, UnionType):
        (inner,) = (part for part in get_args(annotation) if part is not NoneType)
        return _plain(name, inner) | None
    return annotation
