"""Learning the metric of a kernel: the weights of the descriptor's entries for which forces that are held out are predicted best.

The hold-out error (hold_out.py) of the first training frames is minimised by L-BFGS in three stages, each of which starts where the last
one ended: one weight for everything; one for each kind of entry (bonds, 1-3 distances, ..., angles, dihedrals) in each family of
terms; one for each orbit of entries; and of a large molecule the same once more with more frames. Few frames do not determine so many weights, so those of a kind are drawn towards their mean: the
logarithm of the error is increased by τ Σ (log w - mean log w)², with τ inversely proportional to the number of frames. Where there are
very few, what is used in the end is the stage whose model has the lowest validation error.

The weights serve larger training sets as well: λ, relative to the diagonal of the matrix, and all lengths stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import networkx as nx
import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from supple.data.dataset import Dataset
from supple.models.kernel.cholesky import NotPositiveDefiniteError
from supple.models.kernel.matern import Matern
from supple.models.kernel.system import KernelFrames
from supple.models.sgdml.chosen_settings import ChosenSettings
from supple.models.sgdml.hold_out import HoldOut
from supple.models.sgdml.metric_contributions import contribution_sentence, contributions
from supple.models.sgdml.metric_parameters import MetricParameters
from supple.models.sgdml.shared_results import SharedResults
from supple.models.sgdml.small_models import SmallModels, size_of
from supple.runtime.progress import Progress

#: Rows of the matrices of all folds together: each solution takes a fraction of a second.
LEARNING_ROWS = 4000
#: Where these are fewer frames than this, a few more steps are made with so many, if the rows are not more than these.
_REFINING_FRAMES, REFINING_ROWS = 160, 10600
#: Into how many parts the frames are divided: the fewer frames, the more of them a model needs.
_FOLDS, _FOLDS_OF_FEW, _FEW = 2, 4, 60
#: With so many frames a lower hold-out error has always been a lower error; with fewer, models of the stages are compared.
_CERTAIN = 100
#: Fewest frames of which some can be held out.
_FEWEST = 4
#: τ times the number of frames.
_PRIOR = 0.5
#: Smallest λ, relative to the diagonal: a smaller one makes the solution sensitive to rounding, and changes no error.
_SMALLEST_LAMBDA = 1e-11
#: Where the search starts: λ, and length scales of the whole descriptor in 1/Å, the best of which is taken.
_LAMBDA, _LENGTHS = 1e-7, (10.0, 30.0, 100.0)
#: Weights of entries in an environment relative to those in the whole molecule, and the logarithm of the share of each family,
#: relative to that of the smallest environments: these determine most of the forces.
_SHORTER, _SHARES, _SHARE_OF_MOLECULE = 0.5, -4.0, -8.0
#: Most iterations of each stage, and the relative improvement at which it ends.
_ITERATIONS, _TOLERANCE = {"scale": 12, "kinds": 15, "orbits": 30, "refined": 10}, 1e-4
#: About how many evaluations all stages take, and those with more frames.
N_EVALUATIONS, N_REFINING = 60, 11

Vector = Float[np.ndarray, "n"]


class _Stage(NamedTuple):
    """What a stage found: its parameters, and the relative hold-out error of the forces."""

    name: str
    parameters: MetricParameters
    vector: Vector
    error: float


@dataclass(frozen=True, eq=False)
class MetricLearner:
    """Learns a metric.

    Attributes:
        models: of the first training frames.
        graph: bonds.
        function: of the kernel.
        radii: of the families of terms, in bonds; None for the whole molecule.
        progress: receives reports of progress.
    """

    models: SmallModels
    graph: nx.Graph
    function: Matern
    radii: tuple[int | None, ...]
    progress: Progress

    def choose(self, lam: float | None) -> ChosenSettings:
        """The kernel and λ; a given λ is kept."""
        size, more = learning_size(self.models.train), refining_size(self.models.train)
        shared = SharedResults(ChosenSettings, self.models.common)
        comparison = self.models.valid.fingerprint, str(self.models.valid.source.units)
        depends_on = self.models.dependencies(max(size, more))
        key = ("metric", self.function.name, self.radii, lam, size, more, *depends_on, *comparison)
        chosen = shared.get(key)
        if chosen is None:
            chosen = self._choose(size, lam)
            shared.put(key, chosen)
        self.progress.step("Learning the metric", 1, 1)
        return chosen

    def _choose(self, size: int, lam: float | None) -> ChosenSettings:
        problem = self.models.problem(size)
        if size < _FEWEST:
            return self._unlearned(problem.frames, lam)
        search = self._search(size, lam)
        parameters = MetricParameters(problem.frames, self.graph, self.function, self.radii)
        if parameters.in_parts:  # the whole would take longer than all of them
            scale = search.scale(parameters)
            start = scale.vector
        else:
            scale = search.scale(MetricParameters(problem.frames, self.graph, self.function))
            start = _start(parameters, scale.vector[0], scale.vector[1])
        kinds = search.kinds(parameters, start)
        stages = [scale, kinds, search.orbits(parameters, kinds.vector)]
        more = refining_size(self.models.train)
        if more > size:
            stages.append(self._search(more, lam).refined(parameters, stages[-1].vector, more))
        kernels = [stage.parameters.kernel(stage.vector) for stage in stages]
        lams = [math.exp(stage.vector[0]) for stage in stages]
        texts = ", ".join(f"{stage.name} {100 * stage.error:.2g} %" for stage in stages)
        best, compared = len(stages) - 1, ""
        if size < _CERTAIN:
            errors = [
                self.models.force_rmse(kernel, each, None, size) for kernel, each in zip(kernels, lams, strict=True)
            ]
            best = int(np.argmin(errors))
            of_models = ", ".join(f"{error:.3g}" for error in errors)
            compared = f", by the validation RMSE of models of these frames ({of_models} {self.models.unit})"
        found = contributions(stages[best].parameters, kernels[best], problem.frames.x.cpu(), self.models.train.numbers)
        notes = [
            f"Metric learned on {size} frames by the error of forces that were held out, relative to the forces: {texts}; "
            f"used{compared}: {stages[best].name}.",
            contribution_sentence(found),
        ]
        if parameters.in_parts:
            notes.append(
                "The whole molecule is compared in parts, with one of the groups that rotate (such as methyl groups) in each: together they "
                "have too many permutations."
            )
        return ChosenSettings.of(kernels[best], lams[best], *notes).model_copy(update={"contributions": found})

    def _unlearned(self, frames: KernelFrames, lam: float | None) -> ChosenSettings:
        """One weight for everything, where there are too few frames to hold some out."""
        parameters, size = MetricParameters(frames, self.graph, self.function), len(frames)
        lam = _LAMBDA if lam is None else lam
        kernels = [parameters.kernel(_start(parameters, math.log(lam), -math.log(length))) for length in _LENGTHS]
        best = min(kernels, key=lambda kernel: self.models.force_rmse(kernel, lam, None, size))
        return ChosenSettings.of(best, lam, f"Too few frames to learn a metric ({size}, of {_FEWEST} at least).")

    def _search(self, size: int, lam: float | None) -> _Search:
        """The search with so many frames."""
        problem = self.models.problem(size)
        hold_out = HoldOut(problem.frames, problem.rhs, _n_folds(size))
        return _Search(hold_out, _PRIOR / size, None if lam is None else math.log(lam), self.progress)


class _Search:
    """Minimises the hold-out error, with the prior, over some directions of the parameters.

    Args:
        hold_out: the error.
        prior: τ.
        log_lam: log λ, if it is given.
        progress: receives reports of progress.
    """

    def __init__(self, hold_out: HoldOut, prior: float, log_lam: float | None, progress: Progress) -> None:
        self.hold_out, self.prior, self.log_lam, self.progress = hold_out, prior, log_lam, progress
        self.n_done = 0

    def scale(self, parameters: MetricParameters) -> _Stage:
        """One weight for everything."""
        first = math.log(_LAMBDA) if self.log_lam is None else self.log_lam
        starts = [_start(parameters, first, -math.log(length)) for length in _LENGTHS]
        start = min(starts, key=lambda vector: self._error(parameters, vector)[0])
        directions = np.zeros((len(start), 2))
        directions[0, 0], directions[1 : 1 + parameters.n_families * parameters.n_orbits, 1] = 1, 1
        return self._minimise("one weight for all", "scale", parameters, start, directions)

    def kinds(self, parameters: MetricParameters, start: Vector) -> _Stage:
        """A weight for each kind in each family, and the shares of the families."""
        kinds, n_families = parameters.orbit_kinds, parameters.n_families
        _, column = np.unique(kinds, return_inverse=True)
        n_kinds = int(column.max()) + 1
        directions = np.zeros((len(start), n_families * (n_kinds + 1)))
        directions[0, 0] = 1
        for k in range(n_families):
            directions[1 + k * len(kinds) + np.arange(len(kinds)), 1 + k * n_kinds + column] = 1
        for k in range(n_families - 1):
            directions[-1 - k, -1 - k] = 1
        return self._minimise("one for each kind of entry", "kinds", parameters, start, directions)

    def orbits(self, parameters: MetricParameters, start: Vector) -> _Stage:
        """A weight for each orbit in each family."""
        return self._minimise("one for each entry", "orbits", parameters, start, np.eye(len(start)))

    def refined(self, parameters: MetricParameters, start: Vector, size: int) -> _Stage:
        """The same, with more frames."""
        return self._minimise(f"the same on {size} frames", "refined", parameters, start, np.eye(len(start)))

    def _minimise(
        self, name: str, stage: str, parameters: MetricParameters, start: Vector, directions: Float[np.ndarray, "n k"]
    ) -> _Stage:
        if self.log_lam is not None:
            directions = directions[:, 1:]
        best = (math.inf, start)

        def value(steps: Vector) -> tuple[float, Vector]:
            nonlocal best
            vector = start + directions @ steps
            error, gradient = self._error(parameters, vector)
            if error < best[0]:
                best = error, vector
            return error, directions.T @ gradient

        options = {"maxiter": _ITERATIONS[stage], "maxcor": 15, "ftol": _TOLERANCE, "gtol": 1e-4}
        minimize(value, np.zeros(directions.shape[1]), jac=True, method="L-BFGS-B", options=options)
        vector = best[1].copy()
        if self.log_lam is None:
            vector[0] = max(vector[0], math.log(_SMALLEST_LAMBDA))
        return _Stage(name, parameters, vector, math.exp(best[0] - self._penalty(parameters, best[1])[0]))

    def _error(self, parameters: MetricParameters, vector: Vector) -> tuple[float, Vector]:
        """The logarithm of the relative hold-out error of the forces with the prior, and its gradient."""
        self.n_done += 1
        try:
            square, gradient = self.hold_out(parameters, vector)
        except NotPositiveDefiniteError:
            return 10.0, np.zeros_like(vector)
        self.progress.step(
            "Learning the metric",
            self.n_done,
            max(N_EVALUATIONS, self.n_done + 5),
            f"hold-out error {100 * math.sqrt(square):.3g} %",
        )
        penalty, slope = self._penalty(parameters, vector)
        return math.log(square) / 2 + penalty, gradient / (2 * square) + slope

    def _penalty(self, parameters: MetricParameters, vector: Vector) -> tuple[float, Vector]:
        """The prior, and its gradient."""
        kinds = parameters.orbit_kinds
        counts = np.maximum(np.bincount(kinds), 1)
        weights = parameters.log_weights(vector)
        gradient = np.zeros_like(vector)
        means = np.stack([np.bincount(kinds, row) / counts for row in weights])
        off = weights - means[:, kinds]
        gradient[1 : 1 + weights.size] = 2 * self.prior * off.ravel()
        return self.prior * float((off**2).sum()), gradient


def learning_size(train: Dataset) -> int:
    """The number of frames by which the metric is learned."""
    return size_of(train, LEARNING_ROWS)


def refining_size(train: Dataset) -> int:
    """The number of frames of the last stage, if that is more than the others have."""
    return min(len(train), _REFINING_FRAMES, size_of(train, REFINING_ROWS))


def models_of_learning(train: Dataset) -> list[int]:
    """About how many frames each of the models has that are made to learn the metric."""
    size, more = learning_size(train), refining_size(train)
    evaluations = [(size, N_EVALUATIONS), (more, N_REFINING if more > size else 0)]
    return [
        max(frames - frames // _n_folds(frames), 1)
        for frames, times in evaluations
        for _ in range(times * _n_folds(frames))
    ]


def _n_folds(size: int) -> int:
    """Into how many parts so many frames are divided."""
    return min(_FOLDS if size >= _FEW else _FOLDS_OF_FEW, size)


def _start(parameters: MetricParameters, log_lam: float, log_weight: float) -> Vector:
    """One length scale for everything, but for that of environments."""
    shorter = [0.0 if radius is None else _SHORTER for radius in parameters.radii]
    shares = [
        _SHARE_OF_MOLECULE if radius is None else _SHARES * (k + 1) for k, radius in enumerate(parameters.radii[1:])
    ]
    weights = [np.full(parameters.n_orbits, log_weight + more) for more in shorter]
    return np.concatenate([[log_lam], *weights, np.array(shares)])
