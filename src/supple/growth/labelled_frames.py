"""LabelledFrames: all geometries that were calculated, with their round, the reason why they were chosen, and what they are used for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from supple.data.dataset import Dataset
from supple.data.splits import Split

#: One in so many of the frames of a round is a validation frame.
_VALIDATION = 10


@dataclass(frozen=True)
class LabelledFrames:
    """The frames of all rounds.

    Attributes:
        data: the frames, with `round` and `reason` among their extras.
        split: which of them are trained and validated on; the others are test frames.
    """

    data: Dataset
    split: Split

    @classmethod
    def of(cls, rounds: Sequence[Dataset], seed: int, n_test: int = 0) -> LabelledFrames:
        """The frames of some rounds; in each, some are drawn for validation, and keep that part in all later rounds.

        Args:
            rounds: the frames of each.
            seed: of the draw.
            n_test: of the last frames, how many are test frames.
        """
        number = np.concatenate([np.full(len(one), k) for k, one in enumerate(rounds)])
        forces = [one.forces for one in rounds if one.forces is not None]
        data = Dataset.of(
            rounds[0].numbers,
            np.concatenate([one.positions for one in rounds]),
            np.concatenate([one.energies for one in rounds]),
            np.concatenate(forces),
            name="data.xyz",
            extras={
                "round": number,
                "reason": np.concatenate([one.extras["reason"] for one in rounds]),
            },
        )
        data = replace(data, source=rounds[0].source)
        usable = np.arange(len(data) - n_test)
        valid = np.concatenate([_drawn(usable[number[usable] == k], seed, k) for k in range(len(rounds))])
        train = np.setdiff1d(usable, valid)
        # in a random order: models learn their settings from the first of them
        train = np.random.default_rng([seed, len(train)]).permutation(train)
        test = range(len(usable), len(data))
        return cls(data, Split(seed, tuple(map(int, train)), tuple(map(int, valid)), tuple(test)))

    @property
    def train(self) -> Dataset:
        """The training frames."""
        return self.data.select(self.split.train)

    def described(self) -> Dataset:
        """The frames with what they are used for, to be written."""
        part = np.full(len(self.data), "train", dtype="<U5")
        part[list(self.split.valid)], part[list(self.split.test)] = "valid", "test"
        return replace(self.data, extras=dict(self.data.extras) | {"part": part})


def _drawn(frames: Int[np.ndarray, "K"], seed: int, number: int) -> Int[np.ndarray, "V"]:
    """The validation frames of a round."""
    count = -(-len(frames) // _VALIDATION) if len(frames) > 1 else 0
    return np.sort(np.random.default_rng([seed, 1, number]).permutation(frames)[:count])
