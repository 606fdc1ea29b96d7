"""Choosing training frames: which of the frames that may be trained on are the first 200, 400, 1000.

A selection puts the candidates in an order, the best first. The order does not depend on how many are taken, so that
training sets of growing size are nested, as learning curves and warm starts need them. Validation and test frames are
drawn before, at random, and are the same for every selection: selections are compared on frames that none has chosen.

A new selection is a file with a function of the type `Selection` and a line below or, in another package, an entry point of
the group `supple.selections`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from supple.data.splits import Split, draw_split
from supple.runtime.plugins import Registry

if TYPE_CHECKING:
    from supple.data.dataset import Dataset

#: (dataset, candidates in random order, count, seed) -> the first `count` of them. Nested: the first 200 of 400 are
#: those of 200.
Selection = Callable[["Dataset", np.ndarray, int, int], np.ndarray]

SELECTIONS: Registry[Selection] = Registry(
    "supple.selections",
    "way to choose training frames",
    {
        "random": "supple.data.selection.random:random_order",
        "energy": "supple.data.selection.energy:energy_order",
        "farthest": "supple.data.selection.farthest:farthest_order",
        "balanced": "supple.data.selection.balanced:balanced_order",
    },
)


def require_selection(name: str) -> None:
    """Refuse a name that is not that of a selection.

    Raises:
        SettingsError: there is no selection of this name.
    """
    if name not in SELECTIONS:
        SELECTIONS.get(name)  # the error lists the names


def split_dataset(
    dataset: Dataset,
    train: int,
    valid: int,
    test: int | None = None,
    seed: int = 0,
    *,
    select: str = "random",
    blocks: int | None = None,
) -> Split:
    """Draw validation and test frames at random, and choose training frames among the others.

    Frames that equal an earlier one are left out (`duplicate_note` says so): an equal frame may be in another part.

    Args:
        dataset: the frames; with `blocks` in the order of time.
        train, valid, test, seed, blocks: as in `supple.data.splits.draw_split`.
        select: how training frames are chosen, a name in `SELECTIONS`.

    Raises:
        SplitError: there are fewer frames than requested.
        SettingsError: there is no selection of this name.
        DataError: the data lack what the selection needs, such as energies.
    """
    choose = SELECTIONS.get(select)

    def order(candidates: Int[np.ndarray, "C"], count: int) -> Int[np.ndarray, "K"]:
        return choose(dataset, candidates, count, seed)

    split = draw_split(
        len(dataset), train, valid, test, seed, blocks=blocks, order=order, duplicates=dataset.duplicates
    )
    return replace(split, select=select)


def duplicate_note(dataset: Dataset) -> str | None:
    """A sentence on frames that `split_dataset` leaves out; None where there are none."""
    n = len(dataset.duplicates)
    if n == 0:
        return None
    first = int(dataset.frames[dataset.duplicates[0]])
    which = (
        f"frame {first} equals an earlier one and is"
        if n == 1
        else (f"{n} frames equal earlier ones (the first is frame {first}) and are")
    )
    return f"{dataset.source.name}: {which} neither trained nor tested on."
