"""KeptResults: the results of named calculations, each in a file as soon as it is there, and none calculated twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from supple.methods.record_file import RecordFile
from supple.methods.side_by_side import side_by_side
from supple.runtime.progress import Progress

Item = TypeVar("Item")


class KeptResults(RecordFile):
    """A line for each result, by the name of the calculation."""

    def of(
        self,
        work: Callable[[Sequence[Item]], list[dict[str, Any]]],
        items: dict[str, Item],
        what: str,
        progress: Progress,
    ) -> dict[str, dict[str, Any]]:
        """The results of calculations, in the order of their names; only while the file is claimed.

        Args:
            work: gives the result of each of some items, as JSON can hold it; it may be sent to other processes.
            items: what is calculated, by name.
            what: is calculated, for messages.
            progress: receives the number of calculations that are complete.

        Raises:
            DataError: the file is damaged.
            ResourceError: a process was killed.
        """
        known = self._known()
        missing = [(name, item) for name, item in items.items() if name not in known]
        for some, results in side_by_side(partial(_of_named, work), missing, what, progress):
            self.append([{"name": name, "result": result} for (name, _), result in zip(some, results, strict=True)])
        known = self._known()
        return {name: known[name] for name in items}

    def _known(self) -> dict[str, dict[str, Any]]:
        found = {}
        for number, content in self.lines():
            try:
                found[str(content["name"])] = dict(content["result"])
            except (KeyError, TypeError, ValueError) as error:
                raise self.damaged(number) from error
        return found


def _of_named(
    work: Callable[[Sequence[Item]], list[dict[str, Any]]], some: Sequence[tuple[str, Item]]
) -> list[dict[str, Any]]:
    return work([item for _, item in some])
