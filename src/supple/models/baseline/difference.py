"""The difference to a baseline: what a model with a baseline learns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import JsonValue

from supple.data.dataset import Dataset
from supple.errors import SettingsError, SplitError
from supple.models.baseline.benefit import benefit, energy_sentence, require_alike
from supple.models.baseline.labels import baseline_labels, baseline_version, prepare_labels
from supple.models.baseline.learned import learn_baseline
from supple.models.baseline.settings import Baseline
from supple.models.potential import Potential
from supple.runtime.progress import Progress
from supple.runtime.run_directory import RunDirectory


@dataclass(frozen=True, eq=False)
class Difference:
    """Frames with the difference to a baseline as their labels.

    Attributes:
        potential: the baseline.
        train, valid: the differences.
        whole_valid: the validation frames with their own labels.
        record: method, version, and the seconds that its calculations took on one core, whenever they were made; JSON.
        notes: what was assumed, which frames failed, and whether the baseline helps.
    """

    potential: Potential
    train: Dataset
    valid: Dataset
    whole_valid: Dataset
    record: dict[str, JsonValue]
    notes: tuple[str, ...]


def difference(
    baseline: Baseline,
    train: Dataset,
    valid: Dataset,
    progress: Progress,
    *,
    seed: int = 0,
    run: RunDirectory | None = None,
) -> Difference:
    """Calculate a baseline for the frames, and subtract it.

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
    if baseline.learn is not None and not with_forces:
        raise SettingsError(
            f"{train.source.name} has no forces, which a learned baseline needs: leave out --learn-baseline."
        )
    if with_forces:
        require_alike(of_train)
    train_frames, valid_frames = of_train.subtracted(), of_valid.subtracted()
    if len(train_frames.whole) < 2 or (with_forces and len(valid_frames.whole) == 0):
        raise SplitError(f"Too few frames remain for which {baseline.method} does not fail: choose another baseline.")
    seconds = of_train.seconds + of_valid.seconds
    record: dict[str, JsonValue] = {
        "method": baseline.method,
        "version": baseline_version(baseline),
        "learned": False,
        "seconds": round(seconds, 3),
    }
    name = of_train.potential.name
    compared = (
        benefit(train_frames, valid_frames).sentence(name) if with_forces else energy_sentence(train_frames, name)
    )
    notes = dict.fromkeys((*of_train.notes, *of_valid.notes, compared))
    for note in notes:
        progress.note(note)
    found = Difference(
        of_train.potential, train_frames.difference, valid_frames.difference, valid_frames.whole, record, tuple(notes)
    )
    if baseline.learn is None:
        return found
    file = None if run is None else run.path / "baseline.safetensors"
    learned = learn_baseline(of_train, of_valid, baseline.learn, seed, file, progress)
    progress.note(learned.note)
    return replace(
        found,
        potential=learned.potential,
        train=learned.subtracted_from(train_frames.whole),
        valid=learned.subtracted_from(valid_frames.whole),
        record=record | {"learned": True, "seconds": round(seconds + learned.seconds, 3)} | learned.record(),
        notes=(*notes, learned.note),
    )
