"""analyse: everything that can be computed from trajectories, and their comparison with a reference."""

from __future__ import annotations

import numpy as np
from ase import units
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.errors import DataError, MoleculeError
from supple.molecule.bonds import bond_graph
from supple.molecule.torsions import Torsion, rotatable_torsions, torsion_angles
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.simulation.analysis.analysis_result import Analysis
from supple.simulation.analysis.drift import Drift, drift
from supple.simulation.analysis.equipartition import Equipartition, equipartition
from supple.simulation.analysis.free_energy import FreeEnergy, free_energy
from supple.simulation.analysis.internal_coordinates import (
    angle_distributions,
    bond_distributions,
    bond_lengths,
    torsion_distributions,
    torsion_edges,
)
from supple.simulation.analysis.pair_distances import pair_distribution
from supple.simulation.analysis.settings import AnalysisSettings
from supple.simulation.analysis.spectrum import Spectrum, aliasing, spectrum
from supple.simulation.analysis.stability import Stability, stability
from supple.simulation.dynamics.time_units import format_time
from supple.simulation.trajectories import Trajectory

#: Without a reference, bonds are those of this fraction of the first trajectory, and of at least this many frames.
_BEGINNING, _MIN_BEGINNING = 0.1, 10
#: Frames that a spectrum and a drift need.
_MIN_SPECTRUM, _MIN_DRIFT = 64, 10
#: fs; torsions of trajectories that are shorter in all hardly move.
_MIN_FREE_ENERGY = 10e3
#: eV; conserved and total energies that differ by less are the same.
_SAME_ENERGY = 1e-3
#: Relative difference between frame intervals that count as equal.
_INTERVAL_TOLERANCE = 1e-3


def analyse(
    trajectories: list[Trajectory],
    reference: Dataset | None = None,
    settings: AnalysisSettings | None = None,
    *,
    progress: Progress = NO_PROGRESS,
) -> Analysis:
    """Analyse trajectories of one molecule together.

    From the moment at which a trajectory becomes unstable, its frames are not used for anything else.

    Args:
        trajectories: at least one.
        reference: geometries to which distributions are compared.
        settings: the defaults where None.
        progress: receives progress and notes.

    Raises:
        MoleculeError: the files are of different molecules or atom orders.
        DataError: fewer than two frames remain.
    """
    settings = settings or AnalysisSettings()
    _require_one_molecule(trajectories, reference)
    trajectories = [_prepared(one, settings) for one in trajectories]
    numbers = trajectories[0].numbers
    geometries = _beginning(trajectories[0]) if reference is None else reference.positions
    graph, torsions = bond_graph(numbers, geometries), rotatable_torsions(numbers, geometries)
    progress.step("Analysis", 0, 5, "stability")
    stabilities = _stabilities(trajectories, geometries, sorted((min(b), max(b)) for b in graph.edges))
    stable = [t[: s.frame] for t, s in zip(trajectories, stabilities, strict=True) if s.frame != 0]
    if sum(map(len, stable)) < 2:
        raise DataError(
            "Fewer than two frames are stable: the bonds are not those of the reference. Is it of the same molecule, in Å?"
        )
    progress.step("Analysis", 1, 5, "distributions")
    positions = np.concatenate([one.positions for one in stable])
    compare_to = None if reference is None else reference.positions
    distributions = (
        pair_distribution(positions, compare_to),
        *bond_distributions(numbers, graph, positions, compare_to),
        *angle_distributions(numbers, graph, positions, compare_to),
        *torsion_distributions(torsions, positions, compare_to),
    )
    progress.step("Analysis", 2, 5, "temperatures")
    temperatures = equipartition(stable) if all(one.momenta is not None for one in stable) else None
    progress.step("Analysis", 3, 5, "free energies")
    temperature = settings.temperature
    if temperature is None and torsions and temperatures is not None:
        temperature = _mean_temperature(stable, temperatures)
    no_free_energies = _no_free_energies(stable, temperature, settings) if torsions else None
    free_energies = [] if no_free_energies else _free_energies(stable, torsions, temperature)
    progress.step("Analysis", 4, 5, "spectrum")
    found_spectrum, no_spectrum = (None, None) if temperatures is None else _spectrum(stable)
    drifts, no_drifts = _drifts(stable, constant_energy=settings.constant_energy)
    missing = (
        "No temperatures and no spectrum: some frames have no momenta." if temperatures is None else None,
        no_free_energies,
        no_spectrum,
        *no_drifts,
    )
    result = Analysis(
        formula=Dataset.of(numbers, positions[:1]).formula,
        names=tuple(one.name for one in trajectories),
        reference=None if reference is None else reference.source.name,
        n_frames=len(positions),
        stabilities=tuple(stabilities),
        distributions=distributions,
        temperature=temperature,
        free_energies=tuple(free_energies),
        equipartition=temperatures,
        spectrum=found_spectrum,
        drifts=tuple(drifts),
        remarks=tuple(remark for remark in missing if remark is not None),
    )
    progress.step("Analysis", 5, 5)
    return result


