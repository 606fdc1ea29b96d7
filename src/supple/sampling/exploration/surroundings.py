"""Surroundings: how the molecule moves about its conformers and along its scans at a temperature.

Conformers are displaced along their normal modes, classically; from each conformer and point of a scan within reach, short dynamics with new velocities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int

from supple.geometry.calculators import describe_error, single_point
from supple.geometry.langevin import draw_momenta, run_langevin
from supple.geometry.normal_modes import normal_modes, thermal_widths
from supple.methods.level import Level, one_thread
from supple.runtime.progress import Progress
from supple.sampling.exploration.conformer_search import Found
from supple.sampling.exploration.kept_results import KeptResults

#: Part of the geometries that are displaced along normal modes; the others are of dynamics.
_DISPLACED = 0.3
#: Geometries of one trajectory, and the time before each, fs: by then stiff vibrations have forgotten where they were.
_OF_EACH, _EVERY = 4, 25.0


@dataclass(frozen=True, eq=False)
class Piece:
    """Geometries of one origin.

    Attributes:
        origin: of the geometries.
        positions: Å, shape (K, N, 3).
        energies: of the cheap method, eV, shape (K,).
        failure: why there are fewer than there should be.
    """

    origin: str
    positions: Float[np.ndarray, "K N 3"]
    energies: Float[np.ndarray, "K"]
    failure: str | None = None


class _Task(NamedTuple):
    """Geometries to draw: about a minimum along its modes, or by dynamics from a geometry."""

    origin: str
    positions: Float[np.ndarray, "N 3"]
    amount: int
    by_modes: bool


def surroundings(
    found: Found,
    drive: Level,
    temperature: float,
    frames: int,
    seed: int,
    kept: KeptResults,
    progress: Progress,
) -> list[Piece]:
    """About `frames` geometries about what was found.

    Args:
        found: conformers and points of scans.
        drive: the method.
        temperature: K.
        frames: about how many to draw; from each origin at least one trajectory.
        seed: of velocities and displacements.
        kept: the results so far.
        progress: receives steps.
    """
    numbers = np.array(kept.identity["numbers"], dtype=np.int64)
    tasks = {task.origin: task for task in _tasks(found, frames)}
    items = {f"{name}, {task.amount} of seed {seed}": task for name, task in tasks.items()}
    work = partial(_drawn, drive, numbers, temperature, seed)
    results = kept.of(work, items, "surroundings", progress)
    return [
        Piece(
            task.origin,
            np.array(result["positions"], dtype=np.float64).reshape(-1, len(numbers), 3),
            np.array(result["energies"], dtype=np.float64),
            result["failure"],
        )
        for task, result in zip(items.values(), results.values(), strict=True)
    ]


def _tasks(found: Found, frames: int) -> list[_Task]:
    """Displacements of each conformer; a trajectory or several from each conformer and point."""
    by_modes = max(round(_DISPLACED * frames / len(found.conformers)), 1)
    origins = [
        *((f"conformer {k}", one.positions) for k, one in enumerate(found.conformers, start=1)),
        *((f"{point.origin} at {point.value:.0f}°", point.positions) for point in found.points),
    ]
    trajectories = max(round((1 - _DISPLACED) * frames / _OF_EACH / len(origins)), 1)
    return [
        *(_Task(f"modes of {name}", positions, by_modes, True) for name, positions in origins[: len(found.conformers)]),
        *(_Task(f"dynamics from {name}", positions, trajectories, False) for name, positions in origins),
    ]


def _drawn(
    drive: Level, numbers: Int[np.ndarray, "N"], temperature: float, seed: int, some: Sequence[_Task]
) -> list[dict[str, Any]]:
    results = []
    for task in some:
        rng = np.random.default_rng([seed, crc32(task.origin.encode())])
        atoms = Atoms(numbers, task.positions)
        made: list[Atoms] = []
        failure = None
        draw: Callable[..., Iterable[Atoms]] = _displaced if task.by_modes else _moved
        try:
            with one_thread():
                made.extend(draw(drive, atoms, temperature, task.amount, rng))
        except Exception as error:  # calculators raise anything
            failure = f"{task.origin}: {describe_error(error)}"
        points = [(one, single_point(one, drive.calculator)) for one in made]
        good = [(one, point.energy) for one, point in points if point.energy is not None]
        results.append(
            {
                "positions": [one.positions.tolist() for one, _ in good],
                "energies": [energy for _, energy in good],
                "failure": failure or next((point.failure for _, point in points if point.failure), None),
            }
        )
    return results


def _displaced(drive: Level, minimum: Atoms, temperature: float, count: int, rng: np.random.Generator) -> list[Atoms]:
    """Harmonic displacements at a temperature."""
    frequencies, modes = normal_modes(minimum, drive.calculator)
    widths = thermal_widths(frequencies, temperature, quantum=False)
    amounts = rng.standard_normal((count, len(widths))) * widths
    return [Atoms(minimum.numbers, minimum.positions + shift) for shift in np.einsum("kv,vnc->knc", amounts, modes)]


def _moved(drive: Level, start: Atoms, temperature: float, count: int, rng: np.random.Generator) -> Iterator[Atoms]:
    """Geometries of short trajectories, each with new velocities: at twice the temperature, half of which becomes potential energy."""
    for _ in range(count):
        atoms = Atoms(start.numbers, start.positions)
        draw_momenta(atoms, 2 * temperature, rng)
        for _ in range(_OF_EACH):
            run_langevin(atoms, drive.calculator, temperature, _EVERY, rng)
            yield Atoms(atoms.numbers, atoms.positions)
