"""SGDML: the settings of the kernel model, and how it is fitted."""

from __future__ import annotations

import time
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field, PositiveFloat, model_validator
from torch import Tensor

from supple.data.dataset import Dataset
from supple.models.cost_estimate import PROCESS, Forecast
from supple.models.kernel.direct_fit import kernel_fit
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver import solve_iteratively
from supple.models.kernel.solver_cost import Cost, Objection, choose_solver, fits, objection_to_energies, require_memory
from supple.models.search_space import Interval, OneOf, Range
from supple.models.settings import FitContext, ModelSettings
from supple.models.sgdml.hyperparameters import Choices, Chooser, small_models
from supple.models.sgdml.small_model_cache import Tried
from supple.molecule.bonds import bond_graph
from supple.molecule.descriptors import Descriptor
from supple.molecule.descriptors.registry import DescriptorName, make_descriptor
from supple.molecule.symmetry.description import describe_symmetry
from supple.molecule.symmetry.permutations import check_permutations, find_permutations
from supple.runtime.threads import no_threads_below

#: Validation frames that an iterative solution is judged by.
_JUDGES = 300


class SGDML(ModelSettings):
    """Symmetric gradient-domain machine learning: a kernel model, exact and best for up to about a thousand frames."""

    kind: ClassVar[str] = "sgdml"
    citations: ClassVar[tuple[str, ...]] = ("chmiela2017", "chmiela2018")
    search_space: ClassVar[dict[str, Range]] = {
        "sigma": Interval(2.0, 200.0, log=True),
        "lam": Interval(1e-13, 1e-6, log=True),
        "descriptor": OneOf(("inverse-distances", "angles", "dihedrals", "reduced")),
    }

    sigma: PositiveFloat | Literal["auto"] = Field(
        "auto", description="Length scale of the kernel; 'auto' chooses it on the validation frames."
    )
    lam: PositiveFloat | Literal["auto"] = Field(
        "auto",
        description="Regularisation, for forces divided by their standard deviation; 'auto' takes 1e-10 unless the "
        "validation frames speak for another.",
    )
    energies: Literal["auto", "learned", "integrated"] = Field(
        "auto",
        description="'learned' takes the energies that are known into the kernel beside the forces, 'integrated' gets "
        "energies from the forces alone, to a constant; 'auto' compares the two on the validation frames. 'learned' needs the "
        "direct solver: where that takes more than a minute it must help clearly, and ten are too many.",
    )
    energy_weight: PositiveFloat = Field(
        10.0, description="Weight of energies that are learned, as they stand in Å times the unit of the forces."
    )
    permutations: tuple[tuple[int, ...], ...] | Literal["auto", "none"] = Field(
        "auto",
        description="Atom permutations (a group, atoms from 0); 'auto' finds them in the data, 'none' takes none.",
    )
    descriptor: DescriptorName = Field(
        "dihedrals",
        description="What the kernel compares: 'inverse-distances' of all pairs, as in the sGDML package; 'angles', which "
        "are these and the angles of bonds; 'dihedrals', which adds those of chains of three bonds; or 'reduced', only "
        "such inverse distances from which the others follow in the data.",
    )
    solver: Literal["auto", "direct", "iterative"] = Field(
        "auto", description="How the weights are found; 'auto' takes the faster one that fits into memory."
    )

    @model_validator(mode="after")
    def _direct_for_energies(self) -> SGDML:
        if self.energies == "learned" and self.solver == "iterative":
            raise ValueError("energies can only be learned by the direct solver: set solver to direct or auto.")
        return self

    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> SGDMLPotential:
        progress = context.progress
        permutations = self._permutations(train)
        symmetries = str(describe_symmetry(bond_graph(train.numbers, train.positions), permutations))
        progress.note(f"{train.formula}: {symmetries}.")
        descriptor = make_descriptor(self.descriptor, train.numbers, train.positions, permutations)
        cost, objection = self._cost(train, descriptor, permutations)
        progress.note(f"sGDML on {len(train)} frames: {cost}.")
        # Made of the frames of the smallest models alone, so that these are the same whatever else there is to learn from.
        few = train.positions[: small_models(train)[0]]
        first = make_descriptor(self.descriptor, train.numbers, few, permutations)
        chooser = Chooser(train, valid, permutations, first, progress, Tried(context.common))
        choices = self._choices(chooser, objection, context)
        if choices.energy_weight is not None:
            cost = _with_energies(train, descriptor, permutations)
        for note in (*choices.notes, f"sigma {choices.sigma:g}, lambda {choices.lam:g}."):
            progress.note(note)
        started = time.perf_counter()
        problem = Problem(train, permutations, choices.energy_weight, descriptor)
        potential, lam, note = _solve(problem, choices, cost, valid, context)
        planned = f"planned: {cost}; the solution took {time.perf_counter() - started:.1f} s."
        context.provenance.notes += [symmetries, *choices.notes, note, planned]
        context.provenance.settings |= {
            "sigma": choices.sigma, "lam": lam, "permutations": permutations.tolist(), "solver": cost.solver,
            "energies": "integrated" if choices.energy_weight is None else "learned",
        }  # fmt: skip
        return potential

    def forecast(self, train: Dataset, valid: Dataset) -> Forecast:
        """What `fit` will take on one core: the solution, and the small models by which settings are chosen."""
        permutations = self._permutations(train)
        descriptor = make_descriptor(self.descriptor, train.numbers, train.positions, permutations)
        modes = max(3 * train.n_atoms - 6, 1)

        def direct(n_frames: int) -> Cost:
            return Cost.direct(n_frames, modes + 1, descriptor.size, len(permutations))

        whole = direct(len(train))
        if self.solver == "iterative" or (self.solver == "auto" and not fits(whole)):
            whole = Cost.iterative(len(train), modes, descriptor.size, len(permutations))
        trials = (
            [direct(size) for size in small_models(train)] if "auto" in (self.sigma, self.lam, self.energies) else []
        )
        with no_threads_below():
            seconds = whole.seconds + sum(cost.seconds for cost in trials)
        return Forecast(seconds, PROCESS + max(cost.n_bytes for cost in (whole, *trials)))

    def _permutations(self, train: Dataset) -> Int[np.ndarray, "P N"]:
        if self.permutations == "auto":
            return find_permutations(train.numbers, train.positions)
        if self.permutations == "none":
            return np.arange(train.n_atoms)[None]
        return check_permutations(self.permutations, train.numbers)

    def _cost(
        self, train: Dataset, descriptor: Descriptor, permutations: Int[np.ndarray, "P N"]
    ) -> tuple[Cost, Objection | None]:
        """Of the solution, and why learning the energies would cost much, if it would."""
        with_energies = _with_energies(train, descriptor, permutations)
        if self.energies == "learned":
            return require_memory(with_energies), None
        modes = max(3 * train.n_atoms - 6, 1)
        cost = choose_solver(self.solver, len(train), modes, descriptor.size, len(permutations))
        if self.solver == "iterative":
            return cost, Objection("learning them needs the direct solver.", too_much=True)
        return cost, objection_to_energies(cost, with_energies)

    def _choices(self, chooser: Chooser, objection: Objection | None, context: FitContext) -> Choices:
        kept = None if context.run is None else context.run.path / "choices.json"
        if kept is not None and kept.exists():  # an interrupted run has chosen already
            return Choices.load(kept)
        choices = chooser.choose(self.sigma, self.lam, self.energies, self.energy_weight, objection)
        if kept is not None:
            choices.save(kept)
        return choices


