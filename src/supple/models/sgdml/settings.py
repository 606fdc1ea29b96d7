"""SGDML: the settings of the kernel model, and how it is fitted."""

from __future__ import annotations

import time
from typing import ClassVar, Literal

import networkx as nx
import numpy as np
import torch
from jaxtyping import Int
from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from supple.data.dataset import Dataset
from supple.errors import SplitError
from supple.models.citations import Citation
from supple.models.cost_estimate import PROCESS_BYTES, CostEstimate
from supple.models.device import choose_device
from supple.models.kernel.matern import MATERN_5_2, MATERN_7_2, Matern, matern
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.problem import Problem
from supple.models.kernel.solver_cost import ProblemSize, SolverCost, choose_solver, expected_solver
from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm
from supple.models.search_space import Interval, OneOf, Range
from supple.models.settings import FitContext, FitResult, ModelSettings
from supple.models.sgdml.choose_energies import choose_energies
from supple.models.sgdml.chosen_settings import ChosenSettings
from supple.models.sgdml.fit_energies_alone import fit_energies_alone
from supple.models.sgdml.learn_metric import MetricLearner, learning_size, models_of_learning
from supple.models.sgdml.metric_parameters import MetricParameters
from supple.models.sgdml.small_models import LARGER, SMALL, SmallModels, size_of
from supple.models.sgdml.solve import solve
from supple.models.sgdml.uniform_metric import N_LARGER, N_SMALL, UniformMetric
from supple.molecule.bonds import bond_graph
from supple.molecule.descriptors import Descriptor
from supple.molecule.descriptors.registry import DescriptorName, make_descriptor
from supple.molecule.symmetry.description import describe_symmetry
from supple.molecule.symmetry.permutations import PermutationSymmetries, check_permutations, find_symmetries
from supple.runtime import distributed
from supple.runtime.threads import single_threaded_libraries

