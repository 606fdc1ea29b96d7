"""The frames of a file from which a run starts."""

from __future__ import annotations

import numpy as np

from supple.data.dataset import Dataset
from supple.errors import SettingsError


def select_frames(frames: Dataset, text: str) -> Dataset:
    """The frames that a text names, in its order.

    Args:
        frames: all frames.
        text: numbers counted from 0, or from -1 backwards, with commas between; or Python slices: `10:100:10`.

    Raises:
        SettingsError: the text has another form, or there is no such frame.
    """
    indices: list[int] = []
    for part in text.split(","):
        try:
            numbers = [int(word) if word.strip() else None for word in part.split(":")]
        except ValueError:
            numbers = []
        if not 1 <= len(numbers) <= 3 or numbers == [None] or numbers[2:] == [0]:
            raise SettingsError(f"'{text}' does not name frames: write for instance 0 or 3,17 or -1 or 0:100:10.")
        if len(numbers) > 1:
            indices += range(len(frames))[slice(*numbers)]
            continue
        index = numbers[0] or 0
        if not -len(frames) <= index < len(frames):
            raise SettingsError(
                f"There is no frame {index} in {frames.source.name}, which has {len(frames)} frames: count from 0, or "
                "from -1 backwards."
            )
        indices.append(index % len(frames))
    if not indices:
        raise SettingsError(f"'{text}' selects none of the {len(frames)} frames of {frames.source.name}.")
    return frames.select(np.array(indices))
