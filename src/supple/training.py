"""One training run from beginning to end: data and settings in, a run directory with a model and its errors out.

`supple train` makes one of them, `supple study` makes many.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from supple.checks import Finding, require_sound
from supple.dataset import Dataset
from supple.errors import SplitError, SuppleError
from supple.files import copy_file
from supple.fitting import ModelSettings
from supple.progress import SILENCE, Progress
from supple.run import RunDirectory
from supple.splits import Split


def train_run(
    settings: ModelSettings,
    dataset: Dataset,
    split: Split,
    directory: Path,
    *,
    test: Dataset | None = None,
    out: Path | None = None,
    progress: Progress = SILENCE,
    accept: Collection[str] = (),
    examined: Sequence[Finding] | None = None,
) -> dict[str, Any]:
    """Train one model in a run directory; a run that is done is not repeated, an interrupted one goes on.

    Args:
        settings: which model, and how.
        dataset: the frames that the split speaks of.
        split: training, validation and test frames.
        directory: the run directory.
        test: test frames from elsewhere; the split's own when None.
        out: where to put a copy of the finished model; none is made when None.
        progress: listens.
        accept: names of findings about the data to accept.
        examined: serious findings about the dataset that were accepted; when None, all of it is examined here.

    Returns:
        The result, as in result.json: model (path), kind, n_train, n_valid, seed, seconds, peak_rss_bytes, settings,
        validation and test (errors in the units of the data's file; test None without test frames), notes.

    Raises:
        SuppleError: as `ModelSettings.fit`, and when the directory holds a run of another configuration.
    """
    train, valid, own_test = dataset.apply(split)
    test = own_test if test is None else test
    require_new(test, train, valid)
    run = RunDirectory.open(directory, run_configuration(settings, dataset, split, len(test)))
    if run.result is None:
        try:
            with run.claimed():
                if examined is None:
                    progress.note(f"Examining {dataset.source.name}.")
                    examined = require_sound(dataset, accept)
                _train(settings, train, valid, test, split, run, progress, examined)
        except SuppleError:
            run.discard_if_new()
            raise
    else:
        progress.note(f"{directory} is done already.")
    if out is not None:
        copy_file(run.model_file, out)
    result = run.result or {}
    return result | {"model": str(out or run.model_file)}


def run_configuration(settings: ModelSettings, dataset: Dataset, split: Split, n_test: int) -> dict[str, Any]:
    """What a run directory is for, as run.json has it: two runs that agree in this are the same run."""
    return {
        "model": settings.kind,
        "settings": settings.model_dump(mode="json"),
        "data": {"name": dataset.source.name, "sha256": dataset.fingerprint, "units": str(dataset.source.units)},
        "split": {"seed": split.seed, "train": len(split.train), "valid": len(split.valid), "test": n_test}
        | split.manner,
        "indices": {"train": list(split.train), "valid": list(split.valid)},
    }


def require_new(test: Dataset, train: Dataset, valid: Dataset) -> None:
    """Refuse test frames that training or validation frames equal, under whatever index.

    Raises:
        SplitError: a test frame has the geometry of one of them.
    """
    seen = set(train.frame_hashes) | set(valid.frame_hashes)
    known = [i for i, frame in enumerate(test.frame_hashes) if frame in seen]
    if known:
        raise SplitError(
            f"{len(known)} test frames equal training or validation frames (the first is frame "
            f"{int(test.frames[known[0]])} of {test.source.name}): take the duplicates out of the data."
        )


def _train(
    settings: ModelSettings,
    train: Dataset,
    valid: Dataset,
    test: Dataset,
    split: Split,
    run: RunDirectory,
    progress: Progress,
    examined: Sequence[Finding],
) -> None:
    split.save(run.path / "split.json")
    potential = settings.fit(train, valid, seed=split.seed, run=run, progress=progress, examined=examined)
    if split.manner:
        drawn = " and ".join(f"{name} {value}" for name, value in split.manner.items())
        potential.provenance.notes.append(f"Frames drawn with {drawn}.")
    potential.save(run.model_file)
    made = potential.provenance
    result = {
        "kind": settings.kind,
        "n_train": len(train),
        "n_valid": len(valid),
        "seed": split.seed,
        "seconds": made.seconds,
        "peak_rss_bytes": made.peak_rss_bytes,
        "settings": made.settings,
        "validation": made.validation,
        "test": potential.evaluate(test, train.source.units).to_dict() if len(test) else None,
        "notes": made.notes,
    }
    run.finish(result)
