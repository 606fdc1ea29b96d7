"""Labelled geometries like some given ones: short dynamics by the method itself, from each of them, at their temperature.

In 25 fs the stiff vibrations, which have periods of 10 to 30 fs, forget where they were; whatever moves slowly stays as it was in the
given geometry. Every step is a calculation anyway, so the labels cost nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms, units
from jaxtyping import Float, Int

from supple.data.elements import hill_formula
from supple.errors import CalculationError
from supple.geometry.calculators import describe_error
from supple.geometry.langevin import draw_momenta
from supple.methods.label_store import geometry_key
from supple.methods.level import Level, one_thread
from supple.methods.record_file import RecordFile
from supple.methods.side_by_side import side_by_side
from supple.runtime.progress import Progress

#: Steps of 1 fs between geometries that are taken, and geometries of one trajectory.
_EVERY, _OF_EACH = 5, 5
_TIME_STEP = 1.0 * units.fs
#: Displacement along a random direction by which curvature is measured, Å; and of how many geometries.
_DISPLACEMENT, _MEASURED = 0.01, 30
#: Limits of a measured temperature, K.
_COLDEST, _HOTTEST = 100.0, 2000.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """Labelled geometries.

    Attributes:
        positions: Å, shape (M, N, 3).
        energies: eV, shape (M,).
        forces: eV/Å, shape (M, N, 3).
        seconds: that the calculations took, on one core, whenever they were made.
    """

    positions: Float[np.ndarray, "M N 3"]
    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"]
    seconds: float


def draw_labelled(
    level: Level,
    numbers: Int[np.ndarray, "N"],
    starts: Float[np.ndarray, "M N 3"],
    temperature: float,
    count: int,
    folder: Path | None,
    progress: Progress,
) -> Drawn:
    """Draw about `count` labelled geometries; what was drawn before is not drawn again.

    Args:
        level: method, charge and multiplicity.
        numbers: atomic numbers.
        starts: geometries to start from, in turn, Å.
        temperature: of the velocities, K.
        count: how many geometries to draw.
        folder: of the data, beside which they are kept; None for data that are in no file.
        progress: receives the number of trajectories that are complete.

    Raises:
        SettingsError: the method is unknown or not installed.
        CalculationError: no trajectory succeeded.
    """
    identity = level.identity(numbers) | {
        "starts": geometry_key(starts),
        "temperature": round(temperature, 3),
        "steps": [_EVERY, _OF_EACH],
    }
    file = RecordFile(folder, f"{level.name}-{hill_formula(numbers)}-drawn", identity)
    wanted = range(-(-count // _OF_EACH))
    known = dict(_read(file))
    if any(k not in known for k in wanted):
        with file.claimed():
            known = dict(_read(file))
            todo = [(k, starts[k % len(starts)]) for k in wanted if k not in known]
            work = partial(_trajectories, level, numbers, temperature)
            for _, made in side_by_side(work, todo, f"dynamics with {level.name}", progress):
                file.append(made)
        known = dict(_read(file))
    found = [known[k] for k in wanted if "failure" not in known[k]]
    if not found:
        raise CalculationError(f"No dynamics with {level.name} succeeded: {known[0]['failure']}.")
    positions, energies, forces = (
        np.concatenate([one[what] for one in found]) for what in ("positions", "energies", "forces")
    )
    return Drawn(positions, energies, forces, sum(one["seconds"] for one in found))


def configurational_temperature(
    level: Level,
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "M N 3"],
    forces: Float[np.ndarray, "M N 3"],
) -> float:
    """The temperature of geometries (K): kT = <|F|²> / <∇²E>, with forces that are known and the curvature of a method.

    Rugh, Phys. Rev. Lett. 78, 772 (1997). The trace of the Hessian is measured along a random direction for each geometry.

    Raises:
        SettingsError: the method is unknown or not installed.
    """
    rng = np.random.default_rng(0)
    squares, traces = [], []
    for r, f in zip(positions[:_MEASURED], forces[:_MEASURED], strict=True):
        direction = rng.standard_normal(r.shape)
        step = _DISPLACEMENT * direction
        (ahead, _), (behind, _) = level.single_points(numbers, np.stack([r + step, r - step]))
        if ahead.forces is not None and behind.forces is not None:
            squares.append(float((f**2).sum()))
            traces.append(-float(((ahead.forces - behind.forces) * direction).sum()) / (2 * _DISPLACEMENT))
    curvature = float(np.mean(traces)) if traces else 0.0
    if curvature <= 0:
        return _COLDEST
    return float(np.clip(np.mean(squares) / curvature / units.kB, _COLDEST, _HOTTEST))


def _trajectories(
    level: Level,
    numbers: Int[np.ndarray, "N"],
    temperature: float,
    some: Sequence[tuple[int, Float[np.ndarray, "N 3"]]],
) -> list[dict[str, Any]]:
    return [_trajectory(level, numbers, temperature, k, start) for k, start in some]


def _trajectory(
    level: Level, numbers: Int[np.ndarray, "N"], temperature: float, k: int, start: Float[np.ndarray, "N 3"]
) -> dict[str, Any]:
    """One trajectory as a line of the file, or why there is none."""
    from ase.md.verlet import VelocityVerlet

    atoms = Atoms(numbers, start)
    draw_momenta(atoms, temperature, np.random.default_rng([k, len(numbers)]))
    positions, energies, forces = [], [], []
    started = time.perf_counter()
    try:
        with one_thread():
            atoms.calc = level.calculator()
            dynamics = VelocityVerlet(atoms, _TIME_STEP)
            for _ in range(_OF_EACH):
                dynamics.run(_EVERY)
                positions.append(atoms.positions.tolist())
                energies.append(float(atoms.get_potential_energy()))
                forces.append(atoms.get_forces().tolist())
        if not all(np.isfinite(values).all() for values in (positions, energies, forces)):
            raise ArithmeticError("energy or forces are not finite")
    except Exception as error:  # calculators raise anything
        return {"trajectory": k, "failure": describe_error(error), "seconds": time.perf_counter() - started}
    labels = {"positions": positions, "energies": energies, "forces": forces}
    return {"trajectory": k, "seconds": time.perf_counter() - started} | labels


def _read(file: RecordFile) -> list[tuple[int, dict[str, Any]]]:
    found = []
    for number, content in file.lines():
        try:
            if "failure" not in content:
                shapes = {np.shape(content[name])[0] for name in ("positions", "energies", "forces")}
                if shapes != {_OF_EACH} or np.shape(content["positions"]) != np.shape(content["forces"]):
                    raise ValueError("not a trajectory")
            found.append((int(content["trajectory"]), content | {"seconds": float(content["seconds"])}))
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise file.damaged(number) from error
    return found
