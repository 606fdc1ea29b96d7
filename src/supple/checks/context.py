"""CheckContext: a dataset under examination, and what several checks need of it, computed once."""

from __future__ import annotations

from functools import cached_property

import networkx as nx
import numpy as np
from jaxtyping import Bool, Float, Int

from supple.checks.small_model import FitSmallModel, SmallModelPredictions, predict_with_small_model
from supple.data.dataset import Dataset
from supple.molecule.bonds import (
    atom_pairs,
    bonded_pairs,
    commonest_bonds,
    graph_of_pairs,
    pair_distances,
    relative_distances,
)
from supple.molecule.symmetry.permutations import PermutationSymmetries, find_symmetries

#: Frames whose atoms come nearer than this part of the sum of their covalent radii are not fitted to ...
_TOO_NEAR = 0.5
#: ... nor are those whose forces are this many times the usual ones.
_TOO_LARGE = 10
#: Number of frames from which permutation symmetries are found.
_SYMMETRY_FRAMES = 500


class CheckContext:
    """A dataset under examination. Pairs of atoms are in the order of `supple.molecule.bonds.atom_pairs`.

    Args:
        dataset: to be examined.
        fit_small_model: fits the model that labels are compared with; None if they are compared with none.
    """

    def __init__(self, dataset: Dataset, fit_small_model: FitSmallModel | None = None) -> None:
        self.dataset = dataset
        self._fit_small_model = fit_small_model
        self.name = dataset.source.name

    def with_dataset(self, dataset: Dataset) -> CheckContext:
        """The context of another dataset, examined in the same way."""
        return CheckContext(dataset, self._fit_small_model)

    def frame_numbers(self, indices: Int[np.ndarray, "K"] | Bool[np.ndarray, "M"]) -> tuple[int, ...]:
        """The numbers that these frames have in the file."""
        return tuple(int(frame) for frame in self.dataset.frames[indices])

    def frame_name(self, index: int) -> str:
        """A frame by its number, and by its file where there are several."""
        files = self.dataset.extras.get("file")
        number = f"frame {int(self.dataset.frames[index])}"
        return number if files is None else f"{number} of {files[index]}"

    @cached_property
    def pairs(self) -> tuple[Int[np.ndarray, "D"], Int[np.ndarray, "D"]]:
        """First and second atom of each pair."""
        return atom_pairs(self.dataset.n_atoms)

    @cached_property
    def distances(self) -> Float[np.ndarray, "M D"]:
        """Distances of all pairs, Å."""
        return pair_distances(self.dataset.positions)

    @cached_property
    def relative_distances(self) -> Float[np.ndarray, "M D"]:
        """Distances over the sums of covalent radii: about 1 for a bond."""
        return relative_distances(self.dataset.numbers, self.distances)

    @cached_property
    def bonded(self) -> Bool[np.ndarray, "M D"]:
        """Which pairs are bonded in each frame."""
        return bonded_pairs(self.dataset.numbers, self.distances)

    @cached_property
    def molecule_bonds(self) -> Bool[np.ndarray, "D"]:
        """The bonds of the molecule: those of the commonest bond graph among the frames."""
        return commonest_bonds(self.bonded)

    @cached_property
    def graph(self) -> nx.Graph:
        """The bond graph of the molecule, with atomic numbers as `z`."""
        return self.graph_of(self.molecule_bonds)

    def graph_of(self, joined: Bool[np.ndarray, "D"]) -> nx.Graph:
        """The graph of the atoms with these pairs joined."""
        return graph_of_pairs(self.dataset.numbers, joined)

    @cached_property
    def fittable(self) -> Bool[np.ndarray, "M"]:
        """Frames that a model can be fitted to: no atoms inside each other, forces of the usual size."""
        apart = self.relative_distances.min(axis=1, initial=np.inf) > _TOO_NEAR
        forces = self.dataset.forces
        if forces is None:
            return apart
        size = np.sqrt((forces**2).mean(axis=(1, 2)))
        usual = float(np.median(size[apart])) if apart.any() else 0.0
        return apart & (size > 0) & (size < _TOO_LARGE * usual)

    @cached_property
    def symmetries(self) -> PermutationSymmetries:
        """The permutation symmetries, judged by fittable frames."""
        fittable = np.flatnonzero(self.fittable)
        some = self.dataset.positions[fittable[:: max(len(fittable) // _SYMMETRY_FRAMES, 1)]]
        return find_symmetries(self.dataset.numbers, some)

    @cached_property
    def predictions(self) -> SmallModelPredictions | None:
        """What a small model of the forces predicts; None without such a model or forces, or with too few frames."""
        if self._fit_small_model is None:
            return None
        return predict_with_small_model(
            self.dataset, self.fittable, lambda: self.symmetries.permutations, self._fit_small_model
        )

    @cached_property
    def energy_residuals(self) -> tuple[Int[np.ndarray, "K"], Float[np.ndarray, "K"]]:
        """Frames with a known energy, and how far it lies above that implied by the forces, eV; the median is 0."""
        if self.predictions is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        known = np.isfinite(self.dataset.energies[self.predictions.frames])
        frames = self.predictions.frames[known]
        above = self.dataset.energies[frames] - self.predictions.energies[known]
        return frames, above - np.median(above) if len(above) else above
