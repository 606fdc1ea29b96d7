"""The first geometries: dynamics of a cheap method, and scans about every rotor of the molecule, so that conformers and barriers are visited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ase import units
from jaxtyping import Bool, Float

from supple.data.dataset import Dataset
from supple.growth.settings import GrowthSettings
from supple.molecule.rotors import rotors
from supple.runtime.progress import Progress
from supple.sampling.engine import sample
from supple.sampling.molecules import starting_geometry
from supple.sampling.recipe import Recipe

#: Dynamics at the temperature and at a higher one: frames, and fs from one to the next.
_HOTTER, _FRAMES, _EVERY = 2.0, 100, 20.0
#: Points of a scan about a rotor, and short trajectories from each, with their frames.
_POINTS, _BURSTS, _BURST_FRAMES = 13, 2, 2
#: Rotors that are scanned, those that turn most atoms first.
_MOST_ROTORS = 6
#: How much higher than thermal energies a barrier may be to be of interest, in kT.
_REACH = 10.0


def explore(settings: GrowthSettings, folder: Path, jobs: int | None, progress: Progress) -> Dataset:
    """Geometries with energies of the cheap method, within reach of the temperature; resumed after an interruption.

    Args:
        settings: molecule, cheap method and temperature.
        folder: where the frames are kept.
        jobs: worker processes; as many as there are cores when None.
        progress: receives progress.

    Raises:
        SettingsError, DataError: the molecule or method is unknown, or no calculation succeeded.
    """
    start = starting_geometry(settings.molecule, settings.seed)
    kelvin = settings.temperature
    draws: list[dict[str, Any]] = [
        {"kind": "md", "temperature": (kelvin, _HOTTER * kelvin), "frames": _FRAMES, "every": _EVERY}
    ]
    for rotor in rotors(start.numbers, start.positions)[:_MOST_ROTORS]:
        atoms = "-".join(str(atom + 1) for atom in rotor.atoms)
        bursts = {"bursts": _BURSTS, "burst_frames": _BURST_FRAMES, "burst_temperature": kelvin}
        draws.append({"kind": "scan", "torsion": atoms, "points": _POINTS} | bursts)
    recipe = Recipe.of(
        molecule=settings.molecule,
        method=settings.drive,
        charge=settings.charge,
        multiplicity=settings.multiplicity,
        seed=settings.seed,
        draws=draws,
    )
    found = sample(recipe, folder / "explored.xyz", jobs, progress).dataset
    return found.select(within_reach(found, kelvin))


def within_reach(frames: Dataset, temperature: float) -> Bool[np.ndarray, "M"]:
    """Which frames have an energy that vibrations at a temperature, and a barrier on top of them, explain."""
    above: Float[np.ndarray, "M"] = (frames.energies - np.nanmin(frames.energies)) / (units.kB * temperature)
    half = (3 * frames.n_atoms - 6) / 2  # mean and variance of the potential energy of harmonic vibrations, in kT
    return above <= half + 3 * np.sqrt(half) + _REACH
