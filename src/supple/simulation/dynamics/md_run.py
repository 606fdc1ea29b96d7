"""A run under way: all replicas step by step, until each is at its end or has left."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.models.potential import Potential
from supple.runtime.progress import Progress
from supple.runtime.signals import DeferredSignals
from supple.simulation.dynamics.engines import Engine, State, engine_for
from supple.simulation.dynamics.guards import Guard, Moment, Watch
from supple.simulation.dynamics.momenta import first_state, temperatures
from supple.simulation.dynamics.replica import Replica
from supple.simulation.dynamics.result import Outcome
from supple.simulation.dynamics.run_files import Record
from supple.simulation.dynamics.settings import DynamicsSettings
from supple.simulation.dynamics.speed import Clock
from supple.simulation.dynamics.time_units import written
from supple.simulation.trajectories import Frame

#: fs between looks of the guards: a fifth of the period of the fastest bond.
_LOOK_EVERY = 2.0
#: fs between geometries that are kept of those that left: nearer ones are alike.
_LEFT_EVERY = 100.0
#: Returns after which a replica is stopped when it never stays inside from one frame to the next.
_MOST_RETURNS = 20
_NO_NUMBERS = "positions or velocities are not numbers any more"


class UnderWay:
    """The replicas of a run, its engine, guards and files."""

    engine: Engine

    def __init__(
        self,
        potential: Potential,
        begins: Dataset,
        settings: DynamicsSettings,
        watch: Watch,
        record: Record,
        first: int,
        progress: Progress,
        task: str,
    ) -> None:
        self.settings, self.watch, self.record, self.progress, self.task = settings, watch, record, progress, task
        self.numbers = potential.numbers
        self.look_every = max(1, round(_LOOK_EVERY / settings.timestep))
        self.clock = Clock()
        again = settings.on_leave != "stop"
        self.replicas = [Replica.of(k, state, again=again) for k, state in enumerate(record.states)]
        #: Those that go on, in the order of the engine's rows.
        self.active = [r for r in self.replicas if r.stopped is None and r.step < settings.steps]
        if self.active:
            self._begin_or_go_on(potential, begins, first)

    def _begin_or_go_on(self, potential: Potential, begins: Dataset, first: int) -> None:
        whole = self.settings.ensemble == "langevin"
        states: list[State] = []
        for replica in self.active:
            self.record.go_on(replica.k)
            state = self.record.states[replica.k]
            if not state:
                rng = np.random.default_rng([self.settings.seed, first + replica.k])
                state = first_state(
                    self.numbers, begins.positions[replica.k], self.settings.temperature, rng, whole=whole
                )
            states.append(state)
        self.engine = engine_for(potential, self.settings, states, side_by_side=len(self.replicas) > 1)
        if not self.record.states[self.active[0].k]:
            if (energies := self.engine.conserved_energies()) is not None:
                for replica, energy in zip(self.active, energies.tolist(), strict=True):
                    replica.tally.first_energy = energy
            self._save()
            self.record.commit()
        else:
            time = self._time(min(self.active, key=lambda r: r.step))
            self.progress.note(f"{self.task}: going on from {written(time) if time else '0 fs'}.")

    def go(self) -> list[Outcome]:
        """From wherever the run is to its end."""
        # Ctrl-C waits for the end of a step; numbers that overflow are the guards' business
        with DeferredSignals() as held, np.errstate(all="ignore"):
            try:
                while self.active:
                    self._step()
                    held.check()
            finally:
                self.record.commit()
        return [self._outcome(replica) for replica in self.replicas]

    def _step(self) -> None:
        self.engine.step()
        self.clock.steps += 1
        for replica in self.active:
            replica.step += 1
        within = self.active[0].step % self.settings.steps_per_frame  # the same for all
        if within == 0 or within % self.look_every == 0:
            self._look()
        if within == 0 and self.active:
            self._save()
            self._report()
            self._go_on_with([replica.step < self.settings.steps for replica in self.active])
            if self.record.due:
                self.record.commit()

    def _go_on_with(self, which: list[bool]) -> None:
        if not all(which):
            self.active = [replica for replica, kept in zip(self.active, which, strict=True) if kept]
            self.engine.keep(np.array(which))

    def _time(self, replica: Replica) -> float:
        return replica.step * self.settings.timestep

    def _temperatures(self) -> Float[np.ndarray, "B"]:
        return temperatures(self.engine.kinetic_energies(), self.engine.degrees_of_freedom)

    def _drifts(self) -> Float[np.ndarray, "B"] | None:
        """Energies gained since the beginning, eV per atom."""
        energies = self.engine.conserved_energies()
        if energies is None:
            return None
        return (energies - [replica.tally.first_energy or 0.0 for replica in self.active]) / len(self.numbers)

    def _look(self) -> None:
        """Ask the guards, and do what is to be done with replicas at which they object."""
        kelvins, drifts = self._temperatures(), self._drifts()
        moment = Moment(self.engine.positions, drifts, np.array([replica.k for replica in self.active]))
        sound = np.isfinite(moment.positions).all(axis=(1, 2)) & np.isfinite(kelvins)
        wrong = iter(self.watch.objections(moment.only(sound)))
        goes_on = []
        for row, replica in enumerate(self.active):
            if not sound[row]:
                replica.tally.left("numbers", self._time(replica), _NO_NUMBERS)
                goes_on.append(self._stop(replica, _NO_NUMBERS))
                continue
            drift = None if drifts is None else float(drifts[row])
            replica.tally.count(self._time(replica), float(kelvins[row]), drift)
            said = next(wrong)
            goes_on.append(not said or self._left(row, replica, said))
        self._go_on_with(goes_on)

    def _left(self, row: int, replica: Replica, said: dict[Guard, str]) -> bool:
        """A replica has left its range; whether it goes on."""
        time, sentences = self._time(replica), list(said.values())
        for guard, sentence in said.items():
            if guard.name not in replica.tally.outside:
                self.progress.note(f"{self._name(replica)}, {written(time)}: {sentence}.")
            replica.tally.left(guard.name, time, sentence)
        stops = self.settings.on_leave == "stop"
        if self.settings.on_leave == "restrain":
            # energy that is not conserved is not mended by another geometry
            stops = not all(guard.of_geometry for guard in said) or replica.stays >= _MOST_RETURNS
        if stops or replica.last_left is None or time - replica.last_left >= _LEFT_EVERY:
            about: dict[str, float | str] = {"guard": ", ".join(guard.name for guard in said), "time_fs": time}
            self.record.leave(replica.k, Frame(self.engine.positions[row].copy(), about, replica.step))
            replica.last_left = time
        if stops:
            tried = f" (again after {replica.stays} returns)" if replica.stays >= _MOST_RETURNS else ""
            return self._stop(replica, sentences[0] + tried)
        if self.settings.on_leave == "restrain":
            self._return(row, replica)
        return True

    def _stop(self, replica: Replica, said: str) -> bool:
        self.record.stop(replica.k, f"at {written(self._time(replica))} {said}", replica.tally.model_dump())
        replica.stopped = self.record.states[replica.k]["stopped"]["said"]
        replica.step = self.record.states[replica.k]["step"]
        return False

    def _return(self, row: int, replica: Replica) -> None:
        """Back to the last saved frame, with new velocities; the account of the energy goes on from there."""
        inside = np.array(self.record.states[replica.k]["positions"])
        state = first_state(
            self.numbers, inside, self.settings.temperature, self.engine.rngs[row], whole=self.engine.whole
        )
        self.engine.place(row, state)
        replica.tally.returns += 1
        replica.stays += 1
        energies = self.engine.conserved_energies()
        if energies is not None and replica.drift is not None:
            replica.tally.first_energy = float(energies[row]) - replica.drift * len(self.numbers)

    def _save(self) -> None:
        self.engine.rest()
        kelvins, energies, drifts = self._temperatures(), self.engine.conserved_energies(), self._drifts()
        arrays = (self.engine.positions, self.engine.momenta, self.engine.energies, self.engine.forces)
        for row, replica in enumerate(self.active):
            about: dict[str, float | str] = {
                "time_fs": self._time(replica), "temperature_K": float(kelvins[row]), "returns": replica.tally.returns,
            }  # fmt: skip
            if energies is not None and drifts is not None:
                about["conserved_eV"] = float(energies[row])
                replica.drift = float(drifts[row])
            if replica.tally.returns == self.record.states[replica.k].get("tally", {}).get("returns", 0):
                replica.stays = 0
            positions, momenta, energy, forces = (array[row].copy() for array in arrays)
            frame = Frame(positions, about, replica.step, momenta, float(energy), forces)
            self.record.save(replica.k, frame, self.engine.state(row) | replica.state())

    def _report(self) -> None:
        """Say how far the run is, and how it looks."""
        slowest = min(replica.step for replica in self.active)
        parts = [f"{self._temperatures().mean():.0f} K"]
        if (drifts := self._drifts()) is not None:
            parts.append(f"energy {1e3 * drifts[np.abs(drifts).argmax()]:+.2g} meV/atom")
        if len(self.replicas) > 1:
            parts.append(f"{len(self.active)} of {len(self.replicas)} replicas")
        parts += [f"{self.clock.rate():.0f} steps/s", f"{self.clock.left(self.settings.steps - slowest)} left"]
        self.progress.step(self.task, slowest, self.settings.steps, ", ".join(parts))

    def _name(self, replica: Replica) -> str:
        return self.record.trajectories[replica.k].path.name

    def _outcome(self, replica: Replica) -> Outcome:
        return Outcome(
            out=self.record.trajectories[replica.k].path,
            time=self._time(replica),
            tally=replica.tally,
            stopped=replica.stopped,
            watched=tuple(guard.name for guard in self.watch.guards),
            off=self.watch.off,
            left=(self.record.left[replica.k].path, self.record.n_left(replica.k)),
            steps_per_second=self.clock.rate(),
        )
