"""ModelSettings: what every trainable model has; fit once, with the data checked first."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from supple.dataset import Dataset
from supple.errors import DataError, SplitError
from supple.machine import peak_rss_bytes, versions
from supple.potential import Potential, Provenance
from supple.progress import SILENCE, Progress
from supple.run import RunDirectory


class ModelSettings(BaseModel, ABC):
    """Settings of a model: its schema, its defaults and its documentation. `fit` turns it into a `Potential`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ClassVar[str]
    #: Whether a fit keeps all cores busy, or runs best on one with others beside it.
    cores: ClassVar[Literal["all", "one"]]
    #: Papers to cite for the method.
    citations: ClassVar[tuple[str, ...]]

    @abstractmethod
    def _fit(self, train: Dataset, valid: Dataset, run: RunDirectory | None, progress: Progress) -> Potential:
        """Fit to frames that are known to be sound. `run` is where to keep the best model and a checkpoint."""

    def fit(
        self,
        train: Dataset,
        valid: Dataset,
        *,
        run: RunDirectory | None = None,
        progress: Progress = SILENCE,
        accept: Collection[str] = (),
        seed: int | None = None,
    ) -> Potential:
        """Fit a force field.

        Args:
            train, valid: frames to learn from, and frames to choose settings and stop by.
            run: a run directory: checkpoints go there, and an interrupted fit goes on from them.
            progress: listens.
            accept: names of findings about the data to accept, for instance `energy-scale`.
            seed: the seed of the split, kept as provenance.

        Raises:
            DataError: the frames have no forces, or energies and forces contradict each other.
            SplitError: there are no validation frames, or one is also a training frame.
            ResourceError: the fit needs more memory than there is.
        """
        from supple.checks import require_sound

        if train.forces is None:
            raise DataError(f"{train.source.name} has no forces: a force field needs them for training.")
        if len(valid) == 0:
            raise SplitError("There are no validation frames: settings are chosen and training is stopped by them.")
        shared = set(train.frame_hashes) & set(valid.frame_hashes)
        if shared:
            raise SplitError(
                f"{len(shared)} validation frames are also training frames (or equal to one): make them disjoint."
            )
        findings = require_sound(train, accept)
        started = time.perf_counter()
        potential = self._fit(train, valid, run, progress)
        potential.provenance = Provenance(
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
            notes=potential.provenance.notes + [finding.sentence for finding in findings],
        )
        potential.provenance.validation = potential.evaluate(valid).to_dict()
        potential.provenance.seconds = time.perf_counter() - started
        potential.provenance.peak_rss_bytes = peak_rss_bytes()
        return potential
