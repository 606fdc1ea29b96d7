"""Steps of SchNet on a GPU beside the CPU: their time, the error they reach, and where the time goes; part of gpu.py."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch._dynamo
from gpu_measuring import CPU, MOLECULES, NETWORKS, Bench
from torch import Tensor

import supple
from supple import Dataset, SchNet
from supple.models.neural.labelled_frames import LabelledFrames
from supple.models.neural.loss import _loss
from supple.models.neural.schnet.potential import SchNetPotential
from supple.models.neural.training_state import TrainingState
from supple.runtime.threads import single_threaded_libraries


class Failures:
    """Hears what a training says, and passes on what went wrong: a compiler that fails is done without."""

    def note(self, sentence: str) -> None:
        """Printed if it is of a failure."""
        if "failed" in sentence:
            print(sentence, flush=True)

    def step(self, task: str, done: float, total: float, detail: str = "") -> None:
        """Ignored."""


class Training:
    """A network in training on 1000 frames of azobenzene, to be timed.

    Args:
        frames: to learn from.
        network: keyword arguments of `SchNet`.
        batch: frames of a step.
        device: where.
        compiled: `SchNet.compile`.
        loops: run in compiled loops, on the CPU; in operations on tensors otherwise.
    """

    def __init__(
        self,
        frames: Dataset,
        network: dict[str, Any],
        batch: int,
        device: torch.device,
        compiled: str,
        loops: bool = False,
    ) -> None:
        self.options = SchNet(**network, batch_size=batch, compile=compiled)
        torch.manual_seed(0)
        self.potential = SchNetPotential(frames.numbers, self.options.architecture(frames)).to(device)
        self.potential.network.train()
        self.potential.network.compiled = self.loops = loops
        scale, shift = float(frames.forces.std()), float(frames.energies.mean())
        self.data = LabelledFrames(
            torch.tensor(frames.positions, dtype=torch.float32, device=device),
            torch.tensor((frames.energies - shift) / scale, dtype=torch.float32, device=device),
            torch.tensor(frames.forces / scale, dtype=torch.float32, device=device),
        )
        self.trained = TrainingState(self.potential.network, self.data, self.options, 0, Failures().note)
        self.number = 0
        self.loss: float | Tensor = 0.0

    def take(self, n: int) -> None:
        """Take n steps, as the training loop does."""
        end = self.number + n
        with single_threaded_libraries() if self.loops else nullcontext():
            while self.number < end:
                ahead = min(self.trained.max_steps(self.number), end - self.number)
                self.loss = self.trained.take_steps(self.number, [1e-3] * ahead)
                self.number += ahead


def step_time(bench: Bench, training: Training, blocks: int = 7) -> tuple[float, float]:
    """Seconds of the first two steps, and the median of blocks of twenty, for each step."""
    start = bench.once(lambda: training.take(2))
    training.take(18)
    once = bench.once(lambda: training.take(20))
    blocks = 1 if bench.small else max(3, min(blocks, int(5 / once)))
    return start, statistics.median(bench.once(lambda: training.take(20)) for _ in range(blocks)) / 20


def training_speed(bench: Bench) -> None:
    """Milliseconds per step."""
    frames, _ = bench.frames("azobenzene", 40 if bench.small else 1000)
    batches = (2,) if bench.small else (10, 100)

    def rows() -> Iterator[dict[str, Any]]:
        for name, network in NETWORKS.items():
            for batch in batches:
                ways = [(CPU, "auto", threads) for threads in bench.threads]
                ways += [(bench.device, how, 0) for how in ("never", "always")]
                for device, how, threads in ways:
                    torch.set_num_threads(threads or bench.all_threads)
                    if device.type == "cuda":
                        torch.cuda.reset_peak_memory_stats()
                    training = Training(frames, network, batch, device, how, loops=threads > 0)
                    start, step = step_time(bench, training)
                    torch.set_num_threads(bench.all_threads)
                    loops = f"CPU, loops, {threads} threads"
                    yield {
                        "network": name,
                        "batch": batch,
                        "on": loops if threads else f"GPU, {'compiled' if how == 'always' else 'uncompiled'}",
                        "first two steps, s": start,
                        "ms / step": 1e3 * step,
                        "s / 1000 frames": step * 1000 / batch,
                        "loss": float(training.loss),
                        "peak GiB": torch.cuda.max_memory_allocated() / 2**30 if device.type == "cuda" else None,
                    }

    bench.table("Training of SchNet: steps, 1000 frames of azobenzene", rows())


def training_errors(bench: Bench) -> None:
    """The validation error after the same number of steps."""

    def rows() -> Iterator[dict[str, Any]]:
        for molecule in MOLECULES:
            train, valid = bench.frames(molecule, 40 if bench.small else 1000)
            for device, how in ((CPU, "auto"), (bench.device, "never"), (bench.device, "always")):
                if how == "always" and molecule != MOLECULES[0]:
                    continue  # one is enough to see whether compiling changes anything
                settings = SchNet(
                    steps=bench.steps, validate_every=max(bench.steps // 4, 1), compile=how, device=str(device)
                )
                took = bench.once(lambda: settings.fit(train, valid, examined=[], progress=Failures()).save(file))  # noqa: B023
                errors = supple.load(file).evaluate(valid, "eV")
                yield {
                    "molecule": molecule,
                    "on": str(device),
                    "compile": how,
                    "steps": bench.steps,
                    "force RMSE, eV/Å": errors.forces.rmse,
                    "energy RMSE, eV": errors.energy.rmse,
                    "s, all of it": took,
                }

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.safetensors"
        bench.table("Training of SchNet: validation errors, the same seed", rows())


def profile(bench: Bench) -> None:
    """Where a step's time goes: kernels of the GPU against what lies between them, and the same without most launches."""
    frames, _ = bench.frames("azobenzene", 40 if bench.small else 1000)
    cases = [("default", 2)] if bench.small else [("default", 10), ("large", 10), ("large", 100)]
    trainings: list[tuple[str, Training]] = []

    def rows() -> Iterator[dict[str, Any]]:
        for name, batch in cases:
            for how in ("never", "always"):
                training = Training(frames, NETWORKS[name], batch, bench.device, how)
                label = f"{name}, batch {batch}, {'compiled' if how == 'always' else 'uncompiled'}"
                start, step = step_time(bench, training)
                launches, busy, largest = _kernels(training)
                trainings.append((label, training))
                yield {
                    "step": label,
                    "first two steps, s": start,
                    "ms / step": 1e3 * step,
                    "kernels / step": launches,
                    "GPU busy, ms / step": busy,
                    "busy part": busy / (1e3 * step),
                    "most of it": largest,
                }

    bench.table("Profile: a training step on the GPU, bases refreshed every twenty", rows())
    bench.table("Profile: its parts, each alone, ms", (_parts(bench, label, training) for label, training in trainings))


