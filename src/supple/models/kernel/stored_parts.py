"""Are the parts of a kernel force field what they must be? A file may have been damaged, or forged.

All checks raise a ValueError that says what is wrong, in a few words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Annotated, Any

import numpy as np
import torch
from jaxtyping import Float, Int
from pydantic import BaseModel, Field
from torch import Tensor

from supple.errors import ResourceError
from supple.models.kernel.matern import KernelName
from supple.molecule.symmetry.permutation_algebra import Atoms
from supple.runtime.machine import GIB, available_memory
from supple.runtime.validation import Positive

#: Sums over a larger group take too long to be of use.
_MOST_PERMUTATIONS = 50_000
#: Terms of a kernel: it takes a millisecond or two to make one.
_MOST_TERMS = 1000
#: Of entries of environments, over all terms and permutations.
_MOST_IMAGES = 200_000_000


class StoredTerm(BaseModel):
    """One term of a kernel: its coefficient, which row of the weights it takes, and the entries of its environment."""

    coefficient: Positive
    weights: Annotated[int, Field(ge=0)]
    entries: tuple[int, ...] | None


class StoredKernel(BaseModel):
    """A kernel without its weights."""

    function: KernelName
    terms: Annotated[tuple[StoredTerm, ...], Field(min_length=1)]


class KernelConfiguration(BaseModel):
    """What a model file holds besides arrays.

    Attributes:
        kernel: between geometries.
        descriptor: configuration of the descriptor.
    """

    kernel: StoredKernel
    descriptor: dict[str, Any] = {}


def require_arrays(n_atoms: int, configuration: KernelConfiguration, arrays: Mapping[str, Tensor]) -> None:
    """Types and shapes that belong together, before anything is made of them that could need much more memory.

    Raises:
        ValueError: they do not.
        ResourceError: the force field needs more memory than is available.
    """
    x, action = arrays["x"], arrays["action"]
    weights = arrays["kernel.weights"]
    for name in ("x", "v", "w", "centre", "scale", "constant", "kernel.weights"):
        if name in arrays and arrays[name].dtype != torch.float64:
            raise ValueError(f"{name} is not in double precision")
    if action.dtype != torch.int64:
        raise ValueError("the permutations are not integers")
    if x.ndim != 2 or action.ndim != 2 or not len(x) or not len(action) or arrays["v"].shape != x.shape:
        raise ValueError("the arrays of the kernel have other shapes than they must have")
    size = x.shape[1]
    if action.shape[1] != size or ("w" in arrays and arrays["w"].shape != x.shape[:1]):
        raise ValueError("the arrays of the kernel do not fit each other")
    if weights.ndim != 2 or weights.shape[1] != size or not ((weights > 0) & weights.isfinite()).all():
        raise ValueError("the weights of the metric are not positive numbers, one for each entry of the descriptor")
    all_pairs = n_atoms * (n_atoms - 1) // 2
    if not configuration.descriptor and size != all_pairs:
        raise ValueError("the arrays of the kernel do not fit the molecule")
    _require_memory(8 * size * (n_atoms + 2 * size))  # the pairs of the descriptor, and the basis of the group
    if not arrays["scale"] > 0:
        raise ValueError("its scale is not positive")


def require_entries(n_atoms: int, entries: Iterable[Atoms]) -> None:
    """Pairs, angles and dihedrals of different atoms of the molecule."""
    for atoms in entries:
        if len(set(atoms)) < len(atoms) or min(atoms) < 0 or max(atoms) >= n_atoms:
            raise ValueError(f"the descriptor has an entry of atoms {', '.join(map(str, atoms))}, which there are not")


def require_environments(
    n_frames: int, kernel: StoredKernel, weights: Float[np.ndarray, "K D"], action: Int[np.ndarray, "P D"]
) -> None:
    """Environments of entries that there are, and weights that the permutations do not change.

    Raises:
        ValueError: they are not.
        ResourceError: the terms need more memory than is available.
    """
    if not (weights[:, action] == weights[:, None]).all():
        raise ValueError("the weights of the metric differ for entries that a permutation exchanges")
    size = action.shape[1]
    if len(kernel.terms) > _MOST_TERMS:
        raise ValueError(f"the kernel has more than {_MOST_TERMS} terms")
    for term in kernel.terms:
        entries = range(size) if term.entries is None else term.entries
        if term.weights >= len(weights) or not entries or len(set(entries)) < len(entries):
            raise ValueError("a term of the kernel has weights or entries that there are not")
        if min(entries) < 0 or max(entries) >= size:
            raise ValueError("a term of the kernel has entries that there are not")
    if sum(len(action) * (size if term.entries is None else len(term.entries)) for term in kernel.terms) > _MOST_IMAGES:
        raise ValueError("the kernel has more environments than are of use")
    _require_memory(2 * 8 * n_frames * sum(_n_entries(term, action) for term in kernel.terms))


def _n_entries(term: StoredTerm, action: Int[np.ndarray, "P D"]) -> int:
    """Entries of all environments of a term: E·d."""
    if term.entries is None:
        return action.shape[1]
    return np.unique(np.sort(action[:, list(term.entries)], axis=1), axis=0).size


def _require_memory(needed: int) -> None:
    if needed > available_memory():
        raise ResourceError(f"This force field needs {needed / GIB:.1f} GiB of memory to load, more than is available.")


def require_finite_numbers(configuration: Mapping[str, Any]) -> None:
    """Weights of a descriptor that are positive and finite."""
    for name, value in configuration.items():
        if name.endswith("_weight") and type(value) not in (int, float):
            raise ValueError(f"the {name} of the descriptor is no number")
        if isinstance(value, int | float) and not 0 < value < 1e300:  # there are whole numbers above all others
            raise ValueError(f"the {name} of the descriptor is {value}")


def require_symmetries(numbers: Int[np.ndarray, "N"], entries: Sequence[Atoms], action: Int[np.ndarray, "P D"]) -> None:
    """A group of permutations of the entries, each of which follows from one of equal atoms.

    Args:
        numbers: atomic numbers.
        entries: the atoms of each entry of the descriptor.
        action: the permutations of the entries.
    """
    require_group(action)
    for atoms, places in _by_length(entries):
        images = [entries[d] for d in action[:, places].ravel().tolist()]
        if any(len(image) != atoms.shape[1] for image in images):
            raise ValueError("a permutation takes distances to angles")
        moved = np.array(images).reshape(len(action), *atoms.shape)
        if not _same_either_way(numbers[moved], numbers[atoms][None]):
            raise ValueError("a permutation takes atoms to those of another element")
        if atoms.shape[1] == 2 and (permutations := _of_atoms(len(numbers), atoms, moved)) is not None:
            for others, their_places in _by_length(entries):
                images_there = np.array([entries[d] for d in action[:, their_places].ravel().tolist()])
                if not _same_either_way(images_there.reshape(len(action), *others.shape), permutations[:, others]):
                    raise ValueError("a permutation of the descriptor is none of atoms")


def require_group(action: Int[np.ndarray, "P D"]) -> None:
    """Permutations, as rows, that form a group; each may occur several times, all equally often."""
    identity = np.arange(action.shape[1], dtype=np.int64)
    if not np.array_equal(np.sort(action, axis=1), np.broadcast_to(identity, action.shape)):
        raise ValueError("a permutation has an entry twice, or one that there is not")
    counts = Counter(row.tobytes() for row in action)
    if len(counts) > _MOST_PERMUTATIONS:
        raise ValueError(f"it has more than {_MOST_PERMUTATIONS} permutations")
    if identity.tobytes() not in counts or len(set(counts.values())) > 1:
        raise ValueError("its permutations form no group")
    # They form one if they are all that some of them, the generators, give when multiplied in any way.
    generators: list[Int[np.ndarray, "D"]] = []
    generated = {identity.tobytes()}
    for row in action:
        if row.tobytes() not in generated:
            generators.append(row)
            generated = _products(generators, counts.keys())
            if not generated <= counts.keys():
                raise ValueError("its permutations form no group")


def _products(generators: list[Int[np.ndarray, "D"]], members: Set[bytes]) -> set[bytes]:
    """All products of permutations, as bytes; no more than those of `members` and a few others."""
    latest = np.arange(len(generators[0]), dtype=np.int64)[None]
    found = {latest[0].tobytes()}
    while len(latest) and found <= members:
        products = {row.tobytes(): row for generator in generators for row in latest[:, generator]}
        latest = np.array([row for key, row in products.items() if key not in found]).reshape(-1, latest.shape[1])
        found |= products.keys()
    return found


def _by_length(entries: Sequence[Atoms]) -> list[tuple[Int[np.ndarray, "K L"], Int[np.ndarray, "K"]]]:
    """Pairs, angles and dihedrals apart: their atoms and their places among the entries; pairs first."""
    lengths = np.array([len(atoms) for atoms in entries])
    groups = [(length, np.flatnonzero(lengths == length)) for length in sorted(set(lengths.tolist()))]
    return [(np.array([entries[d] for d in places.tolist()]), places) for _, places in groups]


def _same_either_way(first: Int[np.ndarray, "... L"], second: Int[np.ndarray, "... L"]) -> bool:
    """Whether the last axes are equal, read forwards or backwards."""
    forwards, backwards = (first == second).all(axis=-1), (first == second[..., ::-1]).all(axis=-1)
    return bool((forwards | backwards).all())


def _of_atoms(
    n_atoms: int, pairs: Int[np.ndarray, "K 2"], moved: Int[np.ndarray, "P K 2"]
) -> Int[np.ndarray, "P N"] | None:
    """The permutations of atoms that move pairs so; None where an atom is in fewer than two pairs.

    An atom goes where the images of two of its pairs meet.
    """
    permutations = np.empty((len(moved), n_atoms), dtype=np.int64)
    for atom in range(n_atoms):
        own = np.flatnonzero((pairs == atom).any(axis=1))[:2]
        if len(own) < 2:
            return None
        first, second = moved[:, own[0]], moved[:, own[1]]
        meets = (first[:, :, None] == second[:, None, :]).any(axis=2)
        if not (meets.sum(axis=1) == 1).all():
            raise ValueError("a permutation of the descriptor is none of atoms")
        permutations[:, atom] = first[meets]
    return permutations
