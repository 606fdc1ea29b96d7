"""A run: steps, looks of the guards, frames; and the same again after an interruption, to the bit."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from ase import Atoms

from supple.dataset import Dataset
from supple.dynamics.clock import Clock
from supple.dynamics.ensembles import ENSEMBLES
from supple.dynamics.guards import Moment, Watch, watch_for
from supple.dynamics.momenta import temperature
from supple.dynamics.outcome import Outcome
from supple.dynamics.record import Record
from supple.dynamics.settings import DynamicsSettings
from supple.dynamics.tally import Tally
from supple.dynamics.times import written
from supple.dynamics.trajectory import Frame
from supple.errors import MoleculeError
from supple.potential import Potential
from supple.progress import SILENCE, Progress

#: fs between looks of the guards: a fifth of the period of the fastest bond.
_LOOK_EVERY = 2.0
#: fs between geometries that are kept of those that left: nearer ones are alike.
_LEFT_EVERY = 100.0


def run(
    potential: Potential,
    start: Dataset,
    settings: DynamicsSettings,
    out: str | Path,
    *,
    reference: Dataset | None = None,
    replica: int = 0,
    progress: Progress = SILENCE,
) -> Outcome:
    """Molecular dynamics, watched by guards. The same call goes on where one was interrupted.

    Args:
        potential: the force field.
        start: the first frame is where the run begins.
        settings: ensemble, temperature, times, seed.
        out: the trajectory to write, .xyz, .extxyz or .traj; `-left.xyz` and `.run` stand beside it.
        reference: training data, for the guards; a model of the kind sgdml holds its own.
        replica: another number draws other momenta and random forces with the same seed.
        progress: listens.

    Returns:
        What came of it; `stopped` says whether a guard ended it.

    Raises:
        MoleculeError: start or reference are of another molecule or atom order, or a guard speaks at the start.
        SettingsError: the files are there, of a run with other settings; or the name of the trajectory has no known ending.
        DataError: the trajectory has been changed since.
    """
    for frames in (start, reference):
        if frames is not None:
            potential.require_molecule(frames)
    watch = watch_for(potential, start.positions[0], settings, reference)
    if settings.on_leave == "stop":
        _require_inside(watch, start)
    made_by = settings.identity() | {
        "replica": replica,
        "model": _fingerprint(potential),
        "start": start.select([0]).fingerprint[:16],
        "reference": None if reference is None else reference.fingerprint[:16],
    }
    record = Record(Path(out), potential.numbers, made_by)
    with record.claimed():
        record.read()
        return _Run(potential, start, settings, watch, record, replica, progress).go()


def run_replicas(
    potential: Potential,
    start: Dataset,
    settings: DynamicsSettings,
    out: str | Path,
    n: int,
    *,
    reference: Dataset | None = None,
    progress: Progress = SILENCE,
) -> list[Outcome]:
    """Several runs, one after the other, each with momenta and a trajectory (`md-1.xyz`, `md-2.xyz`) of its own.

    Arguments and errors are those of `run`; one that a guard stops does not stop the others.
    """
    out = Path(out)
    names = [out] if n == 1 else [out.with_name(f"{out.stem}-{k + 1}{out.suffix}") for k in range(n)]
    return [
        run(potential, start, settings, name, reference=reference, replica=k, progress=progress)
        for k, name in enumerate(names)
    ]


class _Run:
    """One run under way."""

    def __init__(
        self,
        potential: Potential,
        start: Dataset,
        settings: DynamicsSettings,
        watch: Watch,
        record: Record,
        replica: int,
        progress: Progress,
    ) -> None:
        self.settings, self.watch, self.record, self.progress = settings, watch, record, progress
        self.task = record.trajectory.path.name
        self.atoms = Atoms(start.numbers, start.positions[0], calculator=potential.calculator())
        self.atoms.positions -= self.atoms.get_center_of_mass()
        rng = np.random.default_rng([settings.seed, replica])
        self.ensemble = ENSEMBLES[settings.ensemble](self.atoms, settings, rng)
        self.look_every = max(1, round(_LOOK_EVERY / settings.timestep))
        self.tally = Tally()
        self.step = 0
        self.last_left: float | None = None

    def go(self) -> Outcome:
        """From wherever the run is to its end."""
        stopped = self.record.state.get("stopped")
        if stopped is not None and self.settings.on_leave == "stop":
            self.step = self.record.state["step"]
            self.tally = Tally.model_validate(stopped["tally"])
            return self._outcome(stopped["said"], None)
        self._begin_or_go_on()
        clock = Clock(self.step)
        first = self.step
        while self.step < self.settings.steps:
            self.ensemble.step()
            self.step += 1
            frame = self.step % self.settings.steps_per_frame == 0
            if (frame or self.step % self.look_every == 0) and (said := self._look()) is not None:
                self.record.stop(said, self.tally.model_dump())
                rate = clock.rate(self.step)
                self.step = self.record.state["step"]
                return self._outcome(said, rate)
            if frame:
                self._save()
                self.progress.step(self.task, self.step, self.settings.steps, self._detail(clock))
        return self._outcome(None, clock.rate(self.step) if self.step > first else None)

    def _begin_or_go_on(self) -> None:
        self.record.go_on()
        state = self.record.state
        if state:
            self.ensemble.go_on(state)
            self.step, self.tally = state["step"], Tally.model_validate(state["tally"])
            self.last_left = state["last_left"]
            if self.step < self.settings.steps:
                self.progress.note(f"{self.task}: going on from {written(self._time) if self.step else '0 fs'}.")
        else:
            self.ensemble.begin()
            self.tally.first_energy = self.ensemble.conserved_energy()
            self._save()

    @property
    def _time(self) -> float:
        return self.step * self.settings.timestep

    @property
    def _temperature(self) -> float:
        return temperature(self.atoms.get_kinetic_energy(), self.ensemble.degrees_of_freedom)

    def _drift(self) -> float | None:
        """Energy gained since the beginning, eV per atom."""
        energy = self.ensemble.conserved_energy()
        first = self.tally.first_energy
        return None if energy is None or first is None else (energy - first) / len(self.atoms)

    def _look(self) -> str | None:
        """Ask the guards; the sentence that ends the run, if one does."""
        moment = Moment(self.atoms.positions, self._drift())
        if not np.isfinite(moment.positions).all() or not np.isfinite(self.atoms.get_kinetic_energy()):
            self.tally.left("numbers", self._time, "positions or velocities are not numbers any more")
            return f"at {written(self._time)} positions or velocities were not numbers any more"
        self.tally.count(self._time, self._temperature, moment.drift)
        objections = {guard.name: said for guard in self.watch.guards if (said := guard.objection(moment)) is not None}
        if not objections:
            return None
        for name, said in objections.items():
            if name not in self.tally.outside:
                self.progress.note(f"{self.task}, {written(self._time)}: {said}.")
            self.tally.left(name, self._time, said)
        stopping = self.settings.on_leave == "stop"
        if stopping or self.last_left is None or self._time - self.last_left >= _LEFT_EVERY:
            about: dict[str, float | str] = {"guard": ", ".join(objections), "time_fs": self._time}
            self.record.leave(Frame(self.atoms.positions, about))
            self.last_left = self._time
        return f"at {written(self._time)} {next(iter(objections.values()))}" if stopping else None

    def _save(self) -> None:
        self.ensemble.rest()
        about: dict[str, float | str] = {"time_fs": self._time, "temperature_K": self._temperature}
        if (conserved := self.ensemble.conserved_energy()) is not None:
            about["conserved_eV"] = conserved
        frame = Frame(
            self.atoms.positions, about, self.atoms.get_momenta(), self.atoms.get_potential_energy(),
            self.atoms.get_forces(),
        )  # fmt: skip
        progress = {"step": self.step, "tally": self.tally.model_dump(), "last_left": self.last_left}
        self.record.save(frame, self.ensemble.state() | progress)

    def _detail(self, clock: Clock) -> str:
        parts = [f"{self._temperature:.0f} K"]
        if (drift := self._drift()) is not None:
            parts.append(f"energy {1e3 * drift:+.2g} meV/atom")
        return ", ".join(
            [*parts, f"{clock.rate(self.step):.0f} steps/s", f"{clock.left(self.step, self.settings.steps)} left"]
        )

    def _outcome(self, stopped: str | None, rate: float | None) -> Outcome:
        return Outcome(
            out=self.record.trajectory.path,
            time=self._time,
            tally=self.tally,
            stopped=stopped,
            watched=tuple(guard.name for guard in self.watch.guards),
            off=self.watch.off,
            left=(self.record.left.path, self.record.n_left),
            steps_per_second=rate,
        )


def _require_inside(watch: Watch, start: Dataset) -> None:
    """Refuse a start at which a guard speaks.

    Raises:
        MoleculeError: one does.
    """
    moment = Moment(start.positions[0], 0.0)
    for guard in watch.guards:
        if (said := guard.objection(moment)) is not None:
            raise MoleculeError(
                f"The start geometry in {start.source.name} is not one to begin from, for {said}: take a frame like those "
                "of the training data, with the atoms in the same order, or say --on-leave warn."
            )


def _fingerprint(potential: Potential) -> str:
    """A hash of all arrays of the force field, by which it is known again."""
    digest = hashlib.sha256(repr(potential.configuration()).encode())
    for name, array in sorted(potential.state_dict().items()):
        digest.update(name.encode() + array.detach().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
