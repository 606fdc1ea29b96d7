"""`reduced`: the inverse distances from which the others follow."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int

from supple.molecule.bonds import bond_graph
from supple.molecule.descriptors.base import DescriptorKind
from supple.molecule.descriptors.inverse_distances import InverseDistances, restore_inverse_distances
from supple.molecule.symmetry.permutation_algebra import orbits

#: Variance of a left-out distance that those kept do not explain, relative to the mean variance of a distance.
_UNEXPLAINED = 0.02


def reduced_distances(
    numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], permutations: Int[np.ndarray, "P N"]
) -> InverseDistances:
    """Inverse distances from which the others follow linearly, to a small part of their variance.

    Pivoted Cholesky factorisation of their covariance, a whole orbit of the permutations at a time, so that the choice
    is symmetric. Bonded pairs and those that share a neighbour are always kept. Arguments as for `DescriptorKind.make`.
    """
    everything = InverseDistances(len(numbers))
    action = everything.action(torch.as_tensor(permutations)).numpy()
    x = everything(torch.tensor(positions)).numpy()
    left = _symmetric_fluctuations(x, action)
    limit = _UNEXPLAINED * float((left**2).mean())
    graph = bond_graph(numbers, positions)
    near = {d for d, (i, j) in enumerate(everything.entries) if set(graph[i]) & {j, *graph[j]}}
    waiting = sorted(orbits(action.tolist()), key=near.isdisjoint)
    kept: list[int] = []
    while waiting:
        variances = [float((left[:, orbit] ** 2).mean(axis=0).max()) for orbit in waiting]
        chosen = 0 if not near.isdisjoint(waiting[0]) else int(np.argmax(variances))
        if near.isdisjoint(waiting[chosen]) and variances[chosen] < limit:
            break
        orbit = list(waiting.pop(chosen))
        kept += orbit
        directions, values, _ = np.linalg.svd(left[:, orbit], full_matrices=False)
        directions = directions[:, values > 1e-6 * max(float(values.max()), limit)]
        left = left - directions @ (directions.T @ left)
    return InverseDistances(len(numbers), [everything.entries[d] for d in sorted(kept)])


REDUCED = DescriptorKind(reduced_distances, restore_inverse_distances)


def _symmetric_fluctuations(x: Float[np.ndarray, "M D"], action: Int[np.ndarray, "P D"]) -> Float[np.ndarray, "PM D"]:
    """Deviations from the mean over the frames and all their permuted copies."""
    copies = np.concatenate([x[:, p] for p in action])
    return copies - copies.mean(axis=0)
