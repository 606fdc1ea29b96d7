"""A learned baseline: a network of the cheap method itself, so that a step of dynamics needs no calculation by it.

Cheap labels cost next to nothing, so there can be thousands of them: at geometries that short dynamics of the method draw from the training
frames, at their temperature. A network takes as long for a step however many they are, where a kernel takes longer with each. Of the error of the sum, that of the learned baseline must be a small part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from pydantic import JsonValue

from supple.data.dataset import Dataset
from supple.errors import SettingsError
from supple.methods.short_dynamics import configurational_temperature, draw_labelled
from supple.models.baseline.labels import BaselineLabels
from supple.models.loading import load
from supple.models.metrics import ErrorSummary, Metrics
from supple.models.potential import Potential
from supple.models.registry import make_settings
from supple.models.sums.method_potential import MethodPotential
from supple.runtime.progress import Progress
from supple.runtime.run_directory import RunDirectory

#: Kind of model and its settings; some minutes on one core.
_MODEL: tuple[str, dict[str, object]] = ("bespoke", {"steps": 20_000})
#: The part of the error of the sum that the baseline's own may be; errors add as squares, so that half of it makes the sum a seventh worse.
_SMALL_PART = 0.5
#: One in so many of the geometries is not trained on: by these the best weights are chosen.
_HELD_OUT = 12


@dataclass(frozen=True, eq=False)
class LearnedBaseline:
    """A learned baseline.

    Attributes:
        potential: the network.
        error: of its forces against the method, on validation frames, which it has not seen.
        seconds: that the calculations took, on one core, whenever they were made.
        note: how it was learned, as a sentence.
    """

    potential: Potential
    error: ErrorSummary
    seconds: float
    note: str

    def subtracted_from(self, frames: Dataset) -> Dataset:
        """Frames with the difference of their labels to it."""
        energies, forces = self.potential.predict(frames.positions)
        assert frames.forces is not None
        return replace(frames, energies=frames.energies - energies, forces=frames.forces - forces)

    def limits(self, validation: Metrics) -> str | None:
        """A sentence where its error is a large part of that of the sum; None where it is not.

        Args:
            validation: errors of the sum, on the same frames and in the same units.
        """
        if validation.forces is None or self.error.mae < _SMALL_PART * validation.forces.mae:
            return None
        return (
            f"The learned baseline limits the accuracy: its force MAE is {self.error.mae:.3g} {self.error.unit}, and that of the whole force "
            f"field {validation.forces.mae:.3g}. Learn it from more geometries (--learn-baseline), or leave that out."
        )

    def record(self) -> dict[str, JsonValue]:
        """From how many geometries it was learned, and how well; JSON."""
        forces: dict[str, JsonValue] = {"mae": self.error.mae, "rmse": self.error.rmse, "unit": self.error.unit}
        return {"learned_from": self.potential.provenance.n_train, "learned_errors": {"forces": forces}}


def learn_baseline(
    of_train: BaselineLabels,
    of_valid: BaselineLabels,
    count: int,
    seed: int,
    run: RunDirectory | None,
    progress: Progress,
) -> LearnedBaseline:
    """Learn a method from labels at geometries like the training frames.

    Args:
        of_train: the training frames with the method's labels; geometries are drawn around them, and they are learned as well.
        of_valid: the validation frames with the method's labels, by which the error is measured.
        count: how many geometries are drawn.
        seed: of the order of the geometries.
        run: in whose folder the result and its training are kept, and taken from if they are there; None to keep nothing.
        progress: receives notes and steps.

    Raises:
        SettingsError: the baseline is a force field already.
        CalculationError: no dynamics with the method succeeded.
    """
    method = of_train.potential
    if not isinstance(method, MethodPotential):
        raise SettingsError(
            f"The baseline {method.name} is a force field, so there is nothing to learn: leave out --learn-baseline."
        )
    train, valid = _with_labels(of_train), _with_labels(of_valid)
    folder = of_train.dataset.source.folder
    known_forces = of_train.subtracted().whole.forces
    assert known_forces is not None
    temperature = configurational_temperature(method.level, train.numbers, train.positions, known_forces)
    drawn = draw_labelled(method.level, train.numbers, train.positions, temperature, count, folder, progress)
    drawn_frames = Dataset.of(
        train.numbers, drawn.positions, drawn.energies, drawn.forces, name=f"geometries drawn with {method.name}"
    )
    file = None if run is None else run.path / "baseline.safetensors"
    learned = None if file is None or not file.exists() else load(file)
    if learned is None:
        kept, held_out = _divided(train, drawn_frames, seed)
        kind, settings = _MODEL
        own = None if run is None else RunDirectory.open(run.path / "baseline.run", {"count": count, "seed": seed})
        learned = make_settings(kind, settings).fit(kept, held_out, seed=seed, run=own, progress=progress, examined=())
        if file is not None:
            learned.save(file)
    metrics = learned.evaluate(valid, of_train.dataset.source.units)
    assert metrics.forces is not None
    note = (
        f"{method.name} is learned from {learned.provenance.n_train} geometries, the training frames and those of short dynamics from them "
        f"at {temperature:.0f} K: on {len(valid)} validation frames its force MAE is {metrics.forces.mae:.3g} {metrics.forces.unit}."
    )
    return LearnedBaseline(learned, metrics.forces, drawn.seconds, note)


def _with_labels(labels: BaselineLabels) -> Dataset:
    """The frames for which the method did not fail, with its labels."""
    frames = labels.dataset.select(labels.known)
    return Dataset.of(frames.numbers, frames.positions, labels.energies[labels.known], labels.forces[labels.known])


def _divided(train: Dataset, drawn: Dataset, seed: int) -> tuple[Dataset, Dataset]:
    """What is learned, in a random order, and what is held out: the last trajectories, from other starts than most."""
    n_held_out = max(len(drawn) // _HELD_OUT, 1)
    kept, held_out = (
        drawn.select(range(len(drawn) - n_held_out)),
        drawn.select(range(len(drawn) - n_held_out, len(drawn))),
    )
    seen = set(held_out.frame_hashes)
    frames = [i for i, frame in enumerate(train.frame_hashes) if frame not in seen]
    assert train.forces is not None and kept.forces is not None
    together = Dataset.of(
        train.numbers,
        np.concatenate([train.positions[frames], kept.positions]),
        np.concatenate([train.energies[frames], kept.energies]),
        np.concatenate([train.forces[frames], kept.forces]),
        name=drawn.source.name,
    )
    return together.select(np.random.default_rng(seed).permutation(len(together))), held_out
