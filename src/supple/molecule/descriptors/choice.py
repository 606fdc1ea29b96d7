"""Which descriptor a dataset gets: made from its bonds and from how its distances vary."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import networkx as nx
import numpy as np
import torch
from jaxtyping import Float, Int

from supple.molecule.bonds import bond_graph
from supple.molecule.descriptors.base import Atoms, Descriptor, from_smaller_end
from supple.molecule.descriptors.internal_coordinates import InternalCoordinates, cosines, dihedral_terms
from supple.molecule.descriptors.inverse_distances import InverseDistances

if TYPE_CHECKING:
    from supple.data.dataset import Dataset

DescriptorName = Literal["inverse-distances", "angles", "dihedrals", "reduced"]

#: Variance of a left-out distance that those kept do not explain, relative to the mean variance of a distance.
_UNEXPLAINED = 0.02


def make_descriptor(name: DescriptorName, dataset: Dataset, permutations: Int[np.ndarray, "P N"]) -> Descriptor:
    """The descriptor of this name for the molecule of a dataset, closed under its permutations.

    `angles` adds those of all pairs of bonds at an atom, `dihedrals` those and all chains of three bonds; each kind
    gets the weight with which it varies as much as inverse distances do. `reduced` keeps inverse distances from which
    the others follow.
    """
    if name == "inverse-distances":
        return InverseDistances(dataset.n_atoms)
    if name == "reduced":
        return InverseDistances(dataset.n_atoms, _sufficient_pairs(dataset, permutations))
    graph = bond_graph(dataset.numbers, dataset.positions)
    angles = _closed(_angles(graph), permutations)
    dihedrals = _closed(_dihedrals(graph), permutations) if name == "dihedrals" else []
    positions = torch.tensor(dataset.positions)
    usual = float(InverseDistances(dataset.n_atoms)(positions).std(dim=0).mean())
    weights = {}
    if angles:
        weights["angle_weight"] = usual / float(cosines(positions, torch.tensor(angles)).std(dim=0).mean())
    if dihedrals:
        weights["dihedral_weight"] = usual / float(dihedral_terms(positions, torch.tensor(dihedrals)).std(dim=0).mean())
    return InternalCoordinates(dataset.n_atoms, angles, dihedrals, **weights)


def descriptor_from(n_atoms: int, configuration: dict[str, Any]) -> Descriptor:
    """The descriptor that has this configuration."""
    if "angles" in configuration:
        return InternalCoordinates(n_atoms, **configuration)
    return InverseDistances(n_atoms, **configuration)


def _angles(graph: nx.Graph) -> list[Atoms]:
    return [(i, j, k) for j in graph for i in graph[j] for k in graph[j] if i < k]


def _dihedrals(graph: nx.Graph) -> list[Atoms]:
    return [
        (i, j, k, m) for j, k in graph.edges for i in graph[j] for m in graph[k] if k != i != m != j
    ]  # fmt: skip


def _closed(entries: Iterable[Atoms], permutations: Int[np.ndarray, "P N"]) -> list[Atoms]:
    """The entries and all that the permutations make of them: bonds that come and go may break the symmetry."""
    return sorted({from_smaller_end(int(p[a]) for a in atoms) for atoms in entries for p in permutations})


def _sufficient_pairs(dataset: Dataset, permutations: Int[np.ndarray, "P N"]) -> list[Atoms]:
    """Pairs from whose inverse distances the others follow linearly, to a small part of their variance.

    Pivoted Cholesky factorisation of their covariance, a whole orbit of the permutations at a time, so that the choice
    is symmetric. Bonded pairs and those that share a neighbour are always kept.
    """
    everything = InverseDistances(dataset.n_atoms)
    action = everything.action(torch.as_tensor(permutations)).numpy()
    x = everything(torch.tensor(dataset.positions)).numpy()
    left = _symmetric_fluctuations(x, action)
    limit = _UNEXPLAINED * float((left**2).mean())
    graph = bond_graph(dataset.numbers, dataset.positions)
    near = {d for d, (i, j) in enumerate(everything.entries) if set(graph[i]) & {j, *graph[j]}}
    orbits = sorted({tuple(sorted(set(column))) for column in action.T.tolist()}, key=near.isdisjoint)
    kept: list[int] = []
    while orbits:
        variances = [float((left[:, orbit] ** 2).mean(axis=0).max()) for orbit in orbits]
        chosen = 0 if not near.isdisjoint(orbits[0]) else int(np.argmax(variances))
        if near.isdisjoint(orbits[chosen]) and variances[chosen] < limit:
            break
        orbit = list(orbits.pop(chosen))
        kept += orbit
        directions, values, _ = np.linalg.svd(left[:, orbit], full_matrices=False)
        directions = directions[:, values > 1e-6 * max(float(values.max()), limit)]
        left = left - directions @ (directions.T @ left)
    return [everything.entries[d] for d in sorted(kept)]


def _symmetric_fluctuations(x: Float[np.ndarray, "M D"], action: Int[np.ndarray, "P D"]) -> Float[np.ndarray, "PM D"]:
    """Deviations from the mean over the frames and all their permuted copies."""
    copies = np.concatenate([x[:, p] for p in action])
    return copies - copies.mean(axis=0)
