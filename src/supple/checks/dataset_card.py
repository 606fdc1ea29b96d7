"""The dataset card: what the data are, before anything is said about what is wrong with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from ase.data import chemical_symbols

from supple.checks.context import CheckContext
from supple.checks.coverage import visited
from supple.checks.energy_scale import energies_against_forces
from supple.molecule.conformers import conformers
from supple.molecule.torsions import Torsion, rotatable_torsions, torsion_angles


@dataclass(frozen=True)
class Spread:
    """Some numbers: how many, and how they spread; in `unit`."""

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


@dataclass(frozen=True)
class Card:
    """What a dataset is.

    Attributes:
        name: of the file.
        formula, n_atoms, n_frames: of the molecule, and how many frames.
        units: that the numbers were read in.
        theory: the level of theory, where the file states it.
        energies: in the file's energy unit; None where no frame has one.
        forces: the components, in the file's force unit; None without forces.
        agreement: slope and correlation of the energies against those that the forces give; None where it cannot be told.
        bonds: kind of bond to how many there are and their mean length in Å.
        torsions: each with the stretch that the frames visit.
        conformers: the wells of the torsions that frames are in, and how many.
        symmetries: how many permutations of equal atoms leave the molecule the same.
        symmetry_words: what these do.
        more: the names of what else the file says of each frame.
    """

    name: str
    formula: str
    n_atoms: int
    n_frames: int
    units: str
    theory: str | None
    energies: Spread | None
    forces: Spread | None
    agreement: tuple[float, float] | None
    bonds: dict[str, tuple[int, float]]
    torsions: dict[str, str]
    conformers: list[tuple[str, int]]
    symmetries: int
    symmetry_words: list[str]
    more: list[str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def rows(self) -> list[tuple[str, str]]:
        """Heading and text of each line, for a table."""
        rows = [("molecule", f"{self.formula}, {self.n_atoms} atoms"), ("frames", str(self.n_frames))]
        rows.append(("level of theory", self.theory or "not stated"))
        rows.append(("read in", self.units.replace(",", ", ").replace("=", " ")))
        if self.energies:
            e = self.energies
            known = "" if e.count == self.n_frames else f" ({e.count} of {self.n_frames} known)"
            rows.append(("energies", f"{e.mean:.6g} ± {e.std:.3g} {e.unit}, range {e.high - e.low:.3g}{known}"))
        else:
            rows.append(("energies", "none"))
        if self.forces:
            f = self.forces
            rows.append(("forces", f"± {f.std:.3g} {f.unit}, largest {max(-f.low, f.high):.3g}"))
        else:
            rows.append(("forces", "none"))
        if self.agreement:
            slope, correlation = self.agreement
            rows.append(
                ("energies and forces", f"agree (slope {slope:.2f}, correlation {correlation:.2f})")
                if 0.8 < slope < 1.25 and correlation > 0.7
                else ("energies and forces", f"slope {slope:.3g}, correlation {correlation:.2f} (both should be 1)")
            )
        rows.append(("bonds", ", ".join(f"{n} {kind} ({r:.2f} Å)" for kind, (n, r) in self.bonds.items()) or "none"))
        rows += [("torsion" if k == 0 else "", f"{t}: {where}") for k, (t, where) in enumerate(self.torsions.items())]
        rows += [
            ("conformers" if k == 0 else "", f"{count} frames: {which}")
            for k, (which, count) in enumerate(self.conformers)
        ]
        words = f": {'; '.join(self.symmetry_words)}" if self.symmetry_words else ""
        rows.append(("symmetries", f"{self.symmetries} permutations{words}" if self.symmetries > 1 else "none"))
        if self.more:
            rows.append(("also in the file", ", ".join(self.more)))
        return rows


def card(context: CheckContext) -> Card:
    """The card of a dataset."""
    from supple.molecule.symmetry.description import symmetry_words

    data, units = context.dataset, context.dataset.source.units
    known = data.energies[np.isfinite(data.energies)] / units.energy_in_ev
    torsions = rotatable_torsions(data.numbers, data.positions)
    angles = torsion_angles(data.positions, torsions)
    telling, found = conformers(torsions, angles)
    return Card(
        name=context.name,
        formula=data.formula,
        n_atoms=data.n_atoms,
        n_frames=len(data),
        units=str(units),
        theory=data.source.theory,
        energies=Spread.of(known, units.energy) if len(known) else None,
        forces=None if data.forces is None else _force_spread(context),
        agreement=energies_against_forces(context),
        bonds=_bonds(context),
        torsions={str(t): visited(a, t.period) for t, a in zip(torsions, angles.T, strict=True)},
        conformers=[(_where(telling, c.angles), len(c.frames)) for c in found] if telling else [],
        symmetries=len(context.permutations),
        symmetry_words=symmetry_words(context.graph, context.permutations),
        more=sorted(set(data.extras) - {"file"}),
    )


def _force_spread(context: CheckContext) -> Spread:
    assert context.dataset.forces is not None
    units = context.dataset.source.units
    return Spread.of(context.dataset.forces.ravel() / units.forces_in_ev_per_angstrom, units.forces)


def _bonds(context: CheckContext) -> dict[str, tuple[int, float]]:
    i, j = context.pairs
    bonds = np.flatnonzero(context.usual_bonds)
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


def _where(torsions: list[Torsion], angles: tuple[float, ...]) -> str:
    return ", ".join(f"{torsion} near {angle:.0f}°" for torsion, angle in zip(torsions, angles, strict=True))