def graphs(bench: Bench) -> None:
    """A step with few launches."""
    frames, _ = bench.frames("azobenzene", 40 if bench.small else 1000)
    cases = [("default", 2)] if bench.small else [("default", 10), ("default", 100), ("large", 10), ("large", 100)]
    bench.table("Graphs: a training step on the GPU, bases refreshed every twenty", _graphs(bench, frames, cases))


def _kernels(training: Training, steps: int = 20) -> tuple[float, float, str]:
    """Kernels of a step, the milliseconds that they take, and the three longest sorts; operations where there is no GPU."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    on_gpu = training.data.energies.device.type == "cuda"
    if on_gpu:
        activities = [torch.profiler.ProfilerActivity.CUDA]
    training.take(-training.number % 20)  # as many refreshments in any twenty steps
    with torch.profiler.profile(activities=activities) as found:
        training.take(steps)
        if on_gpu:
            torch.cuda.synchronize()
    sums: dict[str, tuple[int, float]] = {}
    for event in found.events():
        if event.name.startswith(("##", "Torch-Compiled")):  # a name for several
            continue
        took = event.device_time if on_gpu else event.self_cpu_time_total
        count, total = sums.get(event.name, (0, 0.0))
        sums[event.name] = count + 1, total + took
    longest = sorted(sums.items(), key=lambda item: -item[1][1])[:3]
    text = "; ".join(f"{name[:60]} {took / steps / 1e3:.2f}" for name, (_, took) in longest)
    return (
        sum(n for n, _ in sums.values()) / steps,
        sum(t for _, t in sums.values()) / steps / 1e3,
        text.replace("|", "/"),
    )


def _parts(bench: Bench, label: str, training: Training) -> dict[str, Any]:
    """The parts of a step, one after the other."""
    trained, batch = training.trained, training.options.batch_size
    rows, optimiser, weights = np.arange(batch), trained.optimiser, trained.weights
    stepping = trained.stepper
    some = training.data[torch.from_numpy(rows)]
    return {
        "step": label,
        "frames picked": 1e3 * bench.seconds(lambda: training.data[torch.from_numpy(rows)]),
        "loss and gradient": 1e3 * bench.seconds(lambda: stepping._objective(some, batch, batch)),
        "optimiser": 1e3 * bench.seconds(lambda: optimiser.step(21, 0.0)),
        "bases, every 20 steps": 1e3 * bench.seconds(lambda: optimiser.refresh(20)),
        "clipping, average": 1e3 * bench.seconds(lambda: (weights.clip(10.0), trained.averages.data.lerp_(weights.values.data, 0.0))),
    }  # fmt: skip


def _graphs(bench: Bench, frames: Dataset, cases: list[tuple[str, int]]) -> Iterator[dict[str, Any]]:
    """A step by other means: torch's own graphs, and all of it but the refreshment recorded once and replayed."""
    for label, compiler, recorded in (
        ("whole step in one graph, uncompiled", None, True),
        ("whole step in one graph, compiled", {}, True),
        ("compiled, mode reduce-overhead", {"mode": "reduce-overhead"}, False),
    ):
        for name, batch in cases:
            training = Training(frames, NETWORKS[name], batch, bench.device, "never")
            row = {
                "step": f"{name}, batch {batch}",
                "how": label,
                "compiling, s": None,
                "ms / step": None,
                "loss": None,
            }
            try:
                step = _OwnStep(training, compiler)
                row["compiling, s"] = bench.once(partial(step.take, 2))
                if recorded and bench.device.type == "cuda":
                    step.record()
                row["ms / step"] = 1e3 * bench.seconds(partial(step.take, 20)) / 20
                row["loss"] = float(step.loss)
            except Exception as error:  # an experiment: that it fails is a result
                row["how"] += f" fails: {str(error).splitlines()[0][:150]}"
            yield row


