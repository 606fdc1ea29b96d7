"""Geometries in any order of their atoms, arranged in that of a force field; and results returned in theirs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from supple.data.dataset import Dataset
from supple.data.elements import hill_formula
from supple.errors import MoleculeError
from supple.molecule.atom_order import matching_order
from supple.molecule.bonds import bonded_pairs, pair_distances

if TYPE_CHECKING:
    from supple.models.potential import Potential


@dataclass(frozen=True, eq=False)
class Arrangement:
    """For M geometries, the order in which their atoms are those of the force field.

    Attributes:
        orders: indices of atoms, shape (M, N): row m of `positions` becomes `positions[m, orders[m]]`.
        unlike: the geometries whose bonds, in any order, are not those of the training frames.
    """

    orders: Int[np.ndarray, "M N"]
    unlike: Bool[np.ndarray, "M"]

    @property
    def exchanged(self) -> Bool[np.ndarray, "M"]:
        """The geometries whose atoms are in another order than those of the force field."""
        return np.asarray((self.orders != np.arange(self.orders.shape[1])).any(axis=1))

    def arranged(self, vectors: Float[np.ndarray, "M N 3"]) -> Float[np.ndarray, "M N 3"]:
        """Positions or forces of the geometries, in the order of the force field."""
        return np.take_along_axis(vectors, self.orders[:, :, None], axis=1) if self.exchanged.any() else vectors

    def returned(self, vectors: Float[np.ndarray, "M N *C"]) -> Float[np.ndarray, "M N *C"]:
        """Vectors or numbers of atoms that the force field gave, in the order of the geometries."""
        if not self.exchanged.any():
            return vectors
        out = np.empty_like(vectors)
        orders = self.orders.reshape(*self.orders.shape, *[1] * (vectors.ndim - 2))
        np.put_along_axis(out, orders, vectors, axis=1)
        return out

    def of_dataset(self, dataset: Dataset, potential: Potential) -> Dataset:
        """The frames of the geometries, in the order of the force field; without extras if the order changes."""
        if not self.exchanged.any():
            return dataset
        forces = None if dataset.forces is None else self.arranged(dataset.forces)
        positions = self.arranged(dataset.positions)
        return replace(dataset, numbers=potential.numbers, positions=positions, forces=forces, extras={})

    def notes(self, name: str, results: str) -> list[str]:
        """Sentences about geometries that are not as the force field expects them.

        Args:
            name: of their file.
            results: in whose order the results are, for instance "the file".
        """
        notes, (n_exchanged, n_unlike) = [], (int(self.exchanged.sum()), int(self.unlike.sum()))
        if n_exchanged:
            order = self.orders[int(np.flatnonzero(self.exchanged)[0])]
            notes.append(
                f"{_frames(n_exchanged, len(self.orders))} of {name} have their atoms in another order than the force field: "
                f"they were recognised by their bonds (it takes them in the order {in_words(order)}), and the results have the "
                f"order of {results}."
            )
        if n_unlike:
            first = int(np.flatnonzero(self.unlike)[0])
            notes.append(
                f"{_frames(n_unlike, len(self.orders))} of {name}, the first of them frame {first}, have bonds that the training "
                "frames do not have: the force field may be far off there."
            )
        return notes


def arrange(
    potential: Potential, numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], name: str
) -> Arrangement:
    """Find the order of the atoms of each geometry, by its bonds.

    A geometry with the bonds of no order of the molecule, as in a reaction, is taken as it is. So is every geometry if the
    connectivity of the training frames is not known, as in model files of older versions.

    Args:
        potential: the force field.
        numbers: atomic numbers of the geometries.
        positions: Å.
        name: of the geometries, for messages.

    Raises:
        MoleculeError: the elements are those of another molecule, or are in another order that no bonds explain.
    """
    same = np.array_equal(numbers, potential.numbers)
    if not same and sorted(numbers) != sorted(potential.numbers):
        raise another_molecule(potential, numbers, name)
    own = np.arange(len(numbers))
    orders = np.tile(own, (len(positions), 1))
    connectivity = potential.connectivity
    if connectivity is None or not len(positions):
        if not same:
            raise another_order(potential, numbers, name)
        return Arrangement(orders, np.zeros(len(positions), dtype=bool))
    compared = connectivity.compare(potential.numbers, positions) if same else None
    unlike = np.ones(len(positions), dtype=bool) if compared is None else compared.unlike
    suspected = unlike if compared is None else compared.exchanged
    known: list[Int[np.ndarray, "N"]] = []
    hopeless: set[bytes] = set()
    for m in np.flatnonzero(suspected):
        order = next(
            (o for o in known if not connectivity.compare(potential.numbers, positions[m, o][None]).unlike[0]), None
        )
        if order is None:
            bonds = bonded_pairs(numbers, pair_distances(positions[m][None])).tobytes()
            order = (
                None if bonds in hopeless else matching_order(connectivity, numbers, positions[m], potential.numbers)
            )
            if order is None:
                hopeless.add(bonds)
                continue
            known.append(order)
        orders[m], unlike[m] = order, False
    if not same and unlike.any():
        if not known:
            raise another_order(potential, numbers, name)
        commonest, _ = Counter(map(tuple, orders[~unlike].tolist())).most_common(1)[0]
        orders[unlike] = commonest
    return Arrangement(orders, unlike)


def another_molecule(potential: Potential, numbers: Int[np.ndarray, "N"], name: str) -> MoleculeError:
    """The error for geometries of another molecule."""
    return MoleculeError(
        f"{name} contains {hill_formula(numbers)}, but the force field was trained on {hill_formula(potential.numbers)} and "
        "describes no other molecule."
    )


def another_order(potential: Potential, numbers: Int[np.ndarray, "N"], name: str) -> MoleculeError:
    """The error for geometries whose elements are in another order, for which there is no explanation."""
    ours, theirs = (Dataset.of(z, np.zeros((0, len(z), 3))).symbols for z in (potential.numbers, numbers))
    first = int(np.flatnonzero(potential.numbers != numbers)[0])
    return MoleculeError(
        f"{name} has the atoms of {hill_formula(numbers)} in another order than the force field: atom {first + 1} is "
        f"{theirs[first]} there and {ours[first]} in the force field; a force field describes one molecule in one order of its "
        "atoms, so reorder them."
    )


def require_order(potential: Potential, dataset: Dataset) -> None:
    """Refuse geometries of another molecule, or in another order of the atoms, equal ones included.

    Raises:
        MoleculeError: they are; the sentence gives the order, if the bonds show it.
    """
    arrangement = arrange(potential, dataset.numbers, dataset.positions, dataset.source.name)
    for frame in np.flatnonzero(arrangement.exchanged)[:1]:
        raise MoleculeError(
            f"Frame {frame} of {dataset.source.name} has its atoms in another order than the force field: give them in the "
            f"order {in_words(arrangement.orders[frame])}."
        )


def in_words(order: Int[np.ndarray, "N"]) -> str:
    """An order as people count atoms, from 1."""
    return " ".join(str(i + 1) for i in order.tolist())


def _frames(count: int, total: int) -> str:
    return f"All {total} frames" if count == total > 1 else f"{count} of {total} frames"
