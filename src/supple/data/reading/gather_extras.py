"""Whatever else a file says of its frames, beside positions and labels: gathered as text, kept as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

#: Under these names files state the level of theory.
_THEORY = ("theory", "level_of_theory", "level", "method", "xc")


class Extras:
    """Gathers key=value pairs frame by frame."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str | None]] = {}
        self._count = 0

    def add(self, pairs: Mapping[str, str]) -> None:
        """What one more frame says."""
        for name, text in pairs.items():
            column = self._texts.get(name)
            if column is None:
                column = self._texts[name] = [None] * self._count
            column.append(text)
        self._count += 1
        for column in self._texts.values():
            if len(column) < self._count:
                column.append(None)

    def arrays(self) -> dict[str, np.ndarray]:
        """One array a name, its first axis over the frames.

        Numbers become floats, NaN where a frame does not say; several numbers in one text an array of shape (M, k);
        everything else text, empty where a frame does not say.
        """
        return {name: _array(texts) for name, texts in self._texts.items()}


def with_theory(extras: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Extras, and what is the same in all frames: the level of theory moves there; where it differs it is `theory`."""
    rest, about = dict(extras), {}
    for name in extras:
        values = rest[name]
        if name.lower() not in _THEORY or values.dtype.kind != "U" or values.ndim != 1:
            continue
        levels = np.unique(values)
        if len(levels) == 1 and levels[0]:
            about["theory"] = str(levels[0])
            del rest[name]
        elif name != "theory" and "theory" not in rest:
            rest["theory"] = rest.pop(name)
    return rest, about


def _array(texts: Iterable[str | None]) -> np.ndarray:
    said = list(texts)
    try:
        rows = [None if text is None else [float(word) for word in text.split()] for text in said]
    except ValueError:
        return np.array(["" if text is None else text for text in said], dtype=str)
    widths = {len(row) for row in rows if row is not None}
    if len(widths) != 1 or 0 in widths:
        return np.array(["" if text is None else text for text in said], dtype=str)
    width = widths.pop()
    array = np.array([[np.nan] * width if row is None else row for row in rows])
    return array[:, 0] if width == 1 else array
