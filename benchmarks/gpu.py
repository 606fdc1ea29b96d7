"""A GPU beside the CPU of the same machine: whether both give the same energies and forces, and how fast each is.

    python benchmarks/gpu.py --json gpu.json --models /tmp/models

Sections, each of which can be asked for alone with `--sections`:

    correctness  energies and forces of trained models on both, and forces against differences of energies
    prediction   geometries per second in batches of 1 to 10,000
    training     milliseconds per step of SchNet, compiling apart, and the validation error that both reach
    profile      where the GPU's time goes in a step of SchNet
    graphs       what it would gain if its kernels were launched together, as CUDA graphs
    solving      sGDML is trained on the CPU; what its pieces take there and would take on the GPU

Figures are medians after a warm-up, each with the GPU idle at its end. `--models` names a folder in which trained models are
kept for the next time. `--device cpu --small` goes through all of the script in a minute where there is no GPU.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch._dynamo
from torch import Tensor

import supple
from supple import SGDML, Dataset, SchNet
from supple.data.bundled import bundled_path
from supple.models.kernel.cholesky import Triangle
from supple.models.kernel.operator import KernelOperator
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.preconditioner import n_columns
from supple.models.kernel.problem import Problem
from supple.models.kernel.system import assemble, columns
from supple.models.neural.loss import Labelled, _loss
from supple.models.neural.potential import SchNetPotential
from supple.models.neural.schedule import Plan
from supple.models.neural.training_state import Trained
from supple.molecule.descriptors.registry import make_descriptor
from supple.molecule.symmetry.permutations import find_permutations
from supple.runtime.machine import cores, versions
from supple.runtime.threads import no_threads_below

MOLECULES = ("azobenzene", "glycine")
SIGMA = {"azobenzene": 20.0, "glycine": 10.0}
LAMBDA = 1e-10
NETWORKS = {"default": {}, "large": {"features": 128, "interactions": 6, "gaussians": 50}}
CPU = torch.device("cpu")
#: Geometries that the GPU is given together, where it need not copy them.
AT_ONCE = 1000


class Bench:
    """What is measured on, and the figures so far.

    Args:
        device: beside which the CPU is measured.
        small: whether everything is to be as small as can be.
        models: a folder for trained models.
        steps: of the trainings that are compared.
        threads: of the CPU in training.
    """

    def __init__(self, device: torch.device, small: bool, models: Path, steps: int, threads: list[int]) -> None:
        self.device, self.small, self.models, self.steps, self.threads = device, small, models, steps, threads
        self.figures: dict[str, list[dict[str, Any]]] = {}
        self.all_threads = torch.get_num_threads()

    def table(self, name: str, rows: Iterator[dict[str, Any]]) -> None:
        """Print rows as they come, and keep them."""
        print(f"\n{name}\n", flush=True)
        kept = self.figures.setdefault(name, [])
        for row in rows:
            if not kept:
                print("| " + " | ".join(row) + " |\n|" + "---|" * len(row))
            kept.append(row)
            print("| " + " | ".join(map(_cell, row.values())) + " |", flush=True)

    def done(self) -> None:
        """Wait for the GPU."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self, function: Callable[[], object], least: int = 5, for_seconds: float = 0.5) -> float:
        """Median seconds of a call and all that it starts, after two that do not count."""
        for _ in range(min(2, least)):
            function()
            self.done()
        times: list[float] = []
        while len(times) < least or sum(times) < for_seconds:
            times.append(self.once(function))
        return statistics.median(times)

    def once(self, function: Callable[[], object]) -> float:
        """Seconds of one call and all that it starts."""
        self.done()
        started = time.perf_counter()
        function()
        self.done()
        return time.perf_counter() - started

    def frames(self, molecule: str, n_train: int) -> tuple[Dataset, Dataset]:
        """Training and validation frames of a bundled set."""
        train, valid, _ = supple.read(bundled_path(molecule)).split(n_train, 50 if self.small else 300, 0)
        return train, valid

    def sgdml(self, molecule: str, n_train: int) -> SGDMLPotential:
        """A kernel model on the CPU, with a fixed length scale."""
        settings = SGDML(sigma=SIGMA[molecule], lam=LAMBDA, energies="integrated")
        return self._kept(f"sgdml-{molecule}-{n_train}", settings, molecule, n_train)

    def schnet(self, molecule: str, n_train: int, steps: int) -> SchNetPotential:
        """A neural model on the CPU, trained there."""
        settings = SchNet(steps=steps, validate_every=steps // 2, device="cpu")
        return self._kept(f"schnet-{molecule}-{n_train}-{steps}", settings, molecule, n_train)

    def _kept(self, name: str, settings: SGDML | SchNet, molecule: str, n_train: int) -> Any:
        file = self.models / f"{name}.safetensors"
        if not file.exists():
            train, valid = self.frames(molecule, n_train)
            settings.fit(train, valid, examined=[]).save(file)
        return supple.load(file)


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


# Correctness


def correctness(bench: Bench) -> None:
    """Differences of energies (eV) and forces (eV/Å) between CPU, GPU and, for SchNet, the same network in double precision."""
    n_train, n = (40, 10) if bench.small else (200, 200)

    def rows() -> Iterator[dict[str, Any]]:
        for molecule in MOLECULES:
            for kind in ("sgdml", "schnet"):
                if kind == "sgdml":
                    potential = bench.sgdml(molecule, n_train)
                    exact = None
                else:
                    potential = bench.schnet(molecule, n_train, 40 if bench.small else 1000)
                    exact = _in_double(potential, CPU)
                positions = bench.frames(molecule, n_train)[1].positions[:n]
                e, f = potential.predict(positions)
                there = copy.deepcopy(potential).to(bench.device)
                e_there, f_there = there.predict(positions)
                differences = {
                    "model": f"{kind}, {molecule}",
                    "largest force": float(np.abs(f).max()),
                    "E, CPU - GPU": float(np.abs(e - e_there).max()),
                    "F, CPU - GPU": float(np.abs(f - f_there).max()),
                    "F, CPU - double": None,
                    "F, GPU - double": None,
                    "F + dE/dR on the GPU": _against_differences(there, positions, bench.device),
                }
                if exact is not None:
                    _, in_double = exact(torch.tensor(positions))
                    differences["F, CPU - double"] = float(np.abs(f - in_double.numpy()).max())
                    differences["F, GPU - double"] = float(np.abs(f_there - in_double.numpy()).max())
                yield differences

    bench.table("Correctness: largest differences, eV and eV/Å", rows())


def _in_double(potential: SchNetPotential, device: torch.device) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """The formulas of a network in double precision."""
    network = copy.deepcopy(potential.network).double().to(device)
    scale, shift = potential.scale.to(device), potential.shift.to(device)

    @torch.no_grad()
    def energy_and_forces(positions: Tensor) -> tuple[Tensor, Tensor]:
        energies, forces = network.formulas(positions - positions.mean(dim=1, keepdim=True))
        return energies * scale + shift, forces * scale

    return energy_and_forces


def _against_differences(potential: Any, positions: np.ndarray, device: torch.device) -> float:
    """The largest |F + dE/dR| of one geometry, dE/dR by central differences in double precision on the device."""
    function = _in_double(potential, device) if potential.kind == "schnet" else potential.energy_and_forces
    place, h = torch.tensor(positions[:1], device=device), 1e-4
    directions = torch.eye(place[0].numel(), dtype=torch.float64, device=device).view(-1, *place[0].shape)
    plus, minus = (function(place + sign * h * directions)[0] for sign in (1, -1))
    slopes = ((plus - minus) / (2 * h)).view(place[0].shape)
    return float((function(place)[1][0] + slopes).abs().max())


# Prediction


def prediction(bench: Bench) -> None:
    """Geometries per second, of azobenzene."""
    sizes = (1, 4) if bench.small else (1, 10, 100, 1000, 10_000)
    kernels = (20,) if bench.small else (200, 1000)
    train, _ = bench.frames("azobenzene", 40 if bench.small else 1000)
    models: dict[str, Any] = {f"sgdml, {n} frames": bench.sgdml("azobenzene", n) for n in kernels}
    for name, network in NETWORKS.items():
        torch.manual_seed(0)
        models[f"schnet, {name}"] = SchNetPotential(train.numbers, SchNet(**network).architecture(train)).eval()
    random = np.random.default_rng(0)

    def rows() -> Iterator[dict[str, Any]]:
        for name, here in models.items():
            there = copy.deepcopy(here).to(bench.device)
            for n in sizes:
                chosen = random.integers(len(train), size=n)
                positions = train.positions[chosen] + random.normal(0, 0.01, (n, train.n_atoms, 3))
                parts = torch.tensor(positions, device=bench.device).split(AT_ONCE)
                at_once = partial(_all, there, parts)
                yield {
                    "model": name,
                    "geometries": n,
                    "CPU /s": _rate(bench, n, partial(here.predict, positions)),
                    "GPU /s": _rate(bench, n, partial(there.predict, positions)),
                    "GPU, no copies, 1000 at once /s": _rate(bench, n, at_once),
                }

    bench.table(f"Prediction: geometries per second, azobenzene; CPU with {bench.all_threads} threads", rows())


def _all(potential: Any, parts: tuple[Tensor, ...]) -> None:
    for part in parts:
        potential.energy_and_forces(part)


def _rate(bench: Bench, n: int, function: Callable[[], object]) -> float | None:
    try:
        return n / bench.seconds(function, least=3)
    except torch.OutOfMemoryError:
        return None


# Training of SchNet


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
        settings = SchNet(**network, batch_size=batch, compile=compiled)
        self.plan = Plan(**settings.model_dump(include=set(Plan.__dataclass_fields__)))
        torch.manual_seed(0)
        self.potential = SchNetPotential(frames.numbers, settings.architecture(frames)).to(device)
        self.potential.network.compiled = self.loops = loops
        scale, shift = float(frames.forces.std()), float(frames.energies.mean())
        self.data = Labelled(
            torch.tensor(frames.positions, dtype=torch.float32, device=device),
            torch.tensor((frames.energies - shift) / scale, dtype=torch.float32, device=device),
            torch.tensor(frames.forces / scale, dtype=torch.float32, device=device),
        )
        self.trained = Trained(self.potential.network, self.data, self.plan, 0, Failures().note)
        self.number = 0
        self.loss: float | Tensor = 0.0

    def take(self, n: int) -> None:
        """Take n steps, as the training loop does."""
        end = self.number + n
        with no_threads_below() if self.loops else nullcontext():
            while self.number < end:
                ahead = min(self.trained.at_once(self.number), end - self.number)
                self.loss = self.trained.take(self.number, [1e-3] * ahead)
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


# Profile


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
    trained, batch = training.trained, training.plan.batch_size
    rows, optimiser, weights = np.arange(batch), trained.optimiser, trained.weights
    stepping = trained._stepping
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
        trained, self.plan = training.trained, training.plan
        self.trained, self.data, self.weights = trained, training.data, trained.weights
        loss = _loss(trained.network, self.plan)
        self._loss = loss if compiler is None else torch.compile(loss, dynamic=False, **compiler)
        device = training.data.energies.device
        self.rows = torch.arange(self.plan.batch_size, device=device)
        self.known = torch.tensor(self.plan.batch_size, device=device)
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
        frames, batch = self.data[self.rows], self.plan.batch_size
        self.weights.gradient.zero_()
        loss = self._loss(frames.positions, frames.energies, frames.forces, self.known, batch)
        loss.backward()
        self.loss = loss.detach()
        self.weights.clip(self.plan.clip)
        self.trained.optimiser.step(21, 1e-3)
        with torch.no_grad():
            self.trained.averages.lerp_(self.weights.values, 1 - self.plan.ema_decay)


# Solving the linear system of sGDML


def solving(bench: Bench) -> None:
    """Pieces of the training of sGDML, in double precision."""
    cases = [("glycine", 20)] if bench.small else [("azobenzene", 200), ("glycine", 1000)]
    bench.table("sGDML, direct: seconds", (_direct(bench, *case) for case in cases))
    case = ("azobenzene", 20) if bench.small else ("azobenzene", 1000)
    bench.table("sGDML, by iteration: seconds", iter([_iterative(bench, *case)]))
    print(
        "\nsGDML is trained on the CPU alone today; columns of the GPU are the same code with its arrays moved there."
    )


def _problem(bench: Bench, molecule: str, n: int) -> Problem:
    train, _ = bench.frames(molecule, n)
    permutations = find_permutations(train.numbers, train.positions)
    descriptor = make_descriptor("dihedrals", train.numbers, train.positions, permutations)
    return Problem(train, permutations, None, descriptor)


def _moved(frames: Any, device: torch.device) -> Any:
    """The training frames with all arrays on a device."""
    there = copy.copy(frames)
    for name, value in vars(frames).items():
        if isinstance(value, Tensor):
            setattr(there, name, value.to(device))
        elif isinstance(value, torch.nn.Module):
            setattr(there, name, copy.deepcopy(value).to(device))
    return there


def _direct(bench: Bench, molecule: str, n: int) -> dict[str, Any]:
    problem, sigma = _problem(bench, molecule, n), SIGMA[molecule]
    frames = problem.frames
    triangles: list[Triangle] = []
    assembling = bench.once(lambda: triangles.append(assemble(frames, sigma, lambda done, total: None)))
    triangle = triangles[0]
    square = triangle.dense()
    square.diagonal().add_(LAMBDA)
    moving = bench.once(lambda: [strip.to(bench.device) for strip in triangle.strips])
    there = _moved(frames, bench.device)
    other = copy.copy(triangle)
    other.strips = [torch.zeros_like(strip, device=bench.device) for strip in triangle.strips]

    def assemble_there() -> None:
        for j in range(len(there)):
            other.set_column(j, j, columns(there, sigma, {j: slice(None)}, slice(j, len(there))))

    columns(there, sigma, {0: slice(None)}, slice(0, len(there)))  # a warm-up, also of what follows
    torch.linalg.cholesky(torch.eye(100, dtype=torch.float64, device=bench.device))
    assembling_there = bench.once(assemble_there)
    apart = max(float((a - b.cpu()).tril().abs().max()) for a, b in zip(triangle.strips, other.strips, strict=True))

    def quiet(done: float, total: float) -> None:
        """Nothing is printed."""

    row = {
        "system": f"{molecule}, {n} frames",
        "rows": len(square),
        "assembly, CPU": assembling,
        "assembly, GPU": assembling_there,
        "strips, CPU": bench.once(lambda: triangle.factorise(LAMBDA, quiet)),
        "strips, GPU": bench.once(lambda: other.factorise(LAMBDA, quiet)),
        "dense, CPU": bench.once(lambda: torch.linalg.cholesky(square)),
    }
    on_device = square.to(bench.device)
    row["dense, GPU"] = bench.seconds(lambda: torch.linalg.cholesky(on_device), least=3)
    row["to the GPU"] = moving
    right = problem.right
    weights, weights_there = triangle.solve(right), other.solve(right.to(bench.device)).cpu()
    test = bench.frames(molecule, n)[1].positions[:100]
    _, forces = problem.potential(sigma, weights).predict(test)
    _, forces_there = problem.potential(sigma, weights_there).predict(test)
    row["matrix, largest difference"] = apart
    row["forces, largest difference, eV/Å"] = float(np.abs(forces - forces_there).max())
    return row


def _iterative(bench: Bench, molecule: str, n: int) -> dict[str, Any]:
    problem, sigma = _problem(bench, molecule, n), SIGMA[molecule]
    here, there = problem.frames, _moved(problem.frames, bench.device)
    operators: dict[str, KernelOperator] = {}
    size = n_columns(len(problem.right))
    row: dict[str, Any] = {"system": f"{molecule}, {n} frames", "rows": len(problem.right), "columns": size}
    for name, frames in (("CPU", here), ("GPU", there)):
        device = frames.x.device
        vector = problem.right.to(device)
        row[f"operator made, {name}"] = bench.once(
            lambda: operators.update({name: KernelOperator(frames, sigma)})  # noqa: B023
        )
        row[f"operator applied, {name}"] = bench.seconds(lambda: operators[name](vector), least=3)  # noqa: B023
        block = torch.randn(len(vector), size, dtype=torch.float64, device=device)
        row[f"2 n k numbers read, {name}"] = bench.seconds(lambda: block @ (block.T @ vector), least=3)  # noqa: B023
        row[f"product of n k², {name}"] = bench.once(lambda: block.T @ block)  # noqa: B023
        del block
    applied = (operators["CPU"](problem.right), operators["GPU"](problem.right.to(bench.device)).cpu())
    row["applied, relative difference"] = float((applied[0] - applied[1]).norm() / applied[0].norm())
    return row


SECTIONS: dict[str, list[Callable[[Bench], None]]] = {
    "correctness": [correctness],
    "prediction": [prediction],
    "training": [training_speed, training_errors],
    "profile": [profile],
    "graphs": [graphs],
    "solving": [solving],
}


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sections", default=",".join(SECTIONS), help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--device", default="cuda", help="what is measured beside the CPU")
    parser.add_argument("--small", action="store_true", help="as small as can be, to see whether the script runs")
    parser.add_argument("--steps", type=int, default=2000, help="of the trainings whose errors are compared")
    parser.add_argument("--threads", default=f"1,{cores()}", help="of the CPU in training: 1,8,16")
    parser.add_argument("--models", type=Path, help="a folder for trained models")
    parser.add_argument("--commit", help="what to call the code, where it is no checkout")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    asked = parser.parse_args()
    sections = asked.sections.split(",")
    if unknown := set(sections) - set(SECTIONS):
        parser.error(f"There is no section {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}.")
    device = torch.device(asked.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit("There is no CUDA device here: this script measures one beside the CPU.")
    about = versions() | {
        "commit": asked.commit or _commit(),
        "GPU": torch.cuda.get_device_name(device) if device.type == "cuda" else "none",
        "cores": cores(),
        "CUDA": torch.version.cuda,
    }
    print("\n".join(f"{name}: {value}" for name, value in about.items()))
    torch._dynamo.config.recompile_limit = 64  # of one function, for one shape after the other
    with tempfile.TemporaryDirectory() as folder:
        models = asked.models or Path(folder)
        models.mkdir(parents=True, exist_ok=True)
        bench = Bench(device, asked.small, models, asked.steps, [int(n) for n in asked.threads.split(",")])
        for section in sections:
            started = time.perf_counter()
            for part in SECTIONS[section]:
                part(bench)
                if asked.json:  # after each, so that an interrupted run loses little
                    asked.json.write_text(json.dumps({"about": about, "figures": bench.figures}, indent=1))
            print(f"\n{section}: {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
