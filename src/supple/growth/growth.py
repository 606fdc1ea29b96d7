"""grow: the loop from a molecule to a force field whose error is stated.

Each round is a folder (round_folder.py), and everything in it follows from the rounds before and the seed: whatever is interrupted is
resumed, to the same choices.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from supple.checks import examine
from supple.data.dataset import Dataset
from supple.data.writing import write_extxyz
from supple.errors import DataError, MoleculeError
from supple.evaluation.bootstrap import error_intervals
from supple.evaluation.predictions import Predictions
from supple.growth.choosing import GIVEN, choose, choose_first
from supple.growth.dynamics import draw, draw_independent
from supple.growth.labelled_frames import Calculated, LabelledFrames, calculate
from supple.growth.next_round import REPRESENTATIVE, next_round
from supple.growth.result import GrowthResult
from supple.growth.round_folder import ErrorOf, RoundFolder, RoundPlan, RoundRecord
from supple.growth.settings import Goal, GrowthSettings
from supple.methods.level import Level
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.loading import load
from supple.models.potential import Potential
from supple.runtime.files import copy_file
from supple.runtime.machine import cores
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.rounding import duration
from supple.runtime.run_directory import RunDirectory
from supple.sampling.context import SamplingContext
from supple.sampling.exploration.explore import Explored, explore
from supple.training.training_run import TrainingRun

#: About how many geometries are drawn about conformers and along scans.
_EXPLORED = 300
#: With so many frames, a check of all of them is reliable.
_JUDGED = 50
#: Fewest labelled frames of the first round that can be trained on.
_FEWEST = 6


def grow(
    settings: GrowthSettings,
    goal: Goal,
    out: Path,
    progress: Progress = NO_PROGRESS,
    data: Dataset | None = None,
) -> GrowthResult:
    """Grow a force field, or resume; with a larger budget or smaller target a finished run goes on.

    Args:
        settings: molecule, methods and temperature.
        goal: target and budget.
        out: folder for everything: `model.safetensors`, `data.xyz`, `report.html`.
        progress: receives progress.
        data: frames that the method has labelled before, to start from in place of an exploration; they cost nothing.

    Raises:
        SettingsError: molecule, method or model are not possible, or the folder has a run with other settings.
        DataError: too few of the first calculations succeed.
        OutputError: the folder has other files.
    """
    state = settings.charge, settings.multiplicity
    context = SamplingContext(settings.molecule, settings.method, settings.drive, *state, settings.seed)
    context.require_ready()
    settings.model_settings()
    given = _given(data, context, goal, out)
    configuration = settings.model_dump(mode="json") | {"data": None if data is None else data.fingerprint}
    run = RunDirectory.open(out, configuration, "growth", advice="choose another folder with --out")
    with run.removed_if_refused(), run.claimed():
        return _Growth(settings, goal, out, progress, given).run()


def calculations_so_far(out: Path) -> int:
    """How many calculations the complete rounds of a run have made; 0 where there is no run."""
    records = [RoundFolder(folder).record for folder in sorted((out / "rounds").glob("*"))]
    return sum(record.calculations for record in records if record is not None)


def _given(data: Dataset | None, context: SamplingContext, goal: Goal, out: Path) -> Dataset | None:
    """Frames to start from, as those of a round.

    Raises:
        MoleculeError: they are of another molecule, or have its atoms in another order.
        DataError: they have no forces or energies, or are too few.
    """
    if data is None:
        return None
    numbers = context.start().numbers
    if not np.array_equal(data.numbers, numbers):
        raise MoleculeError(
            f"{data.source.name} is of {data.formula} with atoms in another order, or of another molecule than {context.molecule}: "
            "give a geometry of the file as the molecule."
        )
    known = np.isfinite(data.energies)
    if data.forces is None or known.sum() < _FEWEST:
        raise DataError(f"{data.source.name} has fewer than {_FEWEST} frames with energy and forces: leave out --data.")
    frames = data.select(known & ~np.isin(np.arange(len(data)), list(data.duplicates)))
    source = replace(frames.source, units=goal.units, folder=out)
    return replace(frames, source=source, extras={"reason": np.full(len(frames), GIVEN)})


@dataclass(frozen=True)
class _Growth:
    """A run in its folder; the attributes are the arguments of `grow`."""

    settings: GrowthSettings
    goal: Goal
    out: Path
    progress: Progress
    given: Dataset | None

    def run(self) -> GrowthResult:
        """All rounds."""
        folders: list[RoundFolder] = []
        records: list[RoundRecord] = []
        frames: list[Dataset] = [] if self.given is None else [self.given]
        if self.given is not None:
            self._train(self._start, frames)
        while True:
            folder = RoundFolder(self.out / "rounds" / f"{len(records):02d}")
            record = folder.record
            if record is None:
                plan = folder.plan or next_round(records, self.goal, started=self.given is not None)
                if plan is None:
                    break
                folder.start(plan)
                record = self._round(folder, plan, folders, frames)
            chosen = folder.chosen
            assert chosen is not None
            frames.append(calculate(chosen, self.settings, self.goal, self.out, self.progress).frames)
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
        potential = self._trained([self._start, *before])
        chosen = folder.chosen
        if chosen is None:
            if potential is None:
                explored = self._explored()
                chosen = folder.choose(explored.numbers, *choose_first(explored, plan.count, self.settings.seed))
                notes += explored.notes
                self._forecast(chosen)
            else:
                labelled = LabelledFrames.of(frames, self.settings.seed)
                chosen = self._chosen(folder, plan, potential, labelled, number, notes)
        calculated = calculate(chosen, self.settings, self.goal, self.out, self.progress)
        errors = {} if potential is None else _errors(potential, calculated.frames)
        interval = validation = None
        if plan.kind == "test":
            assert potential is not None
            if not errors:
                raise DataError(f"All calculations of the test failed ({'; '.join(calculated.failures)}).")
            interval = _interval(potential, calculated.frames, self.goal)
        else:
            validation = self._train(folder, [*frames, calculated.frames])
            notes += self._suspicions([*frames, calculated.frames])
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
        for note in notes:
            self.progress.note(note)
        self._report_round(number, record, calculated)
        return record

    def _explored(self) -> Explored:
        """What the cheap method finds."""
        settings = self.settings
        drive = Level(settings.drive, settings.charge, settings.multiplicity)
        return explore(
            settings.molecule, drive, settings.temperature, frames=_EXPLORED, seed=settings.seed, folder=self.out,
            progress=self.progress,
        )  # fmt: skip

    def _chosen(
        self,
        folder: RoundFolder,
        plan: RoundPlan,
        potential: Potential,
        labelled: LabelledFrames,
        number: int,
        notes: list[str],
    ) -> Dataset:
        """The geometries of a round that dynamics of the force field give."""
        settings, kelvin = self.settings, self.settings.temperature
        drawn = draw(potential, labelled.train, kelvin, number, settings.seed, folder.path, self.progress)
        rng = np.random.default_rng([settings.seed, 2, number])
        if plan.kind == "growth":
            stopped, of = drawn.stopped
            if stopped:
                notes.append(f"{stopped} of {of} replicas left the range of the training frames.")
            choice = choose(potential, labelled.train, drawn, plan.count, rng)
            return folder.choose(potential.numbers, *choice)
        # training frames are where dynamics started: they stand in where replicas were stopped soon
        known = labelled.train.positions
        starts = np.concatenate([drawn.warm[rng.permutation(len(drawn.warm))], known[rng.permutation(len(known))]])
        starts = starts[np.arange(plan.count) % len(starts)]
        ends, left = draw_independent(
            potential, labelled.train, starts, kelvin, settings.seed + number, folder.path, self.progress
        )
        if left:
            notes.append(
                f"{left} of {len(ends)} replicas of the test left the range of the training frames once or more."
            )
        return folder.choose(potential.numbers, ends, [REPRESENTATIVE] * len(ends))

    def _train(self, folder: RoundFolder, frames: list[Dataset]) -> float:
        """Train on all frames so far, and return the validation error."""
        labelled = LabelledFrames.of(frames, self.settings.seed)
        if len(labelled.data) < _FEWEST:
            raise DataError(
                f"Only {len(labelled.data)} of the first calculations with {self.settings.method} succeeded, which is too few to train on: "
                f"the reasons of the failures are in {self.out / 'supple-labels'}."
            )
        # the labels are of calculations that were made here: what checks suspect of few frames is said, and refused is nothing
        training = TrainingRun.of(self.settings.model_settings(), labelled.data, labelled.split, folder.training, [])
        result = training.run(_Quiet(self.progress))
        copy_file(folder.training / "model.safetensors", self.out / "model.safetensors")
        write_extxyz(self.out / "data.xyz", labelled.described(), self.goal.units)
        forces = result.validation.forces
        assert forces is not None
        return forces.rmse * self.goal.units.forces_in_ev_per_angstrom

    def _suspicions(self, frames: list[Dataset]) -> list[str]:
        """What a check of all frames finds wrong, once they are enough for a judgement."""
        data = LabelledFrames.of(frames, self.settings.seed).data
        if len(data) < _JUDGED:
            return []
        found = [finding for finding in examine(data, small_kernel_model, before_training=True) if finding.is_error]
        return [f"The check of the data finds: {finding}" for finding in found]

    @property
    def _start(self) -> RoundFolder:
        """Where a force field of the given frames is trained."""
        return RoundFolder(self.out / "start")

    def _trained(self, before: list[RoundFolder]) -> Potential | None:
        """The force field of the last training; None before the first."""
        files = [folder.training / "model.safetensors" for folder in before]
        existing = [file for file in files if file.exists()]
        return load(existing[-1]) if existing else None

    def _forecast(self, chosen: Dataset) -> None:
        """Say what the calculations take, after one of them was timed."""
        timed = calculate(chosen.select([0]), self.settings, self.goal, self.out, self.progress)
        each, workers = timed.seconds, cores()
        if len(timed.frames):
            self.progress.note(
                f"One calculation with {self.settings.method} takes {duration(each)}: {self.goal.budget} of them about "
                f"{duration(each * self.goal.budget / workers)} on {workers} core{'s' if workers > 1 else ''}, besides dynamics and training."
            )

    def _report_round(self, number: int, record: RoundRecord, calculated: Calculated) -> None:
        """Say what came of a round."""
        sentence = f"Round {number}: {len(calculated.frames)} of {record.calculations} calculations succeeded"
        if REPRESENTATIVE in record.before:
            error = record.before[REPRESENTATIVE]
            sentence += f"; the force field before them had a force RMSE of {self.goal.shown(error.rmse)} on {error.frames} new frames of dynamics"
        self.progress.note(f"{sentence}.")

    def _finish(self, folders: list[RoundFolder], records: list[RoundRecord], frames: list[Dataset]) -> GrowthResult:
        """Write data and report."""
        from supple.growth.report import write_report

        labelled = LabelledFrames.of(frames, self.settings.seed, n_test=len(frames[-1]))
        model = self.out / "model.safetensors"
        write_extxyz(self.out / "data.xyz", labelled.described(), self.goal.units)
        result = GrowthResult(
            model, self.out / "data.xyz", self.out / "report.html", tuple(records), self.goal, self.settings.temperature
        )
        write_report(result, self.settings, labelled, folders, load(model))
        return result


class _Quiet:
    """Progress of a training without its notes, which are those of every round."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def note(self, sentence: str) -> None:
        """Not shown: the run directory keeps it."""

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """As it comes."""
        self._progress.step(task, done, total, detail)


def _errors(potential: Potential, frames: Dataset) -> dict[str, ErrorOf]:
    """Errors of the forces on new frames, by the reason why they were chosen."""
    if not len(frames):
        return {}
    assert frames.forces is not None
    difference = potential.predict(frames.positions)[1] - frames.forces
    reasons = frames.extras["reason"]
    return {str(reason): ErrorOf.of(difference[reasons == reason]) for reason in dict.fromkeys(reasons.tolist())}


def _interval(potential: Potential, frames: Dataset, goal: Goal) -> tuple[float, float] | None:
    """The interval of the force RMSE, eV/Å."""
    found = error_intervals(frames, Predictions.of(potential, frames), goal.units).forces
    if found is None:
        return None
    low, high = (end * goal.units.forces_in_ev_per_angstrom for end in found.rmse)
    return low, high
