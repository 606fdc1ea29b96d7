"""The dataset card: a summary of the data, without the findings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from ase.data import chemical_symbols

from supple.checks.agreement import energies_against_forces
from supple.checks.context import CheckContext
from supple.checks.torsion_bins import TorsionBins
from supple.molecule.conformers import conformers
from supple.molecule.symmetry.description import SymmetryDescription, describe_symmetry
from supple.molecule.torsion_symmetry import mirrored_torsions, torsion_symmetries
from supple.molecule.torsions import Torsion, rotatable_torsions, torsion_angles
from supple.runtime.rounding import rounded


class SpreadData(TypedDict):
    """A spread as JSON."""

    count: int
    unit: str
    mean: float
    std: float
    low: float
    high: float


class CardData(TypedDict):
    """A card as JSON."""

    name: str
    formula: str
    n_atoms: int
    n_frames: int
    units: str
    theory: str | None
    charge: str | None
    multiplicity: str | None
    energies: SpreadData | None
    forces: SpreadData | None
    agreement: tuple[float, float] | None
    bonds: dict[str, tuple[int, float]]
    torsions: dict[str, str]
    conformers: list[tuple[str, int]]
    symmetries: int
    symmetry_words: list[str]
    all_symmetries: int
    symmetries_left_out: list[str]
    more: list[str]


@dataclass(frozen=True)
class Spread:
    """Some numbers: how many, and how they are distributed; in `unit`."""

    count: int
    unit: str
    mean: float
    std: float
    low: float
    high: float

    @classmethod
    def of(cls, values: np.ndarray, unit: str) -> Spread:
        """The spread of at least one number."""
        low, high = float(values.min()), float(values.max())
        return cls(len(values), unit, float(values.mean()), float(values.std()), low, high)

    def as_dict(self) -> SpreadData:
        """For JSON."""
        return {
            "count": self.count,
            "unit": self.unit,
            "mean": self.mean,
            "std": self.std,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True)
class Card:
    """What a dataset is.

    Attributes:
        name: of the file.
        formula, n_atoms, n_frames: of the molecule, and the number of frames.
        units: in which the numbers were read.
        theory: the level of theory, where the file states it.
        charge, multiplicity: of the molecule, where the file states them and all frames have the same.
        energies: in the file's energy unit; None where no frame has one.
        forces: the components, in the file's force unit; None without forces.
        agreement: slope and correlation of the energies against those implied by the forces; None where unknown.
        bonds: for each kind of bond how many there are, and their mean length in Å.
        torsions: for each torsion the range that the frames cover.
        conformers: combinations of wells of the torsions, and the number of frames in each.
        symmetry: the permutation symmetries.
        other_data: names of the other data that the file has for each frame.
    """

    name: str
    formula: str
    n_atoms: int
    n_frames: int
    units: str
    theory: str | None
    charge: str | None
    multiplicity: str | None
    energies: Spread | None
    forces: Spread | None
    agreement: tuple[float, float] | None
    bonds: dict[str, tuple[int, float]]
    torsions: dict[str, str]
    conformers: list[tuple[str, int]]
    symmetry: SymmetryDescription
    other_data: list[str]

    def as_dict(self) -> CardData:
        """For JSON."""
        return {
            "name": self.name,
            "formula": self.formula,
            "n_atoms": self.n_atoms,
            "n_frames": self.n_frames,
            "units": self.units,
            "theory": self.theory,
            "charge": self.charge,
            "multiplicity": self.multiplicity,
            "energies": self.energies.as_dict() if self.energies else None,
            "forces": self.forces.as_dict() if self.forces else None,
            "agreement": self.agreement,
            "bonds": self.bonds,
            "torsions": self.torsions,
            "conformers": self.conformers,
            "symmetries": self.symmetry.order,
            "symmetry_words": [*self.symmetry.equivalent_atoms, *self.symmetry.motions],
            "all_symmetries": self.symmetry.full_order,
            "symmetries_left_out": list(self.symmetry.left_out),
            "more": self.other_data,
        }

    def rows(self) -> list[tuple[str, str]]:
        """Heading and text of each line, for a table."""
        torsions = [f"{torsion}: {covered}" for torsion, covered in self.torsions.items()]
        found = [f"{count} frames: {which}" for which, count in self.conformers]
        return [
            ("molecule", f"{self.formula}, {self.n_atoms} atoms"),
            ("frames", str(self.n_frames)),
            ("level of theory", self._stated("theory", self.theory) or "not stated"),
            *(
                (name, text)
                for name, value in (("charge", self.charge), ("multiplicity", self.multiplicity))
                if (text := self._stated(name, value))
            ),
            ("units", self.units.replace(",", ", ").replace("=", " ")),
            ("energies", self._energies()),
            ("forces", self._forces()),
            *([("energies and forces", _agreement(*self.agreement))] if self.agreement else []),
            ("bonds", ", ".join(f"{n} {kind} ({r:.2f} Å)" for kind, (n, r) in self.bonds.items()) or "none"),
            *(("torsions" if k == 0 else "", text) for k, text in enumerate(torsions)),
            *(("conformers" if k == 0 else "", text) for k, text in enumerate(found)),
            ("symmetry", str(self.symmetry)),
            *([("also in the file", ", ".join(self.other_data))] if self.other_data else []),
        ]

    def _stated(self, name: str, value: str | None) -> str | None:
        """What the file states of all frames, or that it differs between them; None where it states nothing."""
        return value or ("differs between frames" if name in self.other_data else None)

    def _energies(self) -> str:
        if self.energies is None:
            return "none"
        e = self.energies
        known = "" if e.count == self.n_frames else f" ({e.count} of {self.n_frames} frames)"
        return (
            f"mean {e.mean:.6g} {e.unit}, standard deviation {rounded(e.std)}, range {rounded(e.high - e.low)}{known}"
        )

    def _forces(self) -> str:
        if self.forces is None:
            return "none"
        f = self.forces
        return f"standard deviation {rounded(f.std)} {f.unit}, largest component {rounded(max(-f.low, f.high))}"


def card(context: CheckContext) -> Card:
    """The card of a dataset."""
    data, units = context.dataset, context.dataset.source.units
    energies = data.energies[np.isfinite(data.energies)] / units.energy_in_ev
    torsions = rotatable_torsions(data.numbers, data.positions)
    angles = torsion_angles(data.positions, torsions)
    symmetries = torsion_symmetries(data.numbers, data.positions, torsions)
    distinctive, found = conformers(torsions, angles, symmetries)
    mirrored = mirrored_torsions(symmetries, len(torsions))
    return Card(
        name=context.name,
        formula=data.formula,
        n_atoms=data.n_atoms,
        n_frames=len(data),
        units=str(units),
        theory=data.source.theory,
        charge=data.source.about.get("charge"),
        multiplicity=data.source.about.get("multiplicity"),
        energies=Spread.of(energies, units.energy) if len(energies) else None,
        forces=None if data.forces is None else _force_spread(context),
        agreement=energies_against_forces(context),
        bonds=_bonds(context),
        torsions={
            str(t): TorsionBins(t.period, both).covered(a)
            for t, a, both in zip(torsions, angles.T, mirrored, strict=True)
        },
        conformers=[(_wells(distinctive, c.angles), len(c.frames)) for c in found] if distinctive else [],
        symmetry=describe_symmetry(context.graph, context.symmetries),
        other_data=sorted(set(data.extras) - {"file"}),
    )


def _agreement(slope: float, correlation: float) -> str:
    if 0.8 < slope < 1.25 and correlation > 0.7:
        return f"agree (slope {slope:.2f}, correlation {correlation:.2f})"
    return f"slope {rounded(slope)}, correlation {correlation:.2f} (both should be 1)"


def _force_spread(context: CheckContext) -> Spread:
    assert context.dataset.forces is not None
    units = context.dataset.source.units
    return Spread.of(context.dataset.forces.ravel() / units.forces_in_ev_per_angstrom, units.forces)


def _bonds(context: CheckContext) -> dict[str, tuple[int, float]]:
    i, j = context.pairs
    bonds = np.flatnonzero(context.molecule_bonds)
    numbers = context.dataset.numbers
    kinds = [
        "-".join(chemical_symbols[z] for z in sorted((int(numbers[i[b]]), int(numbers[j[b]])), reverse=True))
        for b in bonds
    ]
    lengths = np.median(context.distances[:, bonds], axis=0)
    return {
        kind: (count, float(np.mean([r for r, k in zip(lengths, kinds, strict=True) if k == kind])))
        for kind, count in Counter(kinds).most_common()
    }


def _wells(torsions: list[Torsion], angles: tuple[float, ...]) -> str:
    return ", ".join(f"{torsion} near {angle:.0f}°" for torsion, angle in zip(torsions, angles, strict=True))
