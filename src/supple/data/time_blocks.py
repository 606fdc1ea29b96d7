"""Splits by blocks of time, for frames that follow each other in a trajectory.

Successive frames of a trajectory are similar: in a random split nearly every test frame follows or precedes a training
frame, and test errors look smaller than they are. Here the frames are divided into consecutive blocks; test and
validation frames come from whole blocks of their own, and the frames at the edges of the adjacent blocks are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from scipy.ndimage import binary_dilation

from supple.errors import SplitError

#: The margin left out beside a test or validation block is this fraction of a block's length.
_MARGINS_PER_BLOCK = 10
#: Without a number of test frames, at least one frame in this many becomes a test frame.
_FRAMES_PER_TEST_FRAME = 5


@dataclass(frozen=True)
class HeldOut:
    """Validation and test frames, and the candidates for training; all in random order.

    Attributes:
        candidates: frames that may become training frames.
        valid, test: frames that never do.
    """

    candidates: Int[np.ndarray, "C"]
    valid: Int[np.ndarray, "V"]
    test: Int[np.ndarray, "T"]


def margin_of(n_frames: int, blocks: int) -> int:
    """How many frames are left out beside a test or validation block: a tenth of a block, at least one."""
    return max(1, n_frames // blocks // _MARGINS_PER_BLOCK)


def hold_out_blocks(
    permutation: Int[np.ndarray, "M"],
    valid: int,
    test: int | None,
    blocks: int,
    seed: int,
    left_out: Sequence[int] = (),
) -> HeldOut:
    """Keep whole blocks for test and validation, and leave out the frames within a margin of them.

    The blocks are put in an order drawn from the seed: the last ones, as many as are needed, are for test, those before
    them for validation, all others for training. Frames within the margin of a test block are neither validation nor
    training frames; frames within the margin of a validation block are not training frames. None of this depends on the
    number of training frames.

    Args:
        permutation: of all frames. The candidates keep its order, and it decides which frames are taken from a block
            that has more than are needed.
        valid, test: number of frames; if `test` is None, all frames of about a fifth of the blocks.
        blocks: number of consecutive blocks of (nearly) equal length, at least 3.
        seed: of the order of the blocks.
        left_out: frames that are in no part.

    Raises:
        SplitError: there are fewer than 3 blocks, or blocks have fewer than 2 frames, or none is left for training.
    """
    n_frames = len(permutation)
    if blocks < 3:
        raise SplitError(f"{blocks} blocks are not enough: training, validation and test need at least 3.")
    if n_frames < 2 * blocks:
        raise SplitError(
            f"{n_frames} frames cannot be divided into {blocks} blocks of 2 or more: choose at most {n_frames // 2} blocks."
        )
    margin = margin_of(n_frames, blocks)
    block_of = np.arange(n_frames) * blocks // n_frames
    # a stream of random numbers of its own: the permutation was drawn from the seed itself
    order = [int(b) for b in np.random.default_rng([seed, blocks]).permutation(blocks)]

    free = ~np.isin(np.arange(n_frames), left_out)
    for_test = _take(order, block_of, free, n_frames // _FRAMES_PER_TEST_FRAME if test is None else test)
    free &= ~_widened(for_test, margin)
    for_valid = _take(order, block_of, free, valid)
    free &= ~_widened(np.isin(block_of, np.unique(block_of[for_valid])), margin)
    if not free.any():
        requested = f"{valid} validation frames" + (f" and {test} test frames" if test else "")
        raise SplitError(
            f"{requested} leave none of the {blocks} blocks for training: choose fewer frames, or more blocks."
        )

    def drawn(mask: Bool[np.ndarray, "M"], count: int | None) -> Int[np.ndarray, "K"]:
        return permutation[mask[permutation]][:count]

    return HeldOut(drawn(free, None), drawn(for_valid, valid), drawn(for_test, test))


def _take(
    order: list[int], block_of: Int[np.ndarray, "M"], free: Bool[np.ndarray, "M"], requested: int
) -> Bool[np.ndarray, "M"]:
    """Take blocks from the end of the order until they have enough free frames; a mask of these frames."""
    taken = np.zeros(len(block_of), dtype=bool)
    while order and taken.sum() < requested:
        taken |= (block_of == order.pop()) & free
    return taken


def _widened(mask: Bool[np.ndarray, "M"], margin: int) -> Bool[np.ndarray, "M"]:
    """The frames of the mask, and those within the margin of one of them."""
    return binary_dilation(mask, iterations=margin)