#: Sizes of the environments of a learned metric, in bonds.
_ENVIRONMENTS: tuple[int | Literal["molecule"], ...] = (1, 2, "molecule")
#: Of the loops of prediction and of the matrix; measured on one core, and no more are used for it.
_COMPILATION_SECONDS = 7.0, 10.0
#: Of a small model, besides its operations: assembly in small pieces, and its validation. Further cores do not shorten these.
_OVERHEAD_SECONDS = 0.1


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
    takes_energies_alone: ClassVar[bool] = True
    search_space: ClassVar[dict[str, Range]] = {
        "kernel": OneOf(("matern-5/2", "matern-7/2")),
        "lam": Interval(1e-11, 1e-6, log=True),
        "descriptor": OneOf(("inverse-distances", "angles", "dihedrals", "reduced")),
    }

    metric: Literal["auto", "learned", "uniform"] = Field(
        "auto",
        description="Weights of the descriptor's entries: 'learned' learns one for each entry from the first training frames, by the "
        "error of forces that are held out, and adds kernels of the environments of all heavy atoms; 'uniform' has one length scale for "
        "everything, as in the sGDML package; 'auto' learns them unless sigma is given.",
    )
    kernel: Literal["auto", "matern-5/2", "matern-7/2"] = Field(
        "auto",
        description="Kernel function; 'auto' is matern-7/2 with a learned metric, matern-5/2 with a uniform one.",
    )
    environments: tuple[PositiveInt | Literal["molecule"], ...] | Literal["auto"] = Field(
        "auto",
        description="Sizes of the environments that a learned metric compares: atoms within so many bonds of each heavy atom, or the "
        "whole molecule; 'auto' is [1, 2, molecule].",
    )
    sigma: PositiveFloat | Literal["auto"] = Field(
        "auto", description="Length scale of a uniform metric; 'auto' chooses it by the validation error."
    )
    lam: PositiveFloat | Literal["auto"] = Field(
        "auto",
        description="Regularisation, for forces divided by their standard deviation; 'auto' learns it with the metric, relative to the "
        "diagonal of the kernel matrix, or, with a uniform metric, uses 1e-10 unless the validation error is clearly lower with another "
        "value.",
    )
    energies: Literal["auto", "learned", "integrated"] = Field(
        "auto",
        description="'learned' fits the known energies together with the forces, 'integrated' obtains energies from the "
        "forces alone, up to a constant; 'auto' compares the two on the validation frames.",
    )
    energy_weight: PositiveFloat | Literal["auto"] = Field(
        "auto",
        description="Weight of learned energies relative to forces, with energies in Å times the unit of the forces; 'auto' is 1 with a "
        "learned metric and 10 with a uniform one.",
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

    device: str = Field("auto", description="Device to train on: auto (a GPU if there is one), cpu, or cuda.")

    @field_validator("environments", mode="before")
    @classmethod
    def _one_size(cls, value: object) -> object:
        """A single size need not be a list."""
        return value if value == "auto" or not isinstance(value, int | str) else (value,)

    @model_validator(mode="after")
    def _of_one_metric(self) -> SGDML:
        if self.metric == "learned" and self.sigma != "auto":
            raise ValueError(
                "sigma is the length scale of a uniform metric: set metric to uniform, or leave sigma out."
            )
        if not self.learns_metric and self.environments != "auto":
            raise ValueError("environments belong to a learned metric: set metric to learned, or leave them out.")
        if self.environments != "auto" and len(set(self.environments)) < max(len(self.environments), 1):
            raise ValueError("environments must be one size or more, each of them once.")
        return self

    @property
    def learns_metric(self) -> bool:
        """Whether the metric is learned."""
        return self.metric == "learned" or (self.metric == "auto" and self.sigma == "auto")

    @property
    def radii(self) -> tuple[int | None, ...]:
        """The sizes of the environments, in bonds; None for the whole molecule."""
        if not self.learns_metric:
            return (None,)
        sizes = _ENVIRONMENTS if self.environments == "auto" else self.environments
        return tuple(None if size == "molecule" else size for size in sizes)

    @property
    def function(self) -> Matern:
        """The kernel function."""
        if self.kernel == "auto":
            return MATERN_7_2 if self.learns_metric else MATERN_5_2
        return matern(self.kernel)

    @property
    def amplitude(self) -> float:
        """That of the energies, where they are learned."""
        if self.energy_weight == "auto":
            return 1.0 if self.learns_metric else 10.0
        return self.energy_weight

    def _fit(self, train: Dataset, valid: Dataset, context: FitContext) -> FitResult:
        if train.forces is None:
            return fit_energies_alone(train, self.descriptor, self._symmetries(train).permutations, context.baseline)
        progress = context.progress
        if len(train) < 2:
            raise SplitError("There is one training frame: sGDML needs two at least, and to be of use some dozens.")
        # Processes exchange arrays of the CPU.
        device, where = choose_device("cpu" if distributed.world_size() > 1 else self.device)
        progress.note(f"{self.display_name} is trained {where}.")
        found = self._symmetries(train)
        permutations, graph = found.permutations, bond_graph(train.numbers, train.positions)
        symmetries = str(describe_symmetry(graph, found))
        progress.note(f"{train.formula}: {symmetries}.")
        # Of the frames of the smallest models alone, so that these do not depend on how many more there are.
        few = train.positions[: self._frames_of_choice(train)[0]]
        descriptor = make_descriptor(self.descriptor, train.numbers, few, permutations)
        terms = self._terms(train, descriptor, permutations, graph)
        cost = choose_solver(self.solver, ProblemSize.of(train, descriptor, terms, device))
        progress.note(f"Solution for {len(train)} frames, after the choice of settings: {cost}.")
        models = SmallModels(train, valid, permutations, descriptor, context.common, device)
        chosen = self._choose(models, graph, context)
        for note in (*chosen.notes, f"lambda {chosen.lam:g}."):
            progress.note(note)
        if not self.learns_metric:
            descriptor = make_descriptor(self.descriptor, train.numbers, train.positions, permutations)
        started = time.perf_counter()
        problem = Problem(train, permutations, chosen.energy_weight, descriptor, device)
        solution = solve(problem, chosen.kernel_of(problem.frames.action), chosen.lam, cost, valid, context)
        planned = f"Estimate: {cost}; the solution took {time.perf_counter() - started:.1f} s."
        return FitResult(
            solution.potential,
            settings={
                "metric": "learned" if self.learns_metric else "uniform",
                "kernel": self.function.name,
                **({} if chosen.sigma is None or self.learns_metric else {"sigma": chosen.sigma}),
                "lam": solution.lam,
                "permutations": permutations.tolist(),
                "solver": cost.solver,
                "energies": "integrated" if chosen.energy_weight is None else "learned",
                "contributions": [one.model_dump(mode="json") for one in chosen.contributions],
            },
            notes=[symmetries, *chosen.notes, solution.note, planned],
        )

    def estimate_cost(self, train: Dataset, valid: Dataset) -> CostEstimate:
        """What `fit` will take on one core: the solution, and the small models by which settings are chosen."""
        if train.forces is None:
            return CostEstimate(1.0, PROCESS_BYTES)
        permutations = self._symmetries(train).permutations
        few = train.positions[: self._frames_of_choice(train)[0]]
        descriptor = make_descriptor(self.descriptor, train.numbers, few, permutations)
        terms = self._terms(train, descriptor, permutations, bond_graph(train.numbers, train.positions))
        size = ProblemSize.of(train, descriptor, terms)
        whole = expected_solver(self.solver, size)
        small = [SolverCost.direct(size.with_frames(n)) for n in self._frames_of_choice(train)]
        with single_threaded_libraries():
            choice = sum(cost.seconds + _OVERHEAD_SECONDS for cost in small)
            seconds = whole.seconds + choice
        return CostEstimate(seconds, PROCESS_BYTES + max(cost.n_bytes for cost in (whole, *small)), choice)

    @classmethod
    def compilation_seconds(cls) -> float:
        """About how long those of its loops that are not compiled yet on this machine take to compile (s)."""
        from supple.models.kernel import compiled_kernel_sum, compiled_matrix

        loops = zip((compiled_kernel_sum, compiled_matrix), _COMPILATION_SECONDS, strict=True)
        return sum(seconds for loop, seconds in loops if not loop.is_loop_compiled())

    def _symmetries(self, train: Dataset) -> PermutationSymmetries:
        if self.permutations == "auto":
            return find_symmetries(train.numbers, train.positions)
        if self.permutations == "none":
            given = np.arange(train.n_atoms)[None]
        else:
            given = check_permutations(self.permutations, train.numbers)
        return PermutationSymmetries(given, len(given))

    def _frames_of_choice(self, train: Dataset) -> list[int]:
        """The numbers of frames of the models by which settings are chosen, approximately."""
        larger = size_of(train, LARGER)
        of_energies = [larger] * 2 if self.energies == "auto" else []
        if self.learns_metric:
            return [learning_size(train), *models_of_learning(train), *of_energies]
        if "auto" in (self.sigma, self.lam):
            return [size_of(train, SMALL)] * N_SMALL + [larger] * (N_LARGER - 2) + of_energies
        return [size_of(train, SMALL), *of_energies]

    def _terms(
        self, train: Dataset, descriptor: Descriptor, permutations: Int[np.ndarray, "P N"], graph: nx.Graph
    ) -> list[KernelTerm]:
        """The terms that the kernel will have."""
        frames = KernelFrames(torch.tensor(train.positions[:2]), permutations, descriptor)
        return MetricParameters(frames, graph, self.function, self.radii).terms

    def _choose(self, models: SmallModels, graph: nx.Graph, context: FitContext) -> ChosenSettings:
        file = None if context.run is None else context.run.path / "choices.json"
        if file is not None and file.exists():  # an interrupted run has chosen already
            return ChosenSettings.load(file)
        if self.learns_metric:
            lam = None if self.lam == "auto" else self.lam
            chosen = MetricLearner(models, graph, self.function, self.radii, context.progress).choose(lam)
        else:
            weight = self.amplitude if self.energies == "learned" else None
            chosen = UniformMetric(models, self.function, weight, context.progress).choose(self.sigma, self.lam)
        if self.energies == "learned":
            chosen = chosen.with_notes([], energy_weight=self.amplitude)
        elif self.energies == "auto":
            chosen = choose_energies(chosen, models, self.amplitude)
        if file is not None:
            chosen.save(file)
        return chosen
