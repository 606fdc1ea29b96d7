"""Geometries relaxed to minima, and how many different ones there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from jaxtyping import Float, Int

from supple.data.dataset import Dataset
from supple.models.potential import Potential
from supple.molecule.bonds import frequent_bonds
from supple.runtime.progress import SILENCE, Progress
from supple.sampling.context import first_line
from supple.sampling.modes import normal_modes, wavenumbers
from supple.simulation.relaxation.bench import ForceFieldBench

#: Å and eV; minima nearer than this, and as deep within this, are one.
_SAME, _AS_DEEP = 0.05, 2e-3


@dataclass(frozen=True, eq=False)
class Minimum:
    """What a geometry relaxed to.

    Attributes:
        frame: of the file that it began from.
        positions: Å, shape (N, 3).
        energy: eV.
        forces: eV/Å, shape (N, 3).
        settled: whether the forces are as small as was asked for.
        conformer: counted from 1, the lowest first; mirror images are one.
        remark: what else there is to say: that a bond broke.
        wavenumbers: harmonic, cm⁻¹, imaginary ones negative, shape (V,); for the lowest of each conformer, where asked for.
    """

    frame: int
    positions: Float[np.ndarray, "N 3"]
    energy: float
    forces: Float[np.ndarray, "N 3"]
    settled: bool
    conformer: int = 0
    remark: str | None = None
    wavenumbers: Float[np.ndarray, "V"] | None = None

    def __repr__(self) -> str:
        end = "" if self.settled else ", not at rest"
        return f"<conformer {self.conformer}, {self.energy:.4f} eV, from frame {self.frame}{end}>"


def relax(
    potential: Potential,
    geometries: Dataset,
    fmax: float = 0.001,
    steps: int = 1000,
    *,
    frequencies: bool = False,
    progress: Progress = SILENCE,
) -> list[Minimum]:
    """Relax each geometry by BFGS; the lowest first.

    Args:
        potential: the force field.
        geometries: where to begin.
        fmax: eV/Å; no force on an atom is larger at the end.
        steps: of each relaxation at most.
        frequencies: whether the harmonic frequencies of each conformer are wanted.
        progress: listens.

    Raises:
        MoleculeError: the geometries are of another molecule or atom order.
    """
    potential.require_molecule(geometries)
    found = []
    for k, (frame, start) in enumerate(zip(geometries.frames, geometries.positions, strict=True)):
        progress.step("Relaxing", k, len(geometries))
        found.append(_relaxed(potential, int(frame), start, fmax, steps))
    progress.step("Relaxing", len(geometries), len(geometries))
    found.sort(key=lambda one: one.energy)
    labels = conformers_of(potential.numbers, found)
    made = []
    for k, (one, label) in enumerate(zip(found, labels, strict=True)):
        lowest = label not in labels[:k]
        cm = _wavenumbers(potential, one) if frequencies and lowest and np.isfinite(one.energy) else None
        made.append(Minimum(one.frame, one.positions, one.energy, one.forces, one.settled, label, one.remark, cm))
    return made


def conformers_of(numbers: Int[np.ndarray, "N"], minima: Sequence[Minimum]) -> list[int]:
    """The conformer of each minimum, counted from 1 in the order in which they come.

    Judged by distances of pairs of the same elements, sorted: neither equal atoms that changed places nor a mirror make another.
    """
    marks = [_mark(numbers, one.positions) for one in minima]
    first: list[int] = []
    labels = []
    for k, one in enumerate(minima):
        for c, other in enumerate(first):
            alike = float(np.abs(marks[k] - marks[other]).max(initial=0.0)) < _SAME
            if alike and abs(one.energy - minima[other].energy) < _AS_DEEP:
                labels.append(c + 1)
                break
        else:
            first.append(k)
            labels.append(len(first))
    return labels


def _relaxed(potential: Potential, frame: int, start: Float[np.ndarray, "N 3"], fmax: float, steps: int) -> Minimum:
    bench = ForceFieldBench.of(potential, start)
    try:
        molecule, settled = bench.relaxed(bench.start(), fmax, steps)
        energies, forces = potential.predict(molecule.positions[None])
        if not (np.isfinite(energies).all() and np.isfinite(forces).all()):
            raise ArithmeticError("energy or forces are not finite")
    except Exception as error:  # an optimiser that is led astray raises anything
        none = np.full(start.shape, np.nan)
        return Minimum(frame, start, np.inf, none, False, remark=f"the relaxation ended: {first_line(error)}")
    largest = float(np.linalg.norm(forces[0], axis=1).max())
    remark = None if settled else f"{largest:.2g} eV/Å are left after {steps} steps"
    broken = _changed_bonds(potential.numbers, start, molecule.positions)
    if broken:
        remark = "; ".join(filter(None, [remark, f"{broken}: the force field does not know that region"]))
    return Minimum(frame, molecule.positions, float(energies[0]), forces[0], settled, remark=remark)


def _changed_bonds(
    numbers: Int[np.ndarray, "N"], before: Float[np.ndarray, "N 3"], after: Float[np.ndarray, "N 3"]
) -> str | None:
    """What became of bonds: the first that broke or was made."""
    old, new = frequent_bonds(numbers, before[None]), frequent_bonds(numbers, after[None])
    changed = np.argwhere(np.triu(old != new))
    if not len(changed):
        return None
    i, j = changed[0]
    what = "broke" if old[i, j] else "was made"
    return f"the bond {chemical_symbols[numbers[i]]}{i + 1}-{chemical_symbols[numbers[j]]}{j + 1} {what}"


def _wavenumbers(potential: Potential, one: Minimum) -> Float[np.ndarray, "V"]:
    frequencies, _ = normal_modes(Atoms(potential.numbers, one.positions), ForceFieldBench.of(potential, one.positions))
    return wavenumbers(frequencies)


def _mark(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "D"]:
    i, j = np.triu_indices(len(numbers), 1)
    r = np.linalg.norm(positions[i] - positions[j], axis=1)
    low, high = np.minimum(numbers[i], numbers[j]), np.maximum(numbers[i], numbers[j])
    kinds = combinations_with_replacement(sorted(set(numbers.tolist())), 2)
    return np.concatenate([np.sort(r[(low == a) & (high == b)]) for a, b in kinds])
