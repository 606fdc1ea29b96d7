"""The difference to a baseline: what a model with a baseline learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from supple.data.dataset import Dataset
from supple.errors import SettingsError, SplitError
from supple.models.baseline.benefit import benefit, energy_benefit, require_alike
from supple.models.baseline.labels import baseline_labels, baseline_version, prepare_labels
from supple.models.baseline.learned import LearnedBaseline, learn_baseline
from supple.models.baseline.settings import Baseline
from supple.models.metrics import Metrics
from supple.models.potential import Potential
from supple.runtime.progress import Progress
from supple.runtime.run_directory import RunDirectory


@dataclass(frozen=True, eq=False)
class Difference:
    """Frames with the difference to a baseline as their labels.

    Attributes:
        potential: the baseline; None where there is none, and the frames have their own labels.
        train, valid: the differences.
        whole_valid: the validation frames with their own labels.
        record: method, version, and the seconds that its calculations took on one core, whenever they were made; JSON.
        notes: what was assumed, which frames failed, and whether the baseline helps.
        learned: the baseline, where it is a learned one.
    """

    potential: Potential | None
    train: Dataset
    valid: Dataset
    whole_valid: Dataset
    record: dict[str, JsonValue]
    notes: tuple[str, ...]
    learned: LearnedBaseline | None = None

    @classmethod
    def without_baseline(cls, train: Dataset, valid: Dataset, notes: Sequence[str] = ()) -> Difference:
        """The frames themselves, where there is no baseline."""
        return cls(None, train, valid, valid, {}, tuple(notes))

    def remarks(self, validation: Metrics) -> list[str]:
        """Sentences about the force field that came of it.

        Args:
            validation: its errors on the validation frames.
        """
        limit = None if self.learned is None else self.learned.limits(validation)
        return [] if limit is None else [limit]


def difference(
    baseline: Baseline,
    train: Dataset,
    valid: Dataset,
    progress: Progress,
    *,
    seed: int = 0,
    run: RunDirectory | None = None,
) -> Difference:
    """Calculate a baseline for the frames, and subtract it, unless it was only to be tried and does not help.

    Args:
        baseline: which.
        train, valid: training and validation frames, with forces.
        progress: receives notes and steps.
        seed: of what a learned baseline draws.
        run: where a learned baseline is kept; None to keep nothing.

    Raises:
        SettingsError, ModelFileError, MoleculeError: as `baseline_labels`.
        DataError: the baseline fails for most of the frames, or its forces show that the units of the data are wrong.
        SplitError: it fails for all validation frames, or all but one of the training frames.
    """
    prepare_labels(baseline, (train, valid), progress)
    of_train = baseline_labels(baseline, train)
    of_valid = baseline_labels(baseline, valid, folder=train.source.folder)
    with_forces = train.forces is not None
    if with_forces:
        require_alike(of_train)
    elif baseline.learn is not None or baseline.is_tried:
        raise SettingsError(
            f"{train.source.name} has no forces, which a learned baseline and --baseline auto need: name a force field or method, and "
            "leave out --learn-baseline."
        )
    train_frames, valid_frames = of_train.subtracted(), of_valid.subtracted()
    if len(train_frames.whole) < 2 or (with_forces and len(valid_frames.whole) == 0):
        raise SplitError(f"Too few frames remain for which {baseline.name} does not fail: choose another baseline.")
    seconds = of_train.seconds + of_valid.seconds
    record: dict[str, JsonValue] = {
        "method": baseline.name,
        "version": baseline_version(baseline),
        "learned": False,
        "seconds": round(seconds, 3),
    }
    compared = benefit(train_frames, valid_frames) if with_forces else energy_benefit(train_frames)
    notes = dict.fromkeys((*of_train.notes, *of_valid.notes, compared.sentence(of_train.potential.name)))
    for note in notes:
        progress.note(note)
    if baseline.is_tried and compared.is_harmful:
        unused = "No baseline is used."
        progress.note(unused)
        return Difference.without_baseline(train, valid, (*notes, unused))
    found = Difference(
        of_train.potential, train_frames.difference, valid_frames.difference, valid_frames.whole, record, tuple(notes)
    )
    if baseline.learn is None:
        return found
    learned = learn_baseline(of_train, of_valid, baseline.learn, seed, run, progress)
    progress.note(learned.note)
    return replace(
        found,
        potential=learned.potential,
        train=learned.subtracted_from(train_frames.whole),
        valid=learned.subtracted_from(valid_frames.whole),
        record=record | {"learned": True, "seconds": round(seconds + learned.seconds, 3)} | learned.record(),
        notes=(*notes, learned.note),
        learned=learned,
    )
