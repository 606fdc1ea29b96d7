"""Splits into training, validation and test frames: seeded, nested, disjoint, and stored as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Int
from pydantic import Strict

from supple.data.time_blocks import HeldOut, hold_out_blocks
from supple.errors import SplitError
from supple.runtime.files import write_text
from supple.runtime.json_records import read_json
from supple.runtime.validation import first_problem

#: As pydantic reads it: 1.0, "1" and true are none.
FrameNumber = Annotated[int, Strict()]
#: (candidates for training in random order, number n) -> n of them, the best first.
Order = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Split:
    """Three disjoint lists of frame indices of one dataset, and how they were drawn.

    Attributes:
        seed: by which they were drawn.
        train, valid, test: frame indices, in the order in which they were drawn.
        select: name of the selection that chose the training frames, as in `supple.data.selection`.
        blocks: number of blocks of time that the frames were divided into; None if they were not.
    """

    seed: int
    train: tuple[int, ...]
    valid: tuple[int, ...]
    test: tuple[int, ...]
    select: str = "random"
    blocks: int | None = None

    def __post_init__(self) -> None:
        parts = {"training": self.train, "validation": self.valid, "test": self.test}
        for name, part in parts.items():
            if len(set(part)) != len(part):
                raise SplitError(f"The {name} frames of the split contain a frame twice: remove one of the two.")
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
        sizes = f"{len(self.train)} train, {len(self.valid)} valid, {len(self.test)} test"
        return f"Split(seed={self.seed}, {', '.join([sizes, *(f'{k}={v}' for k, v in self.manner.items())])})"

    @property
    def manner(self) -> dict[str, str | int]:
        """How the frames were drawn, as far as it is not the default: by name, the selection (`select`) and the number of `blocks`."""
        select = {"select": self.select} if self.select != "random" else {}
        return select | ({"blocks": self.blocks} if self.blocks is not None else {})

    def save(self, path: Path) -> None:
        """Write the indices as JSON; an existing file is replaced."""
        write_text(path, json.dumps(asdict(self)) + "\n")

    @classmethod
    def load(cls, path: Path, n_frames: int | None = None) -> Split:
        """Read the file of a split.

        Args:
            path: of a file that `save` wrote.
            n_frames: the number of frames in the data, if known.

        Raises:
            SplitError: the file is missing or not a split, its lists overlap, or an index is not of a frame in the data.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            stored = TypeAdapter(_StoredSplit).validate_python(read_json(Path(path)))
        except OSError as error:
            raise SplitError(f"The split {path} cannot be read: {error.strerror or error}.") from error
        except ValueError as error:
            reason = first_problem(error) if isinstance(error, ValidationError) else str(error)
            raise SplitError(
                f"{path} is not a split: it must be JSON with lists of frame numbers named train, valid and test "
                f"({reason})."
            ) from error
        split = cls(**asdict(stored))
        used = (*split.train, *split.valid, *split.test)
        if used and min(used) < 0:
            raise SplitError(f"{path} lists frame {min(used)}, but frames are counted from 0.")
        if used and n_frames is not None and max(used) >= n_frames:
            raise SplitError(f"{path} lists frame {max(used)}, but the data have frames 0 to {n_frames - 1}.")
        return split


@dataclass(frozen=True)
class _StoredSplit:
    """The content of the file of a split; one that a user wrote may have the lists alone."""

    train: tuple[FrameNumber, ...]
    valid: tuple[FrameNumber, ...] = ()
    test: tuple[FrameNumber, ...] = ()
    seed: FrameNumber = 0
    select: str = "random"
    blocks: FrameNumber | None = None


def draw_split(
    n_frames: int,
    train: int,
    valid: int,
    test: int | None = None,
    seed: int = 0,
    *,
    blocks: int | None = None,
    order: Order | None = None,
    duplicates: Sequence[int] = (),
) -> Split:
    """Draw a split, such that splits with the same seed are nested.

    One permutation of all frames is drawn from the seed. The last frames of it are the validation frames, those before
    them the test frames. The others, in this random order, are the candidates for training, the first of which become
    training frames: the 200 training frames of one split are among the 400 of another. If `test` or `blocks` is given,
    validation and test frames are the same for every number of training frames and every order.

    Args:
        n_frames: number of frames in the data, M.
        train: number of training frames.
        valid: number of validation frames.
        test: number of test frames; all that remain if None.
        seed: of the permutation.
        blocks: number of blocks that the frames, which must follow each other in time, are divided into; whole blocks
            are kept for validation and test, with `test` None about a fifth of the blocks for test. See
            `supple.data.time_blocks`.
        order: puts the best candidates first, as the selections of `supple.data.selection` do; it must be nested.
        duplicates: frames that equal an earlier one; they are in no part, since equal frames may be in two of them.

    Raises:
        SplitError: there are fewer frames than these, or a number is not possible.
    """
    if train < 1:
        raise SplitError(f"{train} training frames are not enough: choose at least 1.")
    if valid < 0 or (test is not None and test < 0):
        raise SplitError("The numbers of validation and test frames cannot be negative: choose 0 or more.")
    if seed < 0:
        raise SplitError(f"The seed {seed} is negative: choose 0 or a positive integer.")
    requested = train + valid + (test or 0)
    available = n_frames - len(duplicates)
    if requested > available:
        detail = f"{train} training + {valid} validation" + (f" + {test} test" if test else "")
        different = f" (another {len(duplicates)} equal an earlier one)" if len(duplicates) else ""
        raise SplitError(
            f"{detail} = {requested} frames were requested, but there are only {available}{different}: "
            f"choose at most {max(available - requested + train, 0)} training frames, or fewer of the others."
        )
    permutation = np.random.default_rng(seed).permutation(n_frames)
    if blocks is None:
        held = _hold_out(permutation[~np.isin(permutation, duplicates)], valid, test or 0)
    else:
        held = hold_out_blocks(permutation, valid, test, blocks, seed, duplicates)
    if train > len(held.candidates):
        raise SplitError(
            f"{train} training frames were requested, but the blocks for training have only {len(held.candidates)}, without "
            "those at their edges: choose fewer training, validation or test frames, or more blocks."
        )
    chosen = held.candidates[:train] if order is None else order(held.candidates, train)
    # without a number of test frames, those that were not chosen are test frames
    remaining = test is None and blocks is None
    test_frames = held.candidates[~np.isin(held.candidates, chosen)] if remaining else held.test
    return Split(seed, _indices(chosen), _indices(held.valid), _indices(test_frames), blocks=blocks)


def _hold_out(permutation: Int[np.ndarray, "M"], valid: int, test: int) -> HeldOut:
    """Validation frames from the end of the permutation, test frames from before them."""
    end = len(permutation) - valid
    start = end - test
    return HeldOut(permutation[:start], permutation[end:], permutation[start:end])


def _indices(frames: Int[np.ndarray, "K"]) -> tuple[int, ...]:
    return tuple(int(i) for i in frames)
