"""Which frames train, which validate, which test: seeded, nested, disjoint, stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from supple.data.time_blocks import HeldOut, hold_out_blocks
from supple.errors import SplitError

#: Candidates for training in random order, and a number -> that many of them, the best first.
Order = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Split:
    """Three disjoint lists of frame indices into one dataset, and how they were drawn.

    Attributes:
        seed: that drew them.
        train, valid, test: frame indices, in the order in which they were taken.
        select: the selection that chose the training frames, a name of `supple.data.selection.NAMES`.
        blocks: into how many blocks of time the frames were cut, if they were.
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
        sizes = f"{len(self.train)} train, {len(self.valid)} valid, {len(self.test)} test"
        return f"Split(seed={self.seed}, {', '.join([sizes, *(f'{k}={v}' for k, v in self.manner.items())])})"

    @property
    def manner(self) -> dict[str, str | int]:
        """How the frames were drawn, as far as it is not the usual way: `{"select": "farthest", "blocks": 20}`."""
        select = {"select": self.select} if self.select != "random" else {}
        return select | ({"blocks": self.blocks} if self.blocks is not None else {})

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
                select=str(raw.get("select", "random")),
                blocks=None if raw.get("blocks") is None else int(raw["blocks"]),
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


def draw_split(
    n_frames: int,
    train: int,
    valid: int,
    test: int | None = None,
    seed: int = 0,
    *,
    blocks: int | None = None,
    order: Order | None = None,
) -> Split:
    """Draw frames so that splits of one seed are nested.

    One permutation of all frames is drawn from the seed. Validation frames are taken from its end, test frames from
    just before those; the rest, in this random order, are the candidates for training, and the first of them train: the
    first 200 training frames are among the first 400. With `test` or `blocks` given, validation and test frames are the
    same for every training size and every order.

    Args:
        n_frames: M, how many frames there are.
        train: how many to take.
        valid: how many to take.
        test: how many to take; all that remain when None.
        seed: seed of the permutation.
        blocks: cut the frames, which must follow each other in time, into so many blocks, and keep whole blocks for
            validation and test; with `test` None about a fifth of the blocks. See `supple.data.time_blocks`.
        order: puts the best candidates first, as the functions of `supple.data.selection` do; it must be nested.

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
    permutation = np.random.default_rng(seed).permutation(n_frames)
    if blocks is None:
        held = _hold_out(permutation, valid, test or 0)
    else:
        held = hold_out_blocks(permutation, valid, test, blocks, seed)
    if train > len(held.candidates):
        raise SplitError(
            f"{train} training frames were asked for, but the blocks for training, without the frames at their edges, "
            f"have {len(held.candidates)}: ask for at most so many, for fewer of the others, or for more blocks."
        )
    chosen = held.candidates[:train] if order is None else order(held.candidates, train)
    # With no number given, what was not chosen tests.
    remaining = test is None and blocks is None
    tested = held.candidates[~np.isin(held.candidates, chosen)] if remaining else held.test
    return Split(seed, _indices(chosen), _indices(held.valid), _indices(tested), blocks=blocks)


def _hold_out(permutation: Int[np.ndarray, "M"], valid: int, test: int) -> HeldOut:
    """Validation frames from the end of the permutation, test frames from just before."""
    end = len(permutation) - valid
    start = end - test
    return HeldOut(permutation[:start], permutation[end:], permutation[start:end])


def _indices(frames: Int[np.ndarray, "K"]) -> tuple[int, ...]:
    return tuple(int(i) for i in frames)