class _OwnStep:
    """A training step from the same parts; its rate and the number of the step do not change."""

    def __init__(self, training: Training, compiler: dict[str, Any] | None) -> None:
        trained, self.options = training.trained, training.options
        self.trained, self.data, self.weights = trained, training.data, trained.weights
        loss = _loss(trained.network, self.options)
        self._loss = loss if compiler is None else torch.compile(loss, dynamic=False, **compiler)
        device = training.data.energies.device
        self.rows = torch.arange(self.options.batch_size, device=device)
        self.known = torch.tensor(self.options.batch_size, device=device)
        training.take(20)
        self.graph: torch.cuda.CUDAGraph | None = None
        self.loss: Tensor = torch.zeros(())

    def take(self, n: int) -> None:
        """Refresh the bases, and take n steps."""
        self.trained.optimiser.refresh(20)
        for _ in range(n):
            if self.graph is not None:
                self.graph.replay()
            else:
                self._step()

    def record(self) -> None:
        """From now on, replay."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self._step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step()
        self.graph = graph

    def _step(self) -> None:
        frames, batch = self.data[self.rows], self.options.batch_size
        self.weights.gradient.zero_()
        loss = self._loss(frames.positions, frames.energies, frames.forces, self.known, batch)
        loss.backward()
        self.loss = loss.detach()
        self.weights.clip(self.options.clip)
        self.trained.optimiser.step(21, 1e-3)
        with torch.no_grad():
            self.trained.averages.lerp_(self.weights.values, 1 - self.options.ema_decay)
