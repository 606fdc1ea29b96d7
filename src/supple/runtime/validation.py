"""What pydantic finds wrong with a value, in a few words for use within a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Gt, Lt

if TYPE_CHECKING:
    from pydantic import ValidationError

#: Numbers of a record, as types of pydantic: neither NaN nor infinite.
Finite = Annotated[float, Gt(-float("inf")), Lt(float("inf"))]
NonNegative = Annotated[float, Ge(0), Lt(float("inf"))]
Positive = Annotated[float, Gt(0), Lt(float("inf"))]
Count = Annotated[int, Ge(0)]

_LONGEST = 60


def first_problem(error: ValidationError) -> str:
    """The first problem, as `name: what is wrong`."""
    problem = error.errors()[0]
    place = ".".join(shortened(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {message[0].lower()}{message[1:]}" if place else message


def shortened(value: Any) -> str:
    """The beginning of a value's text."""
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
