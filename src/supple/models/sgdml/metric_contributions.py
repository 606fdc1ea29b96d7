"""What a metric says about a molecule: which distances, angles and torsions make two of its geometries different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import torch
from ase.data import chemical_symbols
from jaxtyping import Float, Int
from pydantic import AfterValidator, BaseModel, ConfigDict

from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.provenance import PlainText
from supple.models.sgdml.metric_parameters import MetricParameters
from supple.molecule.symmetry.permutation_algebra import Atoms
from supple.runtime.validation import Count, NonNegative

_NAMES = {3: "angles", 4: "dihedrals"}
#: By which the shares of a family may differ from 1 in total.
_ROUNDING = 1e-6


class Contribution(BaseModel):
    """The part of equivalent entries in the mean squared distance between geometries.

    Attributes:
        family: of terms, in words.
        kind: of entry: bonds, 1-3 distances, ..., angles, dihedrals.
        atoms: of the first of the entries, as `C1-C2-O3`.
        count: how many entries are equivalent.
        weight: w.
        share: in the squared distance of this family, between 0 and 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    family: PlainText
    kind: PlainText
    atoms: PlainText
    count: Count
    weight: NonNegative
    share: NonNegative


def contributions(
    parameters: MetricParameters,
    kernel: MolecularKernel,
    x: Float[torch.Tensor, "M D"],
    numbers: Int[np.ndarray, "N"],
) -> list[Contribution]:
    """Of all orbits of entries in all families, the largest first within each family.

    Args:
        parameters: of the metric.
        kernel: the metric.
        x: descriptors of some frames.
        numbers: atomic numbers.
    """
    variance = x.var(dim=0).numpy()
    found = []
    for k, radius in enumerate(parameters.radii):
        times = np.zeros(len(variance))
        for term, family in zip(parameters.terms, parameters.family, strict=True):
            if family == k:
                np.add.at(times, term.environments.numpy().ravel(), 1)
        parts = kernel.weights[k].numpy() ** 2 * variance * times
        total = float(parts.sum())
        of_family = []
        for orbit in range(parameters.n_orbits):
            entries = np.flatnonzero((parameters.orbit == orbit) & (times > 0))
            if len(entries) == 0 or total == 0:
                continue
            atoms = parameters.entries[entries[0]]
            of_family.append(
                Contribution(
                    family=family_name(radius),
                    kind=kind_name(int(parameters.kinds[entries[0]]), atoms),
                    atoms="-".join(f"{chemical_symbols[numbers[a]]}{a + 1}" for a in atoms),
                    count=len(entries),
                    weight=float(kernel.weights[k, entries[0]]),
                    share=float(parts[entries].sum()) / total,
                )
            )
        found += sorted(of_family, key=lambda one: -one.share)
    return found


def family_name(radius: int | None) -> str:
    """The environments of a family, in words."""
    if radius is None:
        return "whole molecule"
    return f"{radius} bond{'s' if radius > 1 else ''} around each atom"


def kind_name(kind: int, atoms: Atoms) -> str:
    """The kind of an entry, in words."""
    if len(atoms) != 2:
        return _NAMES.get(len(atoms), f"{len(atoms)} atoms")
    return "bonds" if kind == 0 else f"1-{kind + 2} distances" if kind < 5 else "distances farther apart"


#: The kinds of entries in words, in the order of tables and figures.
KINDS = (*(kind_name(kind, (0, 1)) for kind in range(6)), *_NAMES.values())


def by_kind(found: Sequence[Contribution]) -> dict[str, dict[str, float]]:
    """The shares of each kind, by family."""
    shares: dict[str, dict[str, float]] = {}
    for one in found:
        kinds = shares.setdefault(one.family, {})
        kinds[one.kind] = kinds.get(one.kind, 0.0) + one.share
    return shares


def contribution_sentence(found: Sequence[Contribution]) -> str:
    """What the metric finds different, in a sentence."""
    families = []
    for family, kinds in by_kind(found).items():
        largest = sorted(kinds.items(), key=lambda pair: -pair[1])[:4]
        families.append(f"{family}: " + ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in largest))
    return f"Shares of the squared distance between geometries: {'; '.join(families)}."


def recorded_contributions(settings: Mapping[str, object]) -> list[Contribution]:
    """Those in the settings that a training recorded; none where it learned no metric, or was by an older version.

    Raises:
        pydantic.ValidationError: they are damaged.
    """
    return _Recorded.model_validate(settings).contributions


def _whole(found: list[Contribution]) -> list[Contribution]:
    for family, kinds in by_kind(found).items():
        if abs(sum(kinds.values()) - 1) > _ROUNDING:
            raise ValueError(f"the shares of '{family}' do not add up to 1")
    return found


class _Recorded(BaseModel):
    """The part of a training's settings that is about the metric."""

    contributions: Annotated[list[Contribution], AfterValidator(_whole)] = []
