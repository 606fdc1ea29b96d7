"""grow: the loop from a molecule to a force field whose error is stated.

Each round is a folder (round_folder.py), and everything in it follows from the rounds before and the seed: whatever is interrupted is
resumed, to the same choices.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from supple.data.dataset import Dataset
from supple.errors import DataError
from supple.growth.baseline import DriveBaseline
from supple.growth.calculations import Calculations
from supple.growth.choosing import choose, choose_first
from supple.growth.dynamics import draw, draw_independent
from supple.growth.given_frames import FEWEST, given_frames, require_same_level
from supple.growth.labelled_frames import LabelledFrames
from supple.growth.messages import Once, forecast, left_the_range, round_ended
from supple.growth.next_round import REPRESENTATIVE, next_round, nothing_left
from supple.growth.result import GrowthResult
from supple.growth.round_folder import RoundFolder, RoundPlan, RoundRecord
from supple.growth.settings import AUTO, Goal, GrowthSettings
from supple.growth.testing import errors_by_reason, rmse_interval
from supple.growth.training import last_trained, suspicions, train, write_data
from supple.methods import method_with_forces
from supple.methods.level import Level
from supple.models.loading import load
from supple.models.potential import Potential
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.run_directory import RunDirectory
from supple.runtime.workers.backends import Backend
from supple.sampling.context import SamplingContext
from supple.sampling.exploration.explore import Explored, explore
from supple.training.result import TrainingResult

#: About how many geometries are drawn about conformers and along scans.
_EXPLORED = 300


def grow(
    settings: GrowthSettings,
    goal: Goal,
    out: Path,
    progress: Progress = NO_PROGRESS,
    data: Dataset | None = None,
    backend: Backend | None = None,
) -> GrowthResult:
    """Grow a force field, or resume; with a larger budget or smaller target a finished run goes on.

    Args:
        settings: molecule, methods and temperature.
        goal: target and budget.
        out: folder for everything: `model.safetensors`, `data.xyz`, `report.html`.
        progress: receives progress.
        data: frames that the method has labelled before, to start from in place of an exploration; they cost nothing, but for one that is
            calculated again and compared.
        backend: whose workers calculate; processes of this machine when None.

    Raises:
        SettingsError: molecule, method or model are not possible, or the folder has a run with other settings.
        DataError: too few of the first calculations succeed, or `data` are of another method.
        MoleculeError: `data` are of another molecule.
        ResourceError: a worker was lost; the same call goes on.
        OutputError: the folder has other files.
    """
    level = Level(settings.method, settings.charge, settings.multiplicity)
    context = SamplingContext(
        settings.molecule, settings.method, settings.drive, settings.charge, settings.multiplicity, settings.seed
    )
    method_with_forces(settings.method, "Growth")
    context.require_ready(here=backend is None)
    settings.model_settings()
    given = None if data is None else given_frames(data, context.start().numbers, settings.molecule, goal.units, out)
    configuration = settings.model_dump(mode="json") | {"data": None if data is None else data.fingerprint}
    run = RunDirectory.open(out, configuration, "growth", advice="choose another folder with --out")
    calculations = Calculations(level, goal.units, out, Once(progress), backend)
    with run.claimed():
        if given is not None:
            with run.removed_if_refused():
                require_same_level(given, calculations)
        return _Growth(settings, goal, out, progress, calculations, given).run()


def calculations_so_far(out: Path) -> int:
    """How many calculations the complete rounds of a run have made; 0 where there is no run."""
    records = [RoundFolder(folder).record for folder in sorted((out / "rounds").glob("*"))]
    return sum(record.calculations for record in records if record is not None)


@dataclass(frozen=True)
class _Growth:
    """A run in its folder; the attributes are the arguments of `grow`."""

    settings: GrowthSettings
    goal: Goal
    out: Path
    progress: Progress
    calculations: Calculations
    given: Dataset | None

    def run(self) -> GrowthResult:
        """All rounds."""
        folders: list[RoundFolder] = []
        records: list[RoundRecord] = []
        frames: list[Dataset] = [] if self.given is None else [self.given]
        if self.given is not None and TrainingResult.read(self._start.training) is None:
            self._train(self._start, frames, [])
        while True:
            folder = RoundFolder(self.out / "rounds" / f"{len(records):02d}")
            record = folder.record
            if record is None:
                plan = folder.plan or next_round(records, self.goal, started=self.given is not None)
                if plan is None:
                    if reason := nothing_left(records, self.goal):
                        self.progress.note(reason)
                    break
                folder.start(plan)
                record = self._round(folder, plan, folders, frames)
            chosen = folder.chosen
            assert chosen is not None
            frames.append(self.calculations.of(chosen).frames)
            folders.append(folder)
            records.append(record)
        return self._finish(folders, records, frames)

    def _round(
        self, folder: RoundFolder, plan: RoundPlan, before: list[RoundFolder], frames: list[Dataset]
    ) -> RoundRecord:
        """One round from its plan to its record."""
        started = time.perf_counter()
        number = len(before)
        notes: list[str] = []
        file = last_trained([self._start, *before])
        potential = None if file is None else load(file)
        chosen = folder.chosen
        if chosen is None and potential is None:
            chosen = self._explored(folder, plan, notes)
        elif chosen is None:
            assert potential is not None
            known = LabelledFrames.of(frames, self.settings.seed).train
            chosen = self._drawn(folder, plan, potential, known, number, notes)
        assert chosen is not None
        calculated = self.calculations.of(chosen)
        errors = {} if potential is None else errors_by_reason(potential, calculated.frames)
        interval = validation = None
        if plan.kind == "test":
            assert potential is not None
            if not errors:
                raise DataError(f"All calculations of the test failed ({'; '.join(calculated.failures)}).")
            interval = rmse_interval(potential, calculated.frames)
        else:
            labelled = [*frames, calculated.frames]
            validation = self._train(folder, labelled, before)
            notes += suspicions(LabelledFrames.of(labelled, self.settings.seed).data)
        record = RoundRecord(
            kind=plan.kind,
            because=plan.because,
            calculations=len(chosen),
            failures=calculated.failures,
            before=errors,
            validation=validation,
            interval=interval,
            budget=self.goal.budget,
            seconds=time.perf_counter() - started,
            notes=tuple(notes),
        )
        folder.finish(record)
        for note in (*notes, round_ended(number, record, len(calculated.frames), self.goal)):
            self.progress.note(note)
        return record

    def _explored(self, folder: RoundFolder, plan: RoundPlan, notes: list[str]) -> Dataset:
        """The geometries of the first round, from what the cheap method finds; one of them is timed."""
        settings = self.settings
        explored = self._exploration()
        notes += explored.notes
        chosen = folder.choose(
            explored.numbers, *choose_first(explored, plan.count, settings.temperature, settings.seed)
        )
        timed = self.calculations.of(chosen.select([0]))
        if len(timed.frames):
            workers = self.calculations.side_by_side
            self.progress.note(forecast(settings.method, timed.seconds, self.goal.budget, workers))
        return chosen

    def _exploration(self) -> Explored:
        """What the cheap method finds; kept, so that it is calculated once."""
        settings = self.settings
        drive = Level(settings.drive, settings.charge, settings.multiplicity)
        return explore(
            settings.molecule, drive, settings.temperature, frames=_EXPLORED, seed=settings.seed, folder=self.out,
            progress=self.progress,
        )  # fmt: skip

    def _drawn(
        self,
        folder: RoundFolder,
        plan: RoundPlan,
        potential: Potential,
        train: Dataset,
        number: int,
        notes: list[str],
    ) -> Dataset:
        """The geometries of a round that dynamics of the force field give."""
        settings, kelvin = self.settings, self.settings.temperature
        drawn = draw(potential, train, kelvin, number, settings.seed, folder.path, self.progress)
        rng = np.random.default_rng([settings.seed, 2, number])
        if plan.kind == "growth":
            notes += left_the_range(*drawn.stopped, test=False)
            return folder.choose(potential.numbers, *choose(potential, train, drawn, plan.count, kelvin, rng))
        # training frames are where dynamics started: they stand in where replicas were stopped soon
        known = train.positions
        starts = np.concatenate([drawn.warm[rng.permutation(len(drawn.warm))], known[rng.permutation(len(known))]])
        starts = starts[np.arange(plan.count) % len(starts)]
        ends, left = draw_independent(
            potential, train, starts, kelvin, settings.seed + number, folder.path, self.progress
        )
        notes += left_the_range(left, len(ends), test=True)
        return folder.choose(potential.numbers, ends, [REPRESENTATIVE] * len(ends))

    def _train(self, folder: RoundFolder, frames: list[Dataset], before: list[RoundFolder]) -> float:
        """Train on all frames so far, and return the validation error."""
        labelled = LabelledFrames.of(frames, self.settings.seed)
        if len(labelled.data) < FEWEST:
            raise DataError(
                f"Only {len(labelled.data)} of the first calculations with {self.settings.method} succeeded, which is too few to train on: "
                f"the reasons of the failures are in {self.out / 'supple-labels'}."
            )
        learned = None
        if self.settings.baseline == AUTO:
            given = self.given
            known = (lambda: self._exploration().positions) if given is None else (lambda: given.positions)
            learned = DriveBaseline(self.settings, self.out, self.progress).file(labelled, known)
        file = last_trained([self._start, *before])
        return train(self.settings.model_settings(learned, file), labelled, folder, self.out, self.progress)

    @property
    def _start(self) -> RoundFolder:
        """Where a force field of the given frames is trained."""
        return RoundFolder(self.out / "start")

    def _finish(self, folders: list[RoundFolder], records: list[RoundRecord], frames: list[Dataset]) -> GrowthResult:
        """Write data and report."""
        from supple.growth.report import write_report  # draws figures

        labelled = LabelledFrames.of(frames, self.settings.seed, n_test=len(frames[-1]))
        data = write_data(labelled, self.out, self.goal.units)
        model, report = self.out / "model.safetensors", self.out / "report.html"
        result = GrowthResult(model, data, report, tuple(records), self.goal, self.settings.temperature)
        write_report(result, self.settings, self.calculations.level, labelled, folders, load(model))
        return result
