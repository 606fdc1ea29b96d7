"""ModelSettings: what every trainable model has. One `fit` for all models, which checks the data first."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, cast

import torch
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    field_validator,
    model_serializer,
)

from supple.checks import Finding, require_sound
from supple.data.dataset import Dataset
from supple.errors import DataError, SplitError
from supple.models.baseline.difference import Difference, difference
from supple.models.baseline.labels import baseline_version
from supple.models.baseline.settings import Baseline
from supple.models.calibrate import error_bars
from supple.models.citations import Citation
from supple.models.cost_estimate import CostEstimate
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.metrics import Metrics
from supple.models.potential import Potential
from supple.models.provenance import Provenance
from supple.models.search_space import Range
from supple.models.sums.difference_potential import DifferencePotential
from supple.molecule.connectivity import Connectivity
from supple.runtime.machine import peak_rss_bytes, reset_peak_rss, versions
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.run_directory import RunDirectory

#: Settings that older records do not have; None where they are not used.
_LATER = ("baseline", "start")


@dataclass(frozen=True)
class FitContext:
    """The context of a fit: everything that it receives besides the data.

    Attributes:
        seed: of all random numbers.
        provenance: for potentials that are saved before the fit has ended, as the best so far; without validation errors.
        run: where to keep the best model so far and a checkpoint; None to keep nothing.
        progress: receives reports of progress.
        common: a folder for results that trainings on more or fewer of the same frames share; None if there is none.
        baseline: to which the model is fitted as a difference; None without one.
    """

    seed: int
    provenance: Provenance
    run: RunDirectory | None
    progress: Progress
    common: Path | None = None
    baseline: Potential | None = None

    def whole(self, potential: Potential) -> Potential:
        """The force field that a potential of this fit is a part of: what is used and saved."""
        return potential if self.baseline is None else DifferencePotential(self.baseline, potential)

    def own_part(self, whole: Potential) -> Potential:
        """The potential of this fit in a force field that was made by `whole`, and perhaps saved."""
        return whole if self.baseline is None else cast(DifferencePotential, whole).model


@dataclass(frozen=True, eq=False)
class FitResult:
    """The result of a fit.

    Attributes:
        potential: the force field.
        settings: values that were chosen in place of 'auto', by the names of the settings, and whatever else is worth
            recording beside them; JSON.
        notes: sentences about how it went, for people.
        validation: errors of frames that were left out in turn, where that is how the fit was validated; None if by validation frames.
    """

    potential: Potential
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    notes: Sequence[str] = ()
    validation: Metrics | None = None


class ModelSettings(BaseModel, ABC):
    """Settings of a kind of model: its schema, its defaults and its documentation. `fit` turns them into a `Potential`.

    A new kind of model is a subclass with the class attributes below, `_fit` and `estimate_cost`, and an entry in the registry
    (registry.py, or the entry points `supple.models` of another package).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    #: The name in the registry, in files and on the command line.
    kind: ClassVar[str]
    #: The name as its authors write it, in tables, figures and reports.
    display_name: ClassVar[str]
    #: The class of the force fields that `fit` makes, which also reads them from files.
    potential_class: ClassVar[type[Potential]]
    #: Papers to cite for the method.
    citations: ClassVar[tuple[Citation, ...]] = ()
    #: Colour and marker in figures, as matplotlib takes them; chosen by the figure when None.
    colour: ClassVar[str | None] = None
    marker: ClassVar[str | None] = None
    #: Settings that are worth searching for, and the values to search among.
    search_space: ClassVar[Mapping[str, Range]] = {}
    #: Whether frames with energies alone are enough, with a baseline that has forces.
    takes_energies_alone: ClassVar[bool] = False
    #: Whether training may stop before the estimated time.
    may_stop_early: ClassVar[bool] = False
    #: Settings that shorten a training enough to be one trial of many; none if it is short anyway.
    trial_settings: ClassVar[Mapping[str, JsonValue]] = {}

    baseline: Baseline | None = Field(
        None,
        description="A method of `supple sample`, such as GFN2-xTB, or the file of another force field: the model learns the difference to "
        "it, and the force field is the sum. With charge and multiplicity: {method: GFN2-xTB, charge: 1, multiplicity: 2}; learn: 2000 learns the method itself from so many of its labels.",
    )

    @field_validator("baseline", mode="before")
    @classmethod
    def _method_alone(cls, value: object) -> object:
        """The name of a method is enough."""
        return {"method": value} if isinstance(value, str) else value

    @model_serializer(mode="wrap")
    def _without_what_is_not_used(self, serialise: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """A training without these is recorded as it was before they existed."""
        return {name: value for name, value in serialise(self).items() if name not in _LATER or value is not None}

    @property
    def label(self) -> str:
        """The name in tables, with the baseline."""
        return self.display_name if self.baseline is None else f"{self.display_name}@{self.baseline.method}"

    def identity(self) -> dict[str, Any]:
        """The settings, and the version of the baseline: what a force field depends on besides the data, as JSON.

        Raises:
            SettingsError, ModelFileError: the baseline is not there.
        """
        version = {} if self.baseline is None else {"baseline_version": baseline_version(self.baseline)}
        return self.model_dump(mode="json") | version

    @classmethod
    def extended(cls, earlier: Mapping[str, Any], file: str) -> dict[str, Any]:
        """The settings by which an earlier force field is trained again with more frames, unless the user changes them.

        Args:
            earlier: the settings of its training, with the values that it chose.
            file: of the earlier force field.
        """
        return {name: value for name, value in earlier.items() if name in cls.model_fields}

    @abstractmethod
    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> FitResult:
        """Fit to frames that have passed the checks."""

    @abstractmethod
    def estimate_cost(self, train: Dataset, valid: Dataset) -> CostEstimate:
        """What `fit` will take on one core of this machine; may measure for a second or so."""

    @classmethod
    def compilation_seconds(cls) -> float:
        """About how long those of its loops that are not compiled yet on this machine take to compile (s)."""
        return 0.0

    @property
    def n_cores(self) -> int:
        """How many cores a fit uses when nothing else runs."""
        return torch.get_num_threads()

    def fit(
        self,
        train: Dataset,
        valid: Dataset,
        *,
        seed: int = 0,
        run: RunDirectory | None = None,
        progress: Progress = NO_PROGRESS,
        accept: Collection[str] = (),
        examined: Sequence[Finding] | None = None,
        common: Path | None = None,
    ) -> Potential:
        """Fit a force field.

        Args:
            train: training frames.
            valid: validation frames, by which settings are chosen and training is stopped.
            seed: of all random numbers.
            run: a run directory for checkpoints; an interrupted fit resumes from them.
            progress: receives reports of progress.
            accept: names of findings about the data to accept, for instance `energy-scale`.
            examined: accepted errors that an earlier examination found in the data from which these frames are; when None, the
                training frames are examined now.
            common: a folder for results that fits on more or fewer of the same frames share.

        Raises:
            DataError: the frames have no forces, or energies and forces contradict each other.
            SplitError: there are no validation frames, or one of them is also a training frame.
            ResourceError: the fit needs more memory than is available.
        """
        self.require_labels(train)
        if train.forces is not None and len(valid) == 0:
            raise SplitError("There are no validation frames: they are needed to choose settings and to stop training.")
        shared = set(train.frame_hashes) & set(valid.frame_hashes)
        if shared:
            raise SplitError(
                f"{len(shared)} validation frames are also training frames (or equal to one): make them disjoint."
            )
        findings: Sequence[Finding] = examined or ()
        if examined is None and train.forces is not None:
            findings = require_sound(train, small_kernel_model, accept)
        provenance = Provenance(
            data_name=train.source.name,
            data_fingerprint=train.fingerprint,
            data_units=str(train.source.units),
            seed=seed,
            n_train=len(train),
            n_valid=len(valid),
            seen_frames=(*train.frame_hashes, *valid.frame_hashes),
            has_energies=train.has_energies,
            settings=self.model_dump(mode="json"),
            versions=versions(),
            notes=(
                *train.source.notes,
                *([f"Level of theory of the data: {level}."] if (level := train.source.level) else []),
                *(str(finding) for finding in findings),
            ),
        )
        reset_peak_rss()
        started = time.perf_counter()
        learned = Difference.without_baseline(train, valid)
        if self.baseline is not None:
            learned = difference(self.baseline, train, valid, progress, seed=seed, run=run)
        context = FitContext(seed, provenance, run, progress, common, learned.potential)
        result = self._fit(learned.train, learned.valid, context)
        result.potential.provenance = provenance
        result.potential.connectivity = Connectivity.of(train.numbers, train.positions)
        potential = context.whole(result.potential)
        validation = result.validation or potential.evaluate(learned.whole_valid)
        potential.error_bars = error_bars(potential, train.positions, learned.whole_valid)
        notes = (*learned.notes, *result.notes, *learned.remarks(validation))
        about: dict[str, JsonValue] = {"baseline_record": learned.record} if learned.record else {}
        potential.provenance = provenance.with_notes(*notes).model_copy(
            update={
                "settings": provenance.settings | dict(result.settings) | about,
                "validation": validation,
                "seconds": time.perf_counter() - started,
                "peak_rss_bytes": peak_rss_bytes(),
            }
        )
        return potential

    def require_labels(self, train: Dataset) -> None:
        """Refuse frames without forces, unless their energies are what is learned on top of a baseline.

        Raises:
            DataError: they cannot be trained on.
        """
        if train.forces is not None:
            return
        name = train.source.name
        if self.baseline is None or not self.takes_energies_alone:
            advice = "" if self.takes_energies_alone else f", and {self.display_name} needs them even with a baseline"
            raise DataError(
                f"{name} has no forces: a force field needs them for training{advice}. Energies alone can be learned by sgdml, as "
                "corrections of a force field or method that has forces (--baseline)."
            )
        if not train.has_energies:
            raise DataError(f"{name} has neither forces nor energies: there is nothing to learn.")
