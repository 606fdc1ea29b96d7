"""A model that trains at once: it knows the true energy, and is wrong by a factor that falls with the training set."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor

from supple.data.dataset import Dataset
from supple.errors import ResourceError
from supple.models.cost_estimate import CostEstimate
from supple.models.potential import Potential
from supple.models.settings import FitContext, FitResult, ModelSettings

GLYCINE = [7, 6, 6, 8, 8, 1, 1, 1, 1, 1]


def true_energy(positions: Tensor) -> Tensor:
    """Springs between all pairs, in eV."""
    i, j = np.triu_indices(positions.shape[1], 1)
    r = (positions[:, i] - positions[:, j]).norm(dim=-1)
    return ((r - 1.5) ** 2).sum(-1)


def true_forces(positions: Tensor) -> Tensor:
    r = positions.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(true_energy(r).sum(), r)
    return -gradient


def make_data(n_frames: int = 60, seed: int = 0, name: str = "Glycine.xyz", units: str = "eV") -> Dataset:
    from supple.data.units import Units

    generator = np.random.default_rng(seed)
    positions = generator.normal(size=(n_frames, len(GLYCINE), 3)) * 1.5
    r = torch.as_tensor(positions)
    u = Units.parse(units)
    return Dataset.of(
        GLYCINE,
        positions / u.length_in_angstrom,
        true_energy(r).numpy() / u.energy_in_ev,
        true_forces(r).numpy() / u.forces_in_ev_per_angstrom,
        units=u,
        name=name,
    )


class FakePotential(Potential):
    kind = "fake"

    def __init__(self, numbers: np.ndarray, error: float) -> None:
        super().__init__(numbers)
        self.module.register_buffer("error", torch.tensor(error, dtype=torch.float64))

    def energy_and_forces(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        return true_energy(positions) * (1 + self.module.error), true_forces(positions) * (1 + self.module.error)

    def configuration(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_configuration(cls, numbers: np.ndarray, configuration: dict[str, Any], arrays: dict[str, Tensor]) -> Self:
        return cls(numbers, 0.0)


class Fake(ModelSettings):
    kind = "fake"
    display_name = "fake"
    potential_class = FakePotential

    error: float = 0.1
    #: Trainings with this many frames fail, die, or are interrupted, for as long as the file `cure` does not exist.
    trouble_at: int = 0
    trouble: Literal["user", "bug", "death", "kill", "interrupt"] = "user"
    cure: str = "nowhere"
    #: How long a training takes.
    seconds: float = 0.0
    #: A file that gets a line for every training that really happens.
    diary: str = ""

    def estimate_cost(self, train: Dataset, valid: Dataset) -> CostEstimate:
        return CostEstimate(self.seconds + len(train) / 1000, 10**8)

    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> FitResult:
        if self.diary:
            with Path(self.diary).open("a") as file:
                file.write(json.dumps([context.seed, len(train), os.getpid(), train.frame_hashes]) + "\n")
        context.progress.note("a note from the training")
        context.progress.step("epochs", 1, 2, "half-way")
        time.sleep(self.seconds)
        if len(train) == self.trouble_at and not Path(self.cure).exists():
            if self.trouble == "user":
                raise ResourceError("There is no memory | for `this` training.")
            if self.trouble == "bug":
                raise RuntimeError("something broke\nin many lines")
            if self.trouble == "death":
                os._exit(9)
            if self.trouble == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise KeyboardInterrupt
        return FitResult(FakePotential(train.numbers, self.error * (1 + 0.1 * context.seed) / len(train)))
