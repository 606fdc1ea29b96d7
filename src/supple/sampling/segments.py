"""Segments: the parts of a sampling run, which are drawn independently of each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from supple.sampling.context import SamplingContext
from supple.sampling.labelled_frame import LabelledFrame

#: A TypedDict: what a segment keeps in JSON to resume from.
State = TypeVar("State", bound=Mapping[str, Any])


class Segment(ABC, Generic[State]):
    """A series of frames that are drawn one after the other, and that can be resumed after any of them.

    Attributes:
        name: the origin of its frames; unique in a sampling run.
        expected: the number of frames; 0 where it is not known beforehand.
        calculations: about how many calculations of energy and forces that takes.
        after: names of segments that must be complete before this one starts.
    """

    name: str
    expected: int
    calculations: int
    after: tuple[str, ...] = ()

    @abstractmethod
    def frames(
        self, context: SamplingContext, done: int, state: State | None, earlier: Sequence[LabelledFrame] = ()
    ) -> Iterator[LabelledFrame]:
        """The frames that follow the first `done`.

        Args:
            context: molecule, methods and seed.
            done: frames that are there already.
            state: the state after the last of them; None at the start.
            earlier: frames of the segments named in `after`.
        """
