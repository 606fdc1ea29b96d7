"""Extending a force field: training again with more frames, without moving a frame from one side of the split to the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.dataset import Dataset
from supple.data.selection import SELECTIONS
from supple.data.splits import Split
from supple.errors import SplitError
from supple.models.loading import load
from supple.models.potential import Potential
from supple.models.registry import settings_class
from supple.training.held_out import load_held_out

#: Of the frames that are added without a number of training frames, one in this many is a validation frame.
_VALID_DIVISOR = 5


@dataclass(frozen=True)
class Extension:
    """What an extended training takes from the earlier one.

    Attributes:
        kind: of model.
        settings: of the earlier training, with the values that it chose.
        split: the frames: all those of the earlier training on the same side as before, and new ones.
        sentence: what became of the new frames, for the user.
    """

    kind: str
    settings: dict[str, Any]
    split: Split
    sentence: str


def extend(model: Path, dataset: Dataset, train: int | None, *, select: str = "random", seed: int = 0) -> Extension:
    """Plan the training of a force field again on more frames.

    Training frames stay training frames, and validation frames stay validation frames, recognised by their geometries. Without
    a number of training frames, all frames that are new are added, four fifths of them to the training frames, and test frames
    stay held out; the run directory of the earlier training, beside the model, says which these are. With a number, frames are
    added from all that the earlier training had not seen, test frames included, and the rest is held out.

    Args:
        model: file of the force field.
        dataset: the frames of the earlier training and new ones, in any order.
        train: number of training frames in all.
        select: how they are chosen among the new ones, as in `supple.data.selection`.
        seed: by which they are drawn.

    Raises:
        SplitError: frames of the earlier training are missing, or there are too few new ones, or it is unclear which frames
            are new.
        DataError: the data are of another molecule.
    """
    potential = load(model)
    potential.require_molecule(dataset)
    hashes = dataset.frame_hashes
    old_train, old_valid = _earlier_frames(potential, dataset, model)
    duplicates = set(dataset.duplicates)
    unseen = [i for i in unseen_indices(hashes, potential.provenance.seen_frames) if i not in duplicates]
    candidates = np.random.default_rng(seed).permutation(np.array(unseen, dtype=np.int64))
    held_out = load_held_out(_run(model))
    if train is None:
        if held_out is None:
            raise SplitError(
                f"{model} has {len(old_train)} training frames, and {dataset.source.name} {len(candidates)} frames that it was "
                f"neither trained nor validated on; which of them were test frames is unknown, since {_run(model)} is not "
                "there: say how many training frames to use in all with --train."
            )
        new = np.array([i for i in candidates if hashes[i] not in held_out], dtype=np.int64)
        n_valid = len(new) // _VALID_DIVISOR
        added, added_valid = SELECTIONS.get(select)(dataset, new[n_valid:], len(new) - n_valid, seed), new[:n_valid]
    else:
        n_new = train - len(old_train)
        if n_new > len(candidates):
            raise SplitError(
                f"--train {train} would add {n_new} frames to the {len(old_train)} that {model} was trained on, but "
                f"{dataset.source.name} has only {len(candidates)} others: choose at most {len(old_train) + len(candidates)}."
            )
        added, added_valid = SELECTIONS.get(select)(dataset, candidates, max(n_new, 0), seed), candidates[:0]
    if len(added) == 0:
        raise SplitError(
            f"There is nothing to add to the {len(old_train)} training frames of {model}: give a file with new frames, or "
            "a larger number with --train."
        )
    valid = (*old_valid, *map(int, added_valid))
    training = (*old_train, *map(int, added))
    test = unseen_indices(hashes, (hashes[i] for i in (*training, *valid)))
    split = Split(seed, training, valid, tuple(test), select=select)
    kind = potential.model_kind
    settings = settings_class(kind).extended(potential.provenance.settings, str(model))
    return Extension(kind, settings, split, _sentence(len(added), len(added_valid), split))


def _earlier_frames(potential: Potential, dataset: Dataset, model: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The training and the validation frames of the earlier training."""
    n_train = potential.provenance.n_train
    index = {frame: i for i, frame in reversed(list(enumerate(dataset.frame_hashes)))}
    missing = [frame for frame in potential.provenance.seen_frames if frame not in index]
    n_seen = len(potential.provenance.seen_frames)
    if n_seen == 0:
        raise SplitError(f"{model} does not say which frames it was trained on: train without --extend.")
    if missing:
        raise SplitError(
            f"{len(missing)} of the {n_seen} frames that {model} was trained and validated on are not in "
            f"{dataset.source.name}: give the earlier frames and the new ones as one file, or as a folder or pattern of files."
        )
    seen = potential.provenance.seen_frames
    train, valid = (dict.fromkeys(index[frame] for frame in part) for part in (seen[:n_train], seen[n_train:]))
    return tuple(train), tuple(valid)


def unseen_indices(frames: Sequence[str], seen: Iterable[str]) -> list[int]:
    """The indices of the frames whose hash is not among those seen."""
    known = set(seen)
    return [i for i, frame in enumerate(frames) if frame not in known]


def _run(model: Path) -> Path:
    """The run directory of a model: the one that it is in, or that beside it."""
    return model.parent if model.name == "model.safetensors" else model.with_suffix(".run")


def _sentence(n_train: int, n_valid: int, split: Split) -> str:
    parts = [f"{n_train} for training"] + ([f"{n_valid} for validation"] if n_valid else [])
    kept = f"; {len(split.test)} other frames stay unseen" if split.test else ""
    return f"{n_train + n_valid} frames are added, {' and '.join(parts)}{kept}."
