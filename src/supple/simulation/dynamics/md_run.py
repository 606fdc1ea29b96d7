"""MDRun: all replicas step by step, until each has reached its end or has been stopped by a guard."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.models.potential import Potential
from supple.runtime.progress import Progress
from supple.runtime.signals import DeferredSignals
from supple.simulation.dynamics.engines import Engine, engine_for
from supple.simulation.dynamics.guards import Guard, Guards, Snapshot
from supple.simulation.dynamics.md_result import MDResult
from supple.simulation.dynamics.molecular_state import MolecularState
from supple.simulation.dynamics.momenta import initial_state, temperatures
from supple.simulation.dynamics.replica import Replica
from supple.simulation.dynamics.run_files import RunFiles
from supple.simulation.dynamics.settings import DynamicsSettings
from supple.simulation.dynamics.step_timer import StepTimer
from supple.simulation.dynamics.time_units import format_time
from supple.simulation.trajectories import Frame

#: fs from one check by the guards to the next: a fifth of the period of the fastest bond vibration.
_CHECK_INTERVAL = 2.0
#: fs between geometries out of range that are kept of a replica: closer ones are too similar.
_TRIGGERED_INTERVAL = 100.0
#: Returns after which a replica is stopped that never stays within range from one frame to the next.
_MAX_RETURNS = 20
_NOT_FINITE = "positions or velocities are NaN or infinite"


class MDRun:
    """The replicas of a run, with its engine, guards and files."""

    engine: Engine

    def __init__(
        self,
        potential: Potential,
        initial: Dataset,
        settings: DynamicsSettings,
        guards: Guards,
        files: RunFiles,
        first_replica: int,
        progress: Progress,
        task: str,
    ) -> None:
        self.settings, self.guards, self.files, self.progress, self.task = settings, guards, files, progress, task
        self.numbers = potential.numbers
        self.check_every = max(1, round(_CHECK_INTERVAL / settings.timestep))
        self.timer = StepTimer()
        ignore_stop = settings.on_leave != "stop"
        self.replicas = [Replica.resume(k, saved, ignore_stop=ignore_stop) for k, saved in enumerate(files.saved)]
        #: Replicas that are not finished, in the order of the engine's rows.
        self.active = [r for r in self.replicas if r.stopped is None and r.step < settings.steps]
        if self.active:
            self._start_or_resume(potential, initial, first_replica)

    def _start_or_resume(self, potential: Potential, initial: Dataset, first_replica: int) -> None:
        states: list[MolecularState] = []
        resumed = False
        for replica in self.active:
            saved = self.files.resume(replica.index)
            if saved is not None:
                states.append(saved.molecule)
                resumed = True
            else:
                rng = np.random.default_rng([self.settings.seed, first_replica + replica.index])
                states.append(self._initial_state(initial.positions[replica.index], rng))
        self.engine = engine_for(potential, self.settings, states, batched=len(self.replicas) > 1)
        if resumed:
            time = min(self._time(replica) for replica in self.active)
            self.progress.note(f"{self.task}: resuming at {format_time(time)}.")
            return
        energies = self.engine.conserved_energies()
        if energies is not None:
            for replica, energy in zip(self.active, energies.tolist(), strict=True):
                replica.averages.first_energy = energy
        self._save()
        self.files.commit()

    def run(self) -> list[MDResult]:
        """Continue to the end."""
        # Ctrl-C waits for the end of a step; overflowing numbers are left to the guards
        with DeferredSignals() as signals, np.errstate(all="ignore"):
            try:
                while self.active:
                    self._step()
                    signals.check()
            finally:
                self.files.commit()
        return [self._result(replica) for replica in self.replicas]

    def _step(self) -> None:
        self.engine.step()
        self.timer.steps += 1
        for replica in self.active:
            replica.step += 1
        within_frame = self.active[0].step % self.settings.steps_per_frame  # the same for all
        if within_frame == 0 or within_frame % self.check_every == 0:
            self._check()
        if within_frame == 0 and self.active:
            self._save()
            self._report_progress()
            self._keep_active([replica.step < self.settings.steps for replica in self.active])
            if self.files.due:
                self.files.commit()

    def _keep_active(self, keep: list[bool]) -> None:
        if not all(keep):
            self.active = [replica for replica, kept in zip(self.active, keep, strict=True) if kept]
            self.engine.keep(np.array(keep))

    def _initial_state(self, positions: Float[np.ndarray, "N 3"], rng: np.random.Generator) -> MolecularState:
        rigid_motion = self.settings.ensemble == "langevin"
        return initial_state(self.numbers, positions, self.settings.temperature, rng, rigid_motion=rigid_motion)

    def _time(self, replica: Replica) -> float:
        return replica.step * self.settings.timestep

    def _temperatures(self) -> Float[np.ndarray, "B"]:
        return temperatures(self.engine.kinetic_energies(), self.engine.degrees_of_freedom)

    def _drifts(self) -> Float[np.ndarray, "B"] | None:
        """Energies gained since the start, eV per atom."""
        energies = self.engine.conserved_energies()
        if energies is None:
            return None
        return (energies - [replica.averages.first_energy or 0.0 for replica in self.active]) / len(self.numbers)

    def _check(self) -> None:
        """Let the guards check all replicas, and deal with those at which one triggers."""
        kelvins, drifts = self._temperatures(), self._drifts()
        snapshot = Snapshot(self.engine.positions, drifts, np.array([replica.index for replica in self.active]))
        finite = np.isfinite(snapshot.positions).all(axis=(1, 2)) & np.isfinite(kelvins)
        found = iter(self.guards.check(snapshot.select(finite)))
        keep = []
        for row, replica in enumerate(self.active):
            if not finite[row]:
                replica.averages.add_trigger("numbers", self._time(replica), _NOT_FINITE)
                self._stop(replica, _NOT_FINITE)
                keep.append(False)
                continue
            drift = None if drifts is None else float(drifts[row])
            replica.averages.add(self._time(replica), float(kelvins[row]), drift)
            problems = next(found)
            keep.append(not problems or self._handle(row, replica, problems))
        self._keep_active(keep)

    def _handle(self, row: int, replica: Replica, problems: dict[Guard, str]) -> bool:
        """Guards triggered at a replica; returns whether it continues."""
        time = self._time(replica)
        for guard, problem in problems.items():
            if guard.name not in replica.averages.triggers:
                name = self.files.trajectories[replica.index].path.name
                self.progress.note(f"{name}, {format_time(time)}: {problem}.")
            replica.averages.add_trigger(guard.name, time, problem)
        stops = self.settings.on_leave == "stop"
        if self.settings.on_leave == "restrain":
            # another geometry does not help against energy that is not conserved
            stops = not all(guard.checks_geometry for guard in problems) or replica.returns_in_a_row >= _MAX_RETURNS
        if stops or replica.last_triggered is None or time - replica.last_triggered >= _TRIGGERED_INTERVAL:
            names = ", ".join(guard.name for guard in problems)
            frame = Frame(self.engine.positions[row].copy(), time, replica.step, guard=names)
            self.files.save_triggered(replica.index, frame)
            replica.last_triggered = time
        if stops:
            tried = replica.returns_in_a_row
            after = f" (again after {tried} returns)" if tried >= _MAX_RETURNS else ""
            self._stop(replica, next(iter(problems.values())) + after)
        elif self.settings.on_leave == "restrain":
            self._put_back(row, replica)
        return not stops

    def _stop(self, replica: Replica, problem: str) -> None:
        """End a replica at its last saved frame."""
        replica.stopped = f"at {format_time(self._time(replica))} {problem}"
        replica.step = self.files.stop(replica, replica.stopped).step

    def _put_back(self, row: int, replica: Replica) -> None:
        """Return to the last saved frame, with new velocities; the drift of the energy continues from there."""
        saved = self.files.saved[replica.index]
        assert saved is not None, "a replica is saved before its first step"
        self.engine.set_state(row, self._initial_state(saved.molecule.positions, self.engine.rngs[row]))
        replica.averages.returns += 1
        replica.returns_in_a_row += 1
        energies = self.engine.conserved_energies()
        if energies is not None and replica.drift is not None:
            replica.averages.first_energy = float(energies[row]) - replica.drift * len(self.numbers)

    def _save(self) -> None:
        self.engine.recentre()
        kelvins, energies, drifts = self._temperatures(), self.engine.conserved_energies(), self._drifts()
        arrays = (self.engine.positions, self.engine.momenta, self.engine.energies, self.engine.forces)
        for row, replica in enumerate(self.active):
            if drifts is not None:
                replica.drift = float(drifts[row])
            saved, returns = self.files.saved[replica.index], replica.averages.returns
            if returns == (0 if saved is None else saved.averages.returns):
                replica.returns_in_a_row = 0
            positions, momenta, energy, forces = (array[row].copy() for array in arrays)
            frame = Frame(
                positions, self._time(replica), replica.step, momenta, float(energy), forces, float(kelvins[row]), returns,
                None if energies is None else float(energies[row]),
            )  # fmt: skip
            self.files.save(replica, frame, self.engine.state(row))

    def _report_progress(self) -> None:
        slowest = min(replica.step for replica in self.active)
        details = [f"{self._temperatures().mean():.0f} K"]
        if (drifts := self._drifts()) is not None:
            details.append(f"energy {1e3 * drifts[np.abs(drifts).argmax()]:+.2g} meV/atom")
        if len(self.replicas) > 1:
            details.append(f"{len(self.active)} of {len(self.replicas)} replicas")
        remaining = self.timer.remaining(self.settings.steps - slowest)
        details += [f"{self.timer.rate():.0f} steps/s", f"{remaining} left"]
        self.progress.step(self.task, slowest, self.settings.steps, ", ".join(details))

    def _result(self, replica: Replica) -> MDResult:
        return MDResult(
            out=self.files.trajectories[replica.index].path,
            time=self._time(replica),
            averages=replica.averages,
            stopped=replica.stopped,
            guards=self.guards.names,
            guards_off=self.guards.off,
            triggered_file=self.files.triggered[replica.index].path,
            n_triggered=self.files.n_triggered(replica.index),
            steps_per_second=self.timer.rate(),
        )
