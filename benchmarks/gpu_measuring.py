"""What the benchmarks of a GPU have in common: how they measure, on which models, and how they print."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch._dynamo

import supple
from supple import SGDML, Dataset, SchNet
from supple.data.bundled import bundled_path
from supple.models.kernel.potential import SGDMLPotential
from supple.models.neural.schnet.potential import SchNetPotential

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
