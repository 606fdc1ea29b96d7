"""What checks look at: a dataset, and what several of them want to know of it, computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import networkx as nx
import numpy as np
from ase.data import covalent_radii
from jaxtyping import Bool, Float, Int

from supple.data.dataset import Dataset
from supple.molecule.bonds import BOND_FACTOR
from supple.molecule.symmetry.permutations import find_permutations

#: Rows of the kernel matrix of the small model; about a second of work.
_ROWS = 3000
#: Frames that the small model is asked about.
_ASKED = 2000


@dataclass(frozen=True)
class Fit:
    """What a small model of the forces says of the labels.

    Attributes:
        asked: indices of the frames that it was asked about, shape (K,).
        unseen: which of these it had not learnt from, shape (K,): its forces can be judged there alone. Its energies
            can be judged everywhere, for it has learnt from forces only.
        energies: eV, shape (K,); its energies, known up to one constant.
        forces: eV/Å, shape (K, N, 3).
    """

    asked: Int[np.ndarray, "K"]
    unseen: Bool[np.ndarray, "K"]
    energies: Float[np.ndarray, "K"]
    forces: Float[np.ndarray, "K N 3"]


class SmallModel(Protocol):
    """A force field that was fitted to a few frames."""

    def predict(
        self, positions: Float[np.ndarray, "M N 3"]
    ) -> tuple[Float[np.ndarray, "M"], Float[np.ndarray, "M N 3"]]:
        """Energies in eV, up to one constant, and forces in eV/Å."""


#: Fits a small model to frames with forces, given the permutation symmetries of the molecule. Checks are handed one, so that
#: they need not know which models there are.
FitSmallModel = Callable[[Dataset, Int[np.ndarray, "P N"]], SmallModel]


class CheckContext:
    """One dataset under examination.

    Args:
        dataset: to be examined.
        fit_small_model: fits the model that labels are compared with.
    """

    def __init__(self, dataset: Dataset, fit_small_model: FitSmallModel) -> None:
        self.dataset = dataset
        self._fit_small_model = fit_small_model
        self.name = dataset.source.name

    def of(self, dataset: Dataset) -> CheckContext:
        """Another dataset, examined in the same way."""
        return CheckContext(dataset, self._fit_small_model)

    def frames(self, indices: Int[np.ndarray, "K"] | Bool[np.ndarray, "M"]) -> tuple[int, ...]:
        """The numbers that these frames have in the file."""
        return tuple(int(frame) for frame in self.dataset.frames[indices])

    def place(self, index: int) -> str:
        """A frame by its number, and by its file where there are several."""
        files = self.dataset.extras.get("file")
        number = f"frame {int(self.dataset.frames[index])}"
        return number if files is None else f"{number} of {files[index]}"

    @cached_property
    def pairs(self) -> tuple[Int[np.ndarray, "D"], Int[np.ndarray, "D"]]:
        """First and second atom of each pair."""
        i, j = np.tril_indices(self.dataset.n_atoms, -1)
        return i, j

    @cached_property
    def distances(self) -> Float[np.ndarray, "M D"]:
        """Distances of all pairs, Å."""
        i, j = self.pairs
        r = self.dataset.positions
        out = np.empty((len(r), len(i)))
        for start in range(0, len(r), 500):  # a few frames at a time, to stay in the cache
            part = slice(start, start + 500)
            out[part] = np.linalg.norm(r[part, i] - r[part, j], axis=2)
        return out

    @cached_property
    def contacts(self) -> Float[np.ndarray, "M D"]:
        """Distances in units of the sums of covalent radii: about 1 for a bond."""
        i, j = self.pairs
        radii = covalent_radii[self.dataset.numbers]
        return self.distances / (radii[i] + radii[j])

    @cached_property
    def bonded(self) -> Bool[np.ndarray, "M D"]:
        """Which pairs are bonded in each frame."""
        return self.contacts < BOND_FACTOR

    @cached_property
    def usual_bonds(self) -> Bool[np.ndarray, "D"]:
        """The bonds of the molecule: those of the commonest bond graph among the frames."""
        graphs, counts = np.unique(self.bonded, axis=0, return_counts=True)
        return graphs[counts.argmax()]

    @cached_property
    def graph(self) -> nx.Graph:
        """The bond graph of the molecule, with atomic numbers as `z`."""
        return self.graph_of(self.usual_bonds)

    def graph_of(self, joined: Bool[np.ndarray, "D"]) -> nx.Graph:
        """The graph of the atoms with these pairs joined."""
        i, j = self.pairs
        graph = nx.Graph()
        graph.add_nodes_from((k, {"z": int(z)}) for k, z in enumerate(self.dataset.numbers))
        graph.add_edges_from(zip(i[joined].tolist(), j[joined].tolist(), strict=True))
        return graph

    @cached_property
    def sound(self) -> Bool[np.ndarray, "M"]:
        """Frames that a model can be fitted to: atoms apart, forces of the usual size."""
        apart = self.contacts.min(axis=1, initial=np.inf) > 0.5
        forces = self.dataset.forces
        if forces is None:
            return apart
        size = np.sqrt((forces**2).mean(axis=(1, 2)))
        usual = float(np.median(size[apart])) if apart.any() else 0.0
        return apart & (size > 0) & (size < 10 * usual)

    @cached_property
    def fit(self) -> Fit | None:
        """A small model of the forces, asked about frames that it has not seen; None without forces or enough frames.

        Half of what it learns from, and the first that it is asked about, are frames with a known energy.
        """
        data = self.dataset
        candidates = np.random.default_rng(0).permutation(np.flatnonzero(self.sound))
        if data.forces is None or data.n_atoms < 2 or len(candidates) < 10 or data.forces[candidates].std() == 0:
            return None
        known = np.isfinite(data.energies[candidates])
        size = int(np.clip(_ROWS // max(3 * data.n_atoms - 6, 1), 5, 200))
        size = min(size, len(candidates) // 2)
        half = candidates[known][: (size + 1) // 2]
        learnt = np.concatenate([half, candidates[~np.isin(candidates, half)][: size - len(half)]])
        rest = ~np.isin(candidates, learnt)
        asked = np.concatenate([candidates[known & rest], candidates[~known & rest]])[:_ASKED]
        asked = np.concatenate([asked, learnt])
        model = self._fit_small_model(data.select(learnt), self.permutations)
        energies, forces = model.predict(data.positions[asked])
        return Fit(asked, ~np.isin(asked, learnt), energies, forces)

    @cached_property
    def permutations(self) -> Int[np.ndarray, "P N"]:
        """The permutation symmetries, judged by frames that are sound."""
        sound = np.flatnonzero(self.sound)
        some = self.dataset.positions[sound[:: max(len(sound) // 500, 1)]]
        return find_permutations(self.dataset.numbers, some)

    @cached_property
    def residuals(self) -> tuple[Int[np.ndarray, "K"], Float[np.ndarray, "K"]]:
        """Frames whose energy is known, and by how much it lies above what the forces say, eV; the median is 0."""
        if self.fit is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        known = np.isfinite(self.dataset.energies[self.fit.asked])
        frames = self.fit.asked[known]
        above = self.dataset.energies[frames] - self.fit.energies[known]
        return frames, above - np.median(above) if len(above) else above