def _with_energies(train: Dataset, descriptor: Descriptor, permutations: Int[np.ndarray, "P N"]) -> Cost:
    """Of a solution with a row more for each frame."""
    return Cost.direct(len(train), max(3 * train.n_atoms - 6, 1) + 1, descriptor.size, len(permutations))


def _solve(
    problem: Problem, choices: Choices, cost: Cost, valid: Dataset, context: FitContext
) -> tuple[SGDMLPotential, float, str]:
    """The potential, the λ that was needed, and a sentence about how it went."""
    sigma, lam = choices.sigma, choices.lam
    if cost.solver == "direct":
        potential, needed = kernel_fit(problem, sigma, lam, context.progress)
        raised = f": lambda was raised from {lam:g}, as the matrix was indefinite to rounding" if needed > lam else ""
        return potential, needed, f"solved directly with lambda {needed:g}{raised}."
    judges = valid.select(range(min(len(valid), _JUDGES)))
    unit = judges.source.units.forces

    known = np.isfinite(judges.energies)

    def errors(weights: Float[Tensor, "n"]) -> list[float]:
        potential = problem.potential(sigma, weights)
        energies, forces = potential.predict(judges.positions)
        metrics = potential.metrics(judges, energies, forces)
        assert metrics.forces is not None
        spread = float((energies - judges.energies)[known].std()) if known.sum() > 1 else 0.0
        return [metrics.forces.rmse, spread]

    checkpoint = None if context.run is None else context.run.checkpoint_file
    state = solve_iteratively(
        problem.frames, sigma, lam, problem.right, errors, checkpoint=checkpoint, progress=context.progress, unit=unit
    )
    curve = ", ".join(f"{i}: {e[0]:.4g}" for i, _, e in state.looks[:: max(len(state.looks) // 8, 1)])
    iterations, residual, _ = state.looks[-1]
    note = (
        f"solved by {iterations} conjugate-gradient iterations to a relative residual of {residual:.1e}, when the "
        f"validation force RMSE in {unit} had settled ({curve})."
    )
    return problem.finished(sigma, state.x), lam, note
