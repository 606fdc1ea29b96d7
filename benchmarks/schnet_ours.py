"""Supple's part of the comparison of schnet.py, which runs it. Arguments and output are schnetpack_peer.py's."""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import time

STARTED = time.perf_counter()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from timing import through_ase, timed  # noqa: E402

from supple import SchNet  # noqa: E402
from supple.data.dataset import Dataset  # noqa: E402
from supple.models.neural.schnet.potential import SchNetPotential  # noqa: E402

BATCH = 10


class ReachedError(Exception):
    """The validation error has fallen to the target."""


class Clock:
    """Notes the time of every 20th step, and the validation error."""

    def __init__(self, target: float | None) -> None:
        self.times: list[tuple[int, float]] = []
        self.target, self.last, self.reached = target, None, None

    def note(self, sentence: str) -> None:
        """Nothing is printed."""

    def step(self, task: str, done: int, total: int, detail: str = "") -> None:
        """Called by the training loop."""
        if task != "Training":
            return
        self.times.append((done, time.perf_counter()))
        if detail:
            self.last = float(detail.split("forces ")[1].split(maxsplit=1)[0])
            if self.target and self.last < self.target:
                self.reached = self.times[-1][1] - self.times[0][1]
                raise ReachedError


def train(data, architecture, epochs, target, minutes, optimiser):
    """Seconds per epoch, and until the validation error has fallen to the target."""
    frames, valid = (Dataset.of(data["z"], data["R" + s], data["E" + s], data["F" + s]) for s in ("", "_valid"))
    clock = Clock(target)
    steps = {} if target else {"steps": 100 * epochs, "validate_every": 10**6}
    settings = SchNet(**architecture, batch_size=BATCH, optimiser=optimiser, max_time=minutes, **steps)
    with contextlib.suppress(ReachedError):
        settings.fit(frames, valid, examined=[], progress=clock)
    at = dict(clock.times)
    epoch = [at[k] - at[k - 100] for k in at if k % 100 == 0 and k - 100 in at]
    return {
        "epoch_s": statistics.median(epoch),
        "start_s": clock.times[0][1] - STARTED,
        "reached_s": clock.reached,
        "last": clock.last,
    }


def predict(data, architecture):
    """Seconds for one geometry (network alone, and through ASE), for each of a batch of 100, and steps per second."""
    potential = SchNetPotential(data["z"], architecture | {"cutoff": 5.0, "knots": 16 * architecture["gaussians"]})
    one, many = (torch.tensor(data["R"][:n]) for n in (1, 100))
    one_ase, steps = through_ase(data["z"], data["R"][0], potential.calculator())
    return {
        "one_ms": 1e3 * timed(lambda: potential.energy_and_forces(one)),
        "one_ase_ms": 1e3 * one_ase,
        "batch_ms": 10 * timed(lambda: potential.energy_and_forces(many)),
        "steps_per_s": steps,
    }


def main() -> None:
    task, file, architecture, *more = sys.argv[1:]
    data, architecture = np.load(file), json.loads(architecture)
    if task == "train":
        *numbers, optimiser = more
        result = train(data, architecture, *(json.loads(number) for number in numbers), optimiser)
    else:
        result = predict(data, architecture)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