def _require_one_molecule(trajectories: list[Trajectory], reference: Dataset | None) -> None:
    first = trajectories[0]
    others = [(one.name, one.numbers) for one in trajectories[1:]]
    others += [] if reference is None else [(reference.source.name, reference.numbers)]
    for name, numbers in others:
        if not np.array_equal(first.numbers, numbers):
            raise MoleculeError(
                f"{name} is of a different molecule from {first.name}, or has its atoms in another order: only files of the "
                "same molecule can be analysed together."
            )


def _prepared(one: Trajectory, settings: AnalysisSettings) -> Trajectory:
    """With the frames and times that the settings ask for."""
    if len(one) - settings.skip < 2:
        raise DataError(f"{one.name} has {len(one)} frames: after --skip {settings.skip}, fewer than two remain.")
    return (one if settings.frame_time is None else one.with_interval(settings.frame_time))[settings.skip :]


def _beginning(first: Trajectory) -> Float[np.ndarray, "M N 3"]:
    return first.positions[: max(_MIN_BEGINNING, round(_BEGINNING * len(first)))]


def _stabilities(
    trajectories: list[Trajectory], geometries: Float[np.ndarray, "M N 3"], bonds: list[tuple[int, int]]
) -> list[Stability]:
    means = bond_lengths(geometries, bonds).mean(axis=0)
    return [stability(t.name, t.numbers, t.positions, bonds, means, t.times) for t in trajectories]


def _mean_temperature(stable: list[Trajectory], temperatures: Equipartition) -> float:
    """K, over all degrees of freedom that are not frozen."""
    kinetic = [one.kinetic_energies for one in stable]
    mean = np.concatenate([energies for energies in kinetic if energies is not None]).mean()
    return float(2 * mean / (units.kB * temperatures.degrees_of_freedom))


def _no_free_energies(stable: list[Trajectory], temperature: float | None, settings: AnalysisSettings) -> str | None:
    """Why the frames give no free energies; None if they do."""
    if temperature is None:
        return "No free energies: the temperature is not known; use --temperature."
    if any(settings.constant_energy or _constant_energy(one) for one in stable):
        return (
            "No free energies: at constant energy the molecule is not at a constant temperature; use a thermostat "
            "(supple md --ensemble langevin)."
        )
    lengths = [one.times[-1] - one.times[0] for one in stable if one.times is not None and len(one)]
    if len(lengths) == len(stable) and sum(lengths) < _MIN_FREE_ENERGY:
        return (
            f"No free energies: the trajectories are {format_time(float(sum(lengths)))} long in all, in which torsions hardly "
            f"move; at least {format_time(_MIN_FREE_ENERGY)} are needed, and many crossings of every barrier."
        )
    return None


def _constant_energy(one: Trajectory) -> bool:
    """Whether the conserved energy is that of the molecule alone, without a thermostat."""
    if one.conserved is None or one.energies is None or one.kinetic_energies is None:
        return False
    return bool(np.allclose(one.conserved, one.energies + one.kinetic_energies, rtol=0, atol=_SAME_ENERGY))


def _free_energies(stable: list[Trajectory], torsions: list[Torsion], temperature: float | None) -> list[FreeEnergy]:
    if temperature is None or not torsions:
        return []
    angles = [torsion_angles(one.positions, torsions) for one in stable]
    return [
        free_energy(torsion.label, torsion.period, [a[:, t] for a in angles], torsion_edges(torsion), temperature)
        for t, torsion in enumerate(torsions)
    ]


def _spectrum(stable: list[Trajectory]) -> tuple[Spectrum | None, str | None]:
    """The spectrum, or why there is none."""
    intervals = [one.interval for one in stable]
    first = intervals[0]
    if first is None or any(k is None or abs(k - first) > _INTERVAL_TOLERANCE * first for k in intervals):
        return None, (
            "No spectrum: the times of the frames are unknown or not equally spaced; use --frame-time if they are "
            "equally spaced."
        )
    aliased = aliasing(stable[0].numbers, first)
    if aliased is not None:
        return None, f"No spectrum: {aliased}."
    long = [one for one in stable if len(one) >= _MIN_SPECTRUM]
    if not long:
        return None, f"No spectrum: at least {_MIN_SPECTRUM} frames are needed."
    return spectrum(long), None


def _drifts(stable: list[Trajectory], *, constant_energy: bool) -> tuple[list[Drift], list[str]]:
    """The drifts of those trajectories that have one, and why others have none."""
    drifts: list[Drift] = []
    without: dict[str, list[str]] = {}
    for one in stable:
        conserved = one.conserved
        if conserved is None and constant_energy and one.energies is not None and one.kinetic_energies is not None:
            conserved = one.energies + one.kinetic_energies
        if conserved is None:
            why = (
                "energies or momenta are missing"
                if constant_energy
                else "the file does not contain a conserved energy; use --constant-energy if the total energy is conserved"
            )
        elif one.times is None:
            why = "the times of the frames are not known; use --frame-time"
        elif len(one) < _MIN_DRIFT:
            why = f"at least {_MIN_DRIFT} frames are needed"
        else:
            drifts.append(drift(one.name, one.times, conserved, len(one.numbers)))
            continue
        without.setdefault(why, []).append(one.name)
    return drifts, [f"No energy drift of {', '.join(names)}: {why}." for why, names in without.items()]
