"""Which frames train, which validate, which test: seeded, nested, disjoint, stored."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from supple.errors import SplitError


@dataclass(frozen=True)
class Split:
    """Three disjoint lists of frame indices into one dataset, and the seed that drew them."""

    seed: int
    train: tuple[int, ...]
    valid: tuple[int, ...]
    test: tuple[int, ...]

    def __post_init__(self) -> None:
        parts = {"training": self.train, "validation": self.valid, "test": self.test}
        for name, part in parts.items():
            if len(set(part)) != len(part):
                raise SplitError(f"The {name} frames of the split name a frame twice: each may stand there once.")
        names = list(parts)
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                common = sorted(set(parts[first]) & set(parts[second]))
                if common:
                    raise SplitError(
                        f"The split overlaps: frame {common[0]} is both a {first} and a {second} frame "
                        f"({len(common)} in common); make the lists disjoint."
                    )

    def __repr__(self) -> str:
        return f"Split(seed={self.seed}, {len(self.train)} train, {len(self.valid)} valid, {len(self.test)} test)"

    def save(self, path: Path) -> None:
        """Write the indices as JSON."""
        path.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path, n_frames: int | None = None) -> Split:
        """Read what `save` wrote.

        Raises:
            SplitError: the file is missing or not a split, its lists overlap, or an index lies outside the data.
        """
        try:
            raw = json.loads(Path(path).read_text(encoding="utf-8"))
            split = cls(
                seed=int(raw.get("seed", 0)),
                **{part: tuple(int(i) for i in raw.get(part, ())) for part in ("train", "valid", "test")},
            )
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise SplitError(
                f"{path} is not a split: it must be JSON with lists of frame numbers named train, valid and test "
                f"({error})."
            ) from error
        used = (*split.train, *split.valid, *split.test)
        if used and min(used) < 0:
            raise SplitError(f"{path} names frame {min(used)}, but frames are counted from 0.")
        if used and n_frames is not None and max(used) >= n_frames:
            raise SplitError(f"{path} names frame {max(used)}, but the data have frames 0 to {n_frames - 1}.")
        return split


def draw_split(n_frames: int, train: int, valid: int, test: int | None = None, seed: int = 0) -> Split:
    """Draw frames at random so that splits of one seed are nested.

    One permutation of all frames is drawn from the seed. Training frames are taken from its front, validation frames
    from its end, test frames from just before those: the first 200 training frames are among the first 400, and with
    `test` given, validation and test frames are the same for every training size.

    Args:
        n_frames: M, how many frames there are.
        train: how many to take.
        valid: how many to take.
        test: how many to take; all that remain when None.
        seed: seed of the permutation.

    Raises:
        SplitError: more frames are asked for than there are, or a count is not sensible.
    """
    if train < 1:
        raise SplitError(f"{train} training frames were asked for: at least 1 is needed.")
    if valid < 0 or (test is not None and test < 0):
        raise SplitError("The number of validation and test frames cannot be negative.")
    if seed < 0:
        raise SplitError(f"The seed {seed} is negative: take 0 or a positive whole number.")
    wanted = train + valid + (test or 0)
    if wanted > n_frames:
        detail = f"{train} training + {valid} validation" + (f" + {test} test" if test else "")
        raise SplitError(
            f"{detail} = {wanted} frames were asked for, but the data have {n_frames}: "
            f"ask for at most {max(n_frames - wanted + train, 0)} training frames, or fewer of the others."
        )
    order = [int(i) for i in np.random.default_rng(seed).permutation(n_frames)]
    end = n_frames - valid
    start = train if test is None else end - test
    return Split(seed, tuple(order[:train]), tuple(order[end:]), tuple(order[start:end]))
