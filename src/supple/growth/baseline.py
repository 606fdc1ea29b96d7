"""The baseline of a run: the cheap method itself, learned by a network, where the difference to it is easier to learn than the labels.

The first calculations decide. A call of the cheap method in every step of dynamics would take longer than everything else, so that a network
learns it, once: labels of the cheap method cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict

from supple.data.dataset import Dataset
from supple.data.splits import Split
from supple.errors import DataError, SettingsError, SplitError
from supple.growth.dynamics import HOTTER
from supple.growth.labelled_frames import LabelledFrames
from supple.growth.messages import Quiet
from supple.growth.settings import GrowthSettings
from supple.methods.level import Level
from supple.methods.short_dynamics import draw_labelled
from supple.models.baseline.benefit import benefit, require_alike
from supple.models.baseline.labels import baseline_labels
from supple.models.baseline.settings import Baseline
from supple.models.registry import make_settings
from supple.runtime.files import copy_file, write_json
from supple.runtime.json_records import read_json
from supple.runtime.progress import Progress
from supple.training.training_run import TrainingRun

#: One in so many of the first frames judges whether it helps.
_JUDGED = 3
#: It is used where a small model of the difference has less than this part of the error of one of the labels.
_BETTER = 0.8
#: Geometries that the network learns from, one in so many of them by validation, and its kind and settings: some minutes on one core.
_GEOMETRIES, _HELD_OUT = 1500, 12
_MODEL, _SETTINGS = "bespoke", {"steps": 20_000}


class Decision(BaseModel):
    """Whether there is a baseline, and why; `baseline.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    used: bool
    reason: str


@dataclass(frozen=True)
class DriveBaseline:
    """The baseline of a run in its folder.

    Attributes:
        settings: of the run; the cheap method is its `drive`.
        out: folder of the run.
        progress: receives notes and steps.
    """

    settings: GrowthSettings
    out: Path
    progress: Progress

    @property
    def decision(self) -> Decision | None:
        """What was decided; None before the first training."""
        file = self.out / "baseline.json"
        return Decision.model_validate(read_json(file)) if file.exists() else None

    def file(self, labelled: LabelledFrames, starts: Callable[[], Float[np.ndarray, "M N 3"]]) -> Path | None:
        """The file of the learned baseline, or None where there is none; decided and learned at the first call.

        Args:
            labelled: the frames that are trained on.
            starts: gives geometries about which the cheap method is learned, Å.
        """
        decision = self.decision
        if decision is None:
            decision = self._decided(labelled)
            write_json(self.out / "baseline.json", decision.model_dump())
            self.progress.note(decision.reason)
        if not decision.used:
            return None
        file = self.out / "baseline.safetensors"
        if not file.exists():
            self._learn(labelled.data, starts(), file)
        return file

    def _decided(self, labelled: LabelledFrames) -> Decision:
        name = self.settings.drive
        # more of the first frames than are validated on: of these there are one or two
        frames = labelled.data.select(np.random.default_rng([self.settings.seed, 5]).permutation(len(labelled.data)))
        n_judged = -(-len(frames) // _JUDGED)
        judged, fitted = range(n_judged), range(n_judged, len(frames))
        try:
            of_fitted, of_judged = (
                baseline_labels(self._method, frames.select(some), self.progress, folder=self.out)
                for some in (fitted, judged)
            )
            require_alike(of_fitted)
            subtracted = of_fitted.subtracted(), of_judged.subtracted()
            if len(subtracted[0].whole) < 2 or not len(subtracted[1].whole):
                raise SplitError("It fails for too many of the first geometries.")
            found = benefit(*subtracted)
        except (DataError, SettingsError, SplitError) as error:
            return Decision(used=False, reason=f"{name} is not used as a baseline: {error}")
        used = found.with_baseline < _BETTER * found.without
        compared = (
            f"a small model of the first calculations has a force RMSE of {found.with_baseline:.3g} {found.unit} for the difference to it, "
            f"and {found.without:.3g} for the labels themselves"
        )
        return Decision(used=used, reason=f"{name} is {'' if used else 'not '}used as a baseline: {compared}.")

    @property
    def _method(self) -> Baseline:
        settings = self.settings
        level = Level(settings.drive, settings.charge, settings.multiplicity)
        if not level.method.takes_charge:
            return Baseline(method=settings.drive)
        return Baseline(method=settings.drive, charge=settings.charge, multiplicity=settings.multiplicity)

    def _learn(self, frames: Dataset, starts: Float[np.ndarray, "M N 3"], file: Path) -> None:
        """Train the network on short dynamics of the cheap method, at the highest temperature that the growth visits."""
        settings = self.settings
        level = Level(settings.drive, settings.charge, settings.multiplicity)
        starts = starts[np.random.default_rng([settings.seed, 3]).permutation(len(starts))]
        drawn = draw_labelled(
            level, frames.numbers, starts, HOTTER * settings.temperature, _GEOMETRIES, self.out, self.progress
        )
        name = f"geometries drawn with {settings.drive}"
        data = Dataset.of(frames.numbers, drawn.positions, drawn.energies, drawn.forces, name=name)
        # of whole trajectories, the last ones, which began at other geometries than most
        n_train = len(data) - len(data) // _HELD_OUT
        train = np.random.default_rng([settings.seed, 4]).permutation(n_train)
        split = Split(settings.seed, tuple(map(int, train)), tuple(range(n_train, len(data))), ())
        training = TrainingRun.of(make_settings(_MODEL, _SETTINGS), data, split, self.out / "baseline.run", [])
        self.progress.note(
            f"A network learns {settings.drive} from {n_train} geometries, so that dynamics do not call it."
        )
        result = training.run(Quiet(self.progress))
        forces = result.validation.forces
        assert forces is not None
        self.progress.note(
            f"Its force MAE against {settings.drive} is {forces.mae:.3g} {forces.unit} on {len(split.valid)} other geometries."
        )
        copy_file(self.out / "baseline.run" / "model.safetensors", file)
