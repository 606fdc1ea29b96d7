"""ModelSettings: what every trainable model has; fit once, with the data checked first."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from supple.checks import Finding, require_sound
from supple.data.dataset import Dataset
from supple.errors import DataError, SplitError
from supple.models.cost_estimate import Forecast
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.potential import Potential, Provenance
from supple.models.search_space import Range
from supple.runtime.machine import forget_peak_rss, peak_rss_bytes, versions
from supple.runtime.progress import SILENCE, Progress
from supple.runtime.run_directory import RunDirectory


@dataclass(frozen=True)
class FitContext:
    """What a fit gets besides its data.

    Attributes:
        seed: of everything that is drawn at random.
        provenance: to be attached to every potential that the fit makes, the best so far as well as the last.
        run: where to keep the best model so far and a checkpoint; None to keep nothing.
        progress: listens.
        common: a folder for what trainings on more or fewer of the same frames have in common; None where there are none.
    """

    seed: int
    provenance: Provenance
    run: RunDirectory | None
    progress: Progress
    common: Path | None = None


class ModelSettings(BaseModel, ABC):
    """Settings of a model: its schema, its defaults and its documentation. `fit` turns it into a `Potential`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ClassVar[str]
    #: Papers to cite for the method.
    citations: ClassVar[tuple[str, ...]]
    #: Settings that are worth searching for, and among which values.
    search_space: ClassVar[dict[str, Range]] = {}
    #: What makes a training short enough to be one of many, where it is not short anyway.
    trial_settings: ClassVar[dict[str, Any]] = {}

    @abstractmethod
    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> Potential:
        """Fit to frames that are known to be sound."""

    @abstractmethod
    def forecast(self, train: Dataset, valid: Dataset) -> Forecast:
        """What `fit` will take on one core of this machine; a second or so of measuring may be part of it."""

    def fit(
        self,
        train: Dataset,
        valid: Dataset,
        *,
        seed: int = 0,
        run: RunDirectory | None = None,
        progress: Progress = SILENCE,
        accept: Collection[str] = (),
        examined: Sequence[Finding] | None = None,
        common: Path | None = None,
    ) -> Potential:
        """Fit a force field.

        Args:
            train, valid: frames to learn from, and frames to choose settings and stop by.
            seed: of everything that is drawn at random.
            run: a run directory: checkpoints go there, and an interrupted fit goes on from them.
            progress: listens.
            accept: names of findings about the data to accept, for instance `energy-scale`.
            examined: serious findings that were accepted about the data which these frames are from; when None, the
                training frames are examined here.
            common: a folder for what this fit has in common with others on more or fewer of the same frames.

        Raises:
            DataError: the frames have no forces, or energies and forces contradict each other.
            SplitError: there are no validation frames, or one is also a training frame.
            ResourceError: the fit needs more memory than there is.
        """
        if train.forces is None or valid.forces is None:
            raise DataError(f"{train.source.name} has no forces: a force field needs them for training.")
        if len(valid) == 0:
            raise SplitError("There are no validation frames: settings are chosen and training is stopped by them.")
        shared = set(train.frame_hashes) & set(valid.frame_hashes)
        if shared:
            raise SplitError(
                f"{len(shared)} validation frames are also training frames (or equal to one): make them disjoint."
            )
        provenance = Provenance(
            data_name=train.source.name,
            data_fingerprint=train.fingerprint,
            data_units=str(train.source.units),
            seed=seed,
            n_train=len(train),
            n_valid=len(valid),
            seen_frames=train.frame_hashes + valid.frame_hashes,
            has_energies=train.has_energies,
            settings=self.model_dump(),
            versions=versions(),
            notes=[
                str(finding)
                for finding in (require_sound(train, small_kernel_model, accept) if examined is None else examined)
            ],
        )
        forget_peak_rss()
        started = time.perf_counter()
        potential = self._fit(train, valid, FitContext(seed, provenance, run, progress, common))
        provenance.validation = potential.evaluate(valid).to_dict()
        provenance.seconds += time.perf_counter() - started
        provenance.peak_rss_bytes = max(peak_rss_bytes(), provenance.peak_rss_bytes)
        potential.provenance = provenance
        return potential
