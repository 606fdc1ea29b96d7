"""SGDML: the settings of the kernel model, and how it is fitted."""

from __future__ import annotations

import time
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, PositiveFloat, model_validator

from supple.data.dataset import Dataset
from supple.models.citations import Citation
from supple.models.cost_estimate import PROCESS_BYTES, CostEstimate
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver_cost import (
    EnergyObjection,
    SolverCost,
    choose_solver,
    fits,
    objection_to_energies,
    require_memory,
)
from supple.models.search_space import Interval, OneOf, Range
from supple.models.settings import FitContext, FitResult, ModelSettings
from supple.models.sgdml.choose_settings import ChosenSettings, SettingsChooser, small_model_sizes
from supple.models.sgdml.small_model_cache import SmallModelCache
from supple.models.sgdml.solve import solve
from supple.molecule.bonds import bond_graph
from supple.molecule.descriptors import Descriptor
from supple.molecule.descriptors.registry import DescriptorName, make_descriptor
from supple.molecule.symmetry.description import describe_symmetry
from supple.molecule.symmetry.permutations import PermutationSymmetries, check_permutations, find_symmetries
from supple.runtime.threads import single_threaded_libraries

#: Measured on one core; no more are used for it.
_COMPILATION_SECONDS = 12.0
#: Of a small model, besides its operations: assembly in small pieces, and its validation. Further cores do not shorten these.
_OVERHEAD_SECONDS = 0.3


