"""Splits by blocks of time, for frames that follow each other in a trajectory.

Neighbours in a trajectory resemble each other: with a random split nearly every test frame has a training frame beside
it, and its error says how well the model recalls, not how well it predicts. Here the frames are cut into consecutive
blocks; test and validation frames come from whole blocks of their own, and the frames at the edges of their neighbours
are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from scipy.ndimage import binary_dilation

from supple.errors import SplitError

#: The frames left out beside a block that tests or validates: one in so many of a block's length.
_MARGIN_PART = 10
#: With no number of test frames, at least one frame in so many tests.
_TEST_PART = 5


@dataclass(frozen=True)
class HeldOut:
    """The frames of a split before those for training are chosen; all in random order.

    Attributes:
        candidates: those that may train.
        valid, test: those that never do.
    """

    candidates: Int[np.ndarray, "C"]
    valid: Int[np.ndarray, "V"]
    test: Int[np.ndarray, "T"]


def margin_of(n_frames: int, blocks: int) -> int:
    """How many frames are left out beside a block that tests or validates: a tenth of a block, at least one."""
    return max(1, n_frames // blocks // _MARGIN_PART)


def hold_out_blocks(permutation: Int[np.ndarray, "M"], valid: int, test: int | None, blocks: int, seed: int) -> HeldOut:
    """Keep whole blocks for testing and validation, and leave out the frames within a margin of them.

    The seed puts the blocks in an order. As many of them as are needed test, the next validate, all others train. A
    frame within the margin of a test block neither validates nor trains; one within that of a validation block does not
    train. None of this depends on the number of training frames.

    Args:
        permutation: of all frames. Its order is kept among the candidates, and decides which frames of a block are
            taken when it has more than are asked for.
        valid, test: how many frames; for `test` None all frames of about a fifth of the blocks.
        blocks: how many consecutive blocks of (nearly) equal length, at least 3.
        seed: of the order of the blocks.

    Raises:
        SplitError: there are fewer than 3 blocks or fewer than 2 frames to each, or none is left for training.
    """
    n_frames = len(permutation)
    if blocks < 3:
        raise SplitError(f"{blocks} blocks were asked for: training, validation and test need at least 3.")
    if n_frames < 2 * blocks:
        raise SplitError(
            f"{n_frames} frames cannot be cut into {blocks} blocks of 2 or more: ask for at most {n_frames // 2} blocks."
        )
    margin = margin_of(n_frames, blocks)
    block_of = np.arange(n_frames) * blocks // n_frames
    # A stream of its own: the permutation has been drawn from the seed itself.
    order = [int(b) for b in np.random.default_rng([seed, blocks]).permutation(blocks)]

    free = np.ones(n_frames, dtype=bool)
    for_test = _take(order, block_of, free, n_frames // _TEST_PART if test is None else test)
    free &= ~_widened(for_test, margin)
    for_valid = _take(order, block_of, free, valid)
    free &= ~_widened(np.isin(block_of, np.unique(block_of[for_valid])), margin)
    if not free.any():
        asked = f"{valid} validation frames" + (f" and {test} test frames" if test else "")
        raise SplitError(
            f"{asked} leave none of the {blocks} blocks for training: ask for fewer of them, or for more blocks."
        )

    def drawn(mask: Bool[np.ndarray, "M"], count: int | None) -> Int[np.ndarray, "K"]:
        return permutation[mask[permutation]][:count]

    return HeldOut(drawn(free, None), drawn(for_valid, valid), drawn(for_test, test))


def _take(
    order: list[int], block_of: Int[np.ndarray, "M"], free: Bool[np.ndarray, "M"], wanted: int
) -> Bool[np.ndarray, "M"]:
    """Take blocks off the end of the order until they hold enough free frames; a mask of these frames."""
    taken = np.zeros(len(block_of), dtype=bool)
    while order and taken.sum() < wanted:
        taken |= (block_of == order.pop()) & free
    return taken


def _widened(mask: Bool[np.ndarray, "M"], margin: int) -> Bool[np.ndarray, "M"]:
    """The frames of the mask and those within the margin of one."""
    return binary_dilation(mask, iterations=margin)
