"""LabelledFrames: all geometries that were calculated, with their round, the reason why they were chosen, and what they are used for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Int

from supple.data.dataset import Dataset
from supple.data.splits import Split
from supple.growth.settings import Goal, GrowthSettings
from supple.methods.label_frames import label_frames
from supple.methods.level import Level
from supple.runtime.progress import Progress

#: One in so many of the frames of a round is a validation frame.
_VALIDATION = 6


@dataclass(frozen=True)
class Calculated:
    """The frames of one round that were calculated.

    Attributes:
        frames: those that succeeded, with labels; `reason` is among their extras.
        failures: why others failed, each reason with how often.
        seconds: that the calculations took, on one core.
    """

    frames: Dataset
    failures: dict[str, int]
    seconds: float


def calculate(chosen: Dataset, settings: GrowthSettings, goal: Goal, folder: Path, progress: Progress) -> Calculated:
    """Calculate geometries side by side; none is calculated twice, and a failed one is not tried again.

    Args:
        chosen: the geometries.
        settings: method, charge and multiplicity.
        goal: its units are those of the frames' source.
        folder: in which the results are kept.
        progress: receives the number of calculations that are complete.

    Raises:
        SettingsError: the method is unknown or not installed.
    """
    level = Level(settings.method, settings.charge, settings.multiplicity)
    labels = label_frames(level, chosen.numbers, chosen.positions, folder, progress)
    good = np.isfinite(labels.energies)
    frames = Dataset.of(
        chosen.numbers,
        chosen.positions[good],
        labels.energies[good],
        labels.forces[good],
        name="data.xyz",
        extras={"reason": chosen.extras["reason"][good]},
        about={"theory": level.method.theory, "charge": str(level.charge), "multiplicity": str(level.multiplicity)},
    )
    frames = replace(frames, source=replace(frames.source, units=goal.units, folder=folder))
    return Calculated(frames, dict(Counter(labels.failures.values())), labels.seconds)


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
