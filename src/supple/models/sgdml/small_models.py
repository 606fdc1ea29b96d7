"""SmallModels: the validation errors of models of the first training frames, by which settings are chosen.

They have few enough frames that one solution takes about a second.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int

from supple.data.dataset import Dataset
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver import solve_directly
from supple.models.metrics import Metrics
from supple.models.sgdml.shared_results import SharedResults
from supple.molecule.descriptors import Descriptor

#: Rows of the matrix of a small model and of a larger one: a solution takes a second or so.
SMALL, LARGER = 2000, 6000
#: Number of validation frames that are used.
_VALIDATION_FRAMES = 300
#: Fewest frames of a small model, if there are that many.
_FEWEST = 10


class SmallModels:
    """Models of the first of the training frames, solved directly.

    Args:
        train, valid: the frames.
        permutations, descriptor: of the models.
        common: a folder for results that trainings on more or fewer of the same frames share; None if there is none.
        device: on which they are solved; the CPU when None.
    """

    def __init__(
        self,
        train: Dataset,
        valid: Dataset,
        permutations: Int[np.ndarray, "P N"],
        descriptor: Descriptor,
        common: Path | None = None,
        device: torch.device | None = None,
    ) -> None:
        self.train, self.valid = train, valid.select(range(min(len(valid), _VALIDATION_FRAMES)))
        self.permutations, self.descriptor, self.common, self.device = permutations, descriptor, common, device
        self._results = SharedResults(Metrics, common)

    @property
    def unit(self) -> str:
        """Of the force errors."""
        return self.valid.source.units.forces

    def size(self, rows: int) -> int:
        """The number of frames of a model with about so many rows."""
        return size_of(self.train, rows)

    def problem(self, size: int, energy_weight: float | None = None) -> Problem:
        """That of the first frames."""
        return Problem(self.train.select(range(size)), self.permutations, energy_weight, self.descriptor, self.device)

    @cached_property
    def action(self) -> Int[torch.Tensor, "P D"]:
        """What the permutations do to the descriptor."""
        return self.descriptor.action(torch.as_tensor(self.permutations))

    def metrics(self, kernel: MolecularKernel, lam: float, energy_weight: float | None, size: int) -> Metrics:
        """Validation errors of the model of the first frames with these settings."""
        settings = kernel.configuration(), kernel.weights.cpu().numpy().tobytes(), lam, energy_weight
        key = (*settings, size, *self.dependencies(size), self.valid.fingerprint, str(self.valid.source.units))
        metrics = self._results.get(key)
        if metrics is None:
            problem = self.problem(size, energy_weight)
            kernel = kernel.on(problem.rhs.device)
            weights, _ = solve_directly(problem.frames, kernel.terms, lam, problem.rhs)
            metrics = problem.fitted_potential(kernel, weights).evaluate(self.valid)
            self._results.put(key, metrics)
        return metrics

    def force_rmse(self, kernel: MolecularKernel, lam: float, energy_weight: float | None, size: int) -> float:
        """That of the forces alone."""
        metrics = self.metrics(kernel, lam, energy_weight, size)
        assert metrics.forces is not None
        return metrics.forces.rmse

    def dependencies(self, size: int) -> tuple[str, ...]:
        """All that the models of the first frames depend on besides their settings, as hashes."""
        descriptor = self.descriptor(torch.tensor(self.train.positions[:1]))[0].numpy().tobytes()
        made_of = hashlib.sha256(descriptor + self.permutations.tobytes()).hexdigest()
        return self.train.select(range(size)).fingerprint, made_of


def size_of(train: Dataset, rows: int) -> int:
    """The number of training frames of a model with about so many rows."""
    return min(len(train), max(rows // max(3 * train.n_atoms - 6, 1), _FEWEST))
