"""The force field from whose weights a training starts, in place of random ones."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from supple.data.dataset import Dataset
from supple.errors import ModelFileError, SettingsError, SplitError
from supple.models.loading import load
from supple.models.neural.fit import refit_shift
from supple.models.neural.potential import NetworkPotential
from supple.models.sums.difference_potential import DifferencePotential

#: A training that goes on takes this share of the steps of one from random weights, and this share of its peak learning rate:
#: docs/results/continued.md.
STEPS, RATE = 0.5, 0.5


def start_version(file: str) -> str:
    """A hash of the file of an earlier force field.

    Raises:
        ModelFileError: there is no such file.
    """
    try:
        return f"sha256 {hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]}"
    except OSError as error:
        raise ModelFileError(f"There is no file {file} with a force field to start from.") from error


class Start:
    """An earlier force field whose weights a training starts from.

    Args:
        file: its file.
        potential_class: of the kind that is trained.
        has_baseline: whether the model is trained on the difference to a baseline.

    Raises:
        ModelFileError: it cannot be read.
        SettingsError: it is of another kind, or has a baseline where the training has none, or the other way round.
    """

    def __init__(self, file: str, potential_class: type[NetworkPotential], has_baseline: bool) -> None:
        self.file, whole = file, load(file)
        self._provenance = whole.provenance
        if isinstance(whole, DifferencePotential) is not has_baseline:
            one, other = ("no", "has one") if has_baseline else ("a", "has none")
            raise SettingsError(f"{file} has {one} baseline, and this training {other}: train anew.")
        potential = whole.model if isinstance(whole, DifferencePotential) else whole
        if type(potential) is not potential_class:
            raise SettingsError(f"{file} is a force field of {whole.name}, not of {potential_class.kind}: train anew.")
        self._potential = potential

    def potential(self, train: Dataset) -> NetworkPotential:
        """A copy of it, its constant energy fitted to training frames, whose energies may have another zero."""
        found = copy.deepcopy(self._potential)
        refit_shift(found, train)
        return found

    @property
    def architecture(self) -> Mapping[str, Any]:
        """Its architecture, which the training keeps."""
        return self._potential.architecture

    def require_frames(self, train: Dataset, valid: Dataset) -> None:
        """Refuse to go on where errors would be those of frames that the earlier force field has been trained on.

        Raises:
            MoleculeError: the frames are of another molecule.
            SplitError: a frame that it has seen is neither a training nor a validation frame now, or a training frame of it is
                a validation frame.
        """
        self._potential.require_molecule(train)
        seen, n_train = self._provenance.seen_frames, self._provenance.n_train
        forgotten = set(seen) - set(train.frame_hashes) - set(valid.frame_hashes)
        if forgotten:
            raise SplitError(
                f"{len(forgotten)} of the {len(seen)} frames that {self.file} was trained and validated on are neither "
                "training nor validation frames now, so that test errors might be of frames that it has seen: keep them, as "
                "'supple train --extend' does, or train anew."
            )
        moved = set(seen[:n_train]) & set(valid.frame_hashes)
        if moved:
            raise SplitError(
                f"{len(moved)} validation frames are training frames of {self.file}: keep them among the training frames, as "
                "'supple train --extend' does, or train anew."
            )

    def sentence(self) -> str:
        """What it is, for people."""
        return (
            f"Training started from the weights of {self.file} ({start_version(self.file)}), trained on "
            f"{self._provenance.n_train} frames."
        )
