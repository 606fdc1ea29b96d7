"""Explore: the geometries that a molecule can reach at a temperature, found by a cheap method.

1. Conformers: the molecule with its rotors turned in all ways, and, of SMILES, the conformers that RDKit proposes, are relaxed.
2. Barriers: every torsion is scanned from every conformer, in both directions, everything else relaxed, as far as the temperature reaches. A minimum of
   a scan is relaxed: what is new joins the conformers, and is scanned as well, until nothing new is found.
3. Surroundings: thermal displacements along the normal modes of each conformer, and short dynamics from each conformer and point of a scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms, units
from jaxtyping import Bool, Float, Int

from supple.data.dataset import Dataset
from supple.data.elements import hill_formula
from supple.errors import CalculationError
from supple.methods.label_store import geometry_key
from supple.methods.level import Level
from supple.molecule.bonds import bonded_pairs, pair_distances
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.sampling.exploration.conformer_search import Found, find_conformers
from supple.sampling.exploration.kept_results import KeptResults
from supple.sampling.exploration.starts import starting_geometries
from supple.sampling.exploration.surroundings import Piece, surroundings
from supple.sampling.molecules import starting_geometry

#: What a temperature reaches, in kT above the lowest conformer: conformers of a population of 5e-5, ...
CONFORMERS = 10.0
#: ... and barriers that are crossed about once in ten nanoseconds.
BARRIERS = 14.0


@dataclass(frozen=True, eq=False)
class Explored:
    """What was found; frames that lost or gained bonds are left out.

    Attributes:
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3).
        energies: of the cheap method, eV, shape (M,).
        origins: of each frame: `conformer 1`, `scan of O1-C2-C3-F4 from conformer 2`, `modes of conformer 1`, `dynamics from ...`.
        values: the angle of a scan, degrees, shape (M,); NaN elsewhere.
        notes: what was left out, or could not be calculated.
    """

    numbers: Int[np.ndarray, "N"]
    positions: Float[np.ndarray, "M N 3"]
    energies: Float[np.ndarray, "M"]
    origins: tuple[str, ...]
    values: Float[np.ndarray, "M"]
    notes: tuple[str, ...] = ()

    @property
    def conformers(self) -> Int[np.ndarray, "C"]:
        """The frames that are conformers, the lowest first."""
        return np.array([m for m, origin in enumerate(self.origins) if origin.startswith("conformer")], dtype=np.int64)

    def select(self, chosen: Bool[np.ndarray, "M"]) -> Explored:
        """Some of the frames."""
        some = np.flatnonzero(chosen)
        origins = tuple(self.origins[m] for m in some)
        return Explored(self.numbers, self.positions[some], self.energies[some], origins, self.values[some], self.notes)

    def dataset(self, name: str = "explored") -> Dataset:
        """The frames, without forces."""
        return Dataset.of(
            self.numbers, self.positions, self.energies, name=name, extras={"origin": np.array(self.origins)}
        )


def explore(
    molecule: str,
    drive: Level,
    temperature: float,
    *,
    frames: int = 1000,
    seed: int = 0,
    folder: Path | None = None,
    progress: Progress = NO_PROGRESS,
) -> Explored:
    """Explore a molecule.

    Args:
        molecule: a bundled name, SMILES, or a file of geometries, of which the first counts.
        drive: the cheap method, with the charge and multiplicity of the molecule.
        temperature: K, which decides how high conformers and barriers are followed.
        frames: about how many geometries to draw about conformers and along scans.
        seed: of all random numbers; the same seed gives the same geometries.
        folder: in which each result is kept as soon as it is there, so that the same call goes on after an interruption; the user's
            caches when None.
        progress: receives notes and steps.

    Raises:
        SettingsError, DataError: the molecule or the method is unknown or not installed.
        CalculationError: no geometry could be relaxed.
    """
    start = starting_geometry(molecule, seed)
    numbers = start.numbers
    starts = starting_geometries(molecule, start, seed)
    identity = drive.identity(numbers) | {
        "explored": geometry_key(np.stack([one.positions for one in starts])),
        "temperature": temperature,
        "seed": seed,
    }
    kept = KeptResults(folder, f"{drive.name}-{hill_formula(numbers)}-explored", identity)
    thermal = units.kB * temperature
    with kept.claimed():
        found = find_conformers(starts, drive, CONFORMERS * thermal, BARRIERS * thermal, kept, progress)
        if not found.conformers:
            reason = f": {found.failures[0]}" if found.failures else ""
            raise CalculationError(f"{drive.name} relaxes no geometry of {molecule}{reason}.")
        pieces = surroundings(found, drive, temperature, frames, seed, kept, progress)
    return _collected(numbers, found, pieces, start)


def _collected(numbers: Int[np.ndarray, "N"], found: Found, pieces: Sequence[Piece], start: Atoms) -> Explored:
    """All geometries with the bonds of the molecule."""
    rows = [
        *((one.positions, one.energy, f"conformer {k}", np.nan) for k, one in enumerate(found.conformers, start=1)),
        *((one.positions, one.energy, one.origin, one.value) for one in found.points),
        *(
            (positions, energy, piece.origin, np.nan)
            for piece in pieces
            for positions, energy in zip(piece.positions, piece.energies, strict=True)
        ),
    ]
    positions = np.stack([row[0] for row in rows])
    whole = _same_bonds(numbers, positions, start.positions)
    lost = int((~whole).sum())
    notes = [*found.notes]
    if lost:
        notes.append(f"{lost} of {len(rows)} geometries have other bonds than the molecule, and are left out.")
    failures = [*found.failures, *(piece.failure for piece in pieces if piece.failure)]
    if failures:
        notes.append(
            f"{len(failures)} relaxations, scans or trajectories failed, the first because of this: {failures[0]}."
        )
    chosen = np.flatnonzero(whole)
    return Explored(
        numbers,
        positions[chosen],
        np.array([rows[m][1] for m in chosen]),
        tuple(rows[m][2] for m in chosen),
        np.array([rows[m][3] for m in chosen]),
        tuple(notes),
    )


def _same_bonds(
    numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], of: Float[np.ndarray, "N 3"]
) -> Bool[np.ndarray, "M"]:
    bonded = bonded_pairs(numbers, pair_distances(np.concatenate([of[None], positions])))
    return np.asarray((bonded[1:] == bonded[0]).all(axis=1))