class SGDML(ModelSettings):
    """Symmetric gradient-domain machine learning: a kernel model, exact and best for up to about a thousand frames."""

    kind: ClassVar[str] = "sgdml"
    display_name: ClassVar[str] = "sGDML"
    potential_class = SGDMLPotential
    colour = "#0072B2"
    marker = "o"
    citations: ClassVar[tuple[Citation, ...]] = (
        Citation(
            "chmiela2017",
            "S. Chmiela, A. Tkatchenko, H. E. Sauceda, I. Poltavsky, K. T. Schütt, K.-R. Müller",
            "Machine learning of accurate energy-conserving molecular force fields",
            "Sci. Adv. 3, e1603015",
            2017,
            "10.1126/sciadv.1603015",
            "gradient-domain machine learning",
        ),
        Citation(
            "chmiela2018",
            "S. Chmiela, H. E. Sauceda, K.-R. Müller, A. Tkatchenko",
            "Towards exact molecular dynamics simulations with machine-learned force fields",
            "Nat. Commun. 9, 3887",
            2018,
            "10.1038/s41467-018-06169-2",
            "sGDML",
        ),
    )
    search_space: ClassVar[dict[str, Range]] = {
        "sigma": Interval(2.0, 200.0, log=True),
        "lam": Interval(1e-13, 1e-6, log=True),
        "descriptor": OneOf(("inverse-distances", "angles", "dihedrals", "reduced")),
    }

    sigma: PositiveFloat | Literal["auto"] = Field(
        "auto", description="Length scale of the kernel; 'auto' chooses it by the validation error."
    )
    lam: PositiveFloat | Literal["auto"] = Field(
        "auto",
        description="Regularisation, for forces divided by their standard deviation; 'auto' uses 1e-10 unless the "
        "validation error is clearly lower with another value.",
    )
    energies: Literal["auto", "learned", "integrated"] = Field(
        "auto",
        description="'learned' fits the known energies together with the forces, 'integrated' obtains energies from the "
        "forces alone, up to a constant; 'auto' compares the two on the validation frames. 'learned' needs the direct "
        "solver: if that takes more than a minute, 'auto' learns energies only if it helps clearly, and never if it takes "
        "more than ten.",
    )
    energy_weight: PositiveFloat = Field(
        10.0,
        description="Weight of learned energies relative to forces, with energies in Å times the unit of the forces.",
    )
    permutations: tuple[tuple[int, ...], ...] | Literal["auto", "none"] = Field(
        "auto",
        description="Permutation symmetries (a group; atoms are counted from 0); 'auto' finds them in the data, 'none' uses "
        "none.",
    )
    descriptor: DescriptorName = Field(
        "dihedrals",
        description="What the kernel compares: 'inverse-distances' of all pairs, as in the sGDML package; 'angles' adds bond "
        "angles to these; 'dihedrals' adds dihedral angles as well; 'reduced' takes only those inverse distances that "
        "determine all others in the data.",
    )
    solver: Literal["auto", "direct", "iterative"] = Field(
        "auto", description="How the weights are determined; 'auto' uses the faster solver that fits into memory."
    )

    @model_validator(mode="after")
    def _direct_for_energies(self) -> SGDML:
        if self.energies == "learned" and self.solver == "iterative":
            raise ValueError("energies can only be learned with the direct solver: set solver to direct or auto.")
        return self

    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> FitResult:
        progress = context.progress
        found = self._symmetries(train)
        permutations = found.permutations
        symmetries = str(describe_symmetry(bond_graph(train.numbers, train.positions), found))
        progress.note(f"{train.formula}: {symmetries}.")
        descriptor = make_descriptor(self.descriptor, train.numbers, train.positions, permutations)
        cost, objection = self._cost(train, descriptor, permutations)
        progress.note(f"Solution for {len(train)} frames, after the choice of settings: {cost}.")
        # Made from the frames of the smallest models alone, so that these do not depend on how many more there are.
        few = train.positions[: small_model_sizes(train)[0]]
        first = make_descriptor(self.descriptor, train.numbers, few, permutations)
        cache = SmallModelCache(context.common)
        chooser = SettingsChooser(train, valid, permutations, first, progress, cache)
        chosen = self._choose(chooser, objection, context)
        if chosen.energy_weight is not None:
            cost = _cost_with_energies(train, descriptor, permutations)
        for note in (*chosen.notes, f"sigma {chosen.sigma:g}, lambda {chosen.lam:g}."):
            progress.note(note)
        started = time.perf_counter()
        problem = Problem(train, permutations, chosen.energy_weight, descriptor)
        solution = solve(problem, chosen.sigma, chosen.lam, cost, valid, context)
        planned = f"Estimate: {cost}; the solution took {time.perf_counter() - started:.1f} s."
        return FitResult(
            solution.potential,
            settings={
                "sigma": chosen.sigma,
                "lam": solution.lam,
                "permutations": permutations.tolist(),
                "solver": cost.solver,
                "energies": "integrated" if chosen.energy_weight is None else "learned",
            },
            notes=[symmetries, *chosen.notes, solution.note, planned],
        )

    def estimate_cost(self, train: Dataset, valid: Dataset) -> CostEstimate:
        """What `fit` will take on one core: the solution, and the small models by which settings are chosen."""
        permutations = self._symmetries(train).permutations
        descriptor = make_descriptor(self.descriptor, train.numbers, train.positions, permutations)
        modes = max(3 * train.n_atoms - 6, 1)

        def direct(n_frames: int) -> SolverCost:
            return SolverCost.direct(n_frames, modes + 1, descriptor.size, len(permutations))

        whole = direct(len(train))
        if self.solver == "iterative" or (self.solver == "auto" and not fits(whole)):
            whole = SolverCost.iterative(len(train), modes, descriptor.size, len(permutations))
        small = []
        if "auto" in (self.sigma, self.lam, self.energies):
            small = [direct(size) for size in small_model_sizes(train)]
        with single_threaded_libraries():
            choice = sum(cost.seconds + _OVERHEAD_SECONDS for cost in small)
            seconds = whole.seconds + choice
        return CostEstimate(seconds, PROCESS_BYTES + max(cost.n_bytes for cost in (whole, *small)), choice)

    @classmethod
    def compilation_seconds(cls) -> float:
        """About how long those of its loops that are not compiled yet on this machine take to compile (s)."""
        from supple.models.kernel.compiled_kernel_sum import is_loop_compiled

        return 0.0 if is_loop_compiled() else _COMPILATION_SECONDS

    def _symmetries(self, train: Dataset) -> PermutationSymmetries:
        if self.permutations == "auto":
            return find_symmetries(train.numbers, train.positions)
        if self.permutations == "none":
            given = np.arange(train.n_atoms)[None]
        else:
            given = check_permutations(self.permutations, train.numbers)
        return PermutationSymmetries(given, len(given))

    def _cost(
        self, train: Dataset, descriptor: Descriptor, permutations: Int[np.ndarray, "P N"]
    ) -> tuple[SolverCost, EnergyObjection | None]:
        """Of the solution, and why learning the energies would be costly, if it would."""
        with_energies = _cost_with_energies(train, descriptor, permutations)
        if self.energies == "learned":
            return require_memory(with_energies), None
        modes = max(3 * train.n_atoms - 6, 1)
        cost = choose_solver(self.solver, len(train), modes, descriptor.size, len(permutations))
        if self.solver == "iterative":
            return cost, EnergyObjection("learning them would need the direct solver.", prohibitive=True)
        return cost, objection_to_energies(cost, with_energies)

    def _choose(
        self, chooser: SettingsChooser, objection: EnergyObjection | None, context: FitContext
    ) -> ChosenSettings:
        file = None if context.run is None else context.run.path / "choices.json"
        if file is not None and file.exists():  # an interrupted run has chosen already
            return ChosenSettings.load(file)
        chosen = chooser.choose(self.sigma, self.lam, self.energies, self.energy_weight, objection)
        if file is not None:
            chosen.save(file)
        return chosen


def _cost_with_energies(train: Dataset, descriptor: Descriptor, permutations: Int[np.ndarray, "P N"]) -> SolverCost:
    """Of a solution with one more row for each frame."""
    return SolverCost.direct(len(train), max(3 * train.n_atoms - 6, 1) + 1, descriptor.size, len(permutations))
