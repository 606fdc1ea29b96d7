"""An analysis: trajectories and a reference in, everything that can be said of them out."""

from __future__ import annotations

import math

import numpy as np
from ase import units
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.errors import DataError, MoleculeError, SettingsError
from supple.molecule.bonds import bond_graph
from supple.molecule.torsions import Torsion, rotatable_torsions, torsion_angles
from supple.runtime.progress import SILENCE, Progress
from supple.simulation.analysis.drift import Drift, drift
from supple.simulation.analysis.equipartition import equipartition
from supple.simulation.analysis.free_energy import FreeEnergy, free_energy
from supple.simulation.analysis.internal_coordinates import (
    angle_distributions,
    bond_distributions,
    bond_lengths,
    torsion_distributions,
    torsion_edges,
)
from supple.simulation.analysis.pair_distances import pair_distribution
from supple.simulation.analysis.result import Analysis
from supple.simulation.analysis.spectrum import Spectrum, highest_expected, highest_seen, spectrum
from supple.simulation.analysis.stability import stability
from supple.simulation.trajectories.reader import Trajectory

#: Without a reference, bonds and their lengths are those of this part of the first trajectory, and of so many frames at least.
_BEGINNING, _LEAST = 0.1, 10
#: Frames that a spectrum needs, and a drift.
_FOR_SPECTRUM, _FOR_DRIFT = 64, 10


def analyse(
    trajectories: list[Trajectory],
    reference: Dataset | None = None,
    *,
    kelvin: float | None = None,
    constant_energy: bool = False,
    skip: int = 0,
    progress: Progress = SILENCE,
) -> Analysis:
    """Analyse trajectories of one molecule together.

    Frames from the moment on at which a trajectory is not stable any more count for nothing but that.

    Args:
        trajectories: at least one.
        reference: geometries that the distributions are compared to.
        kelvin: the temperature of the free energies; that of the momenta when None.
        constant_energy: whether the total energy is conserved, where the files do not say what is.
        skip: frames to leave out at the beginning of each trajectory.
        progress: listens.

    Raises:
        MoleculeError: the files are of different molecules or atom orders.
        DataError: hardly a frame is left.
        SettingsError: the temperature is not above zero.
    """
    _require_one_molecule(trajectories, reference)
    if kelvin is not None and not kelvin > 0:
        raise SettingsError(f"A temperature of {kelvin:g} K cannot be: give one above zero.")
    trajectories = [_later(one, skip) for one in trajectories]
    first = trajectories[0]
    known = reference.positions if reference is not None else _beginning(first)
    graph = bond_graph(first.numbers, known)
    bonds = sorted((min(b), max(b)) for b in graph.edges)
    means = bond_lengths(known, bonds).mean(axis=0)
    progress.step("Analysis", 0, 5, "stability")
    judged = [stability(t.name, t.numbers, t.positions, bonds, means, t.times) for t in trajectories]
    sound = [t.part(slice(0, s.frame)) for t, s in zip(trajectories, judged, strict=True) if s.frame != 0]
    if sum(map(len, sound)) < 2:
        raise DataError(
            "Hardly a frame is stable: its bonds are not those of the reference. Is that of the same molecule, in Å?"
        )
    remarks: list[str] = []
    positions = np.concatenate([one.positions for one in sound])
    compare_to = None if reference is None else reference.positions
    torsions = rotatable_torsions(first.numbers, known)
    progress.step("Analysis", 1, 5, "distributions")
    distributions = [
        pair_distribution(positions, compare_to),
        *bond_distributions(first.numbers, graph, positions, compare_to),
        *angle_distributions(first.numbers, graph, positions, compare_to),
        *torsion_distributions(torsions, positions, compare_to),
    ]
    progress.step("Analysis", 2, 5, "temperatures")
    with_momenta = all(one.momenta is not None for one in sound)
    shared = equipartition(sound) if with_momenta else None
    if not with_momenta:
        remarks.append("No temperatures and no spectrum: not every frame has momenta.")
    progress.step("Analysis", 3, 5, "free energies")
    kelvin, energies = _free_energies(sound, torsions, kelvin, remarks)
    progress.step("Analysis", 4, 5, "spectrum")
    made = Analysis(
        formula=Dataset.of(first.numbers, first.positions[:1]).formula,
        names=tuple(one.name for one in trajectories),
        reference=None if reference is None else reference.source.name,
        n_frames=sum(map(len, sound)),
        stabilities=tuple(judged),
        distributions=tuple(distributions),
        kelvin=kelvin,
        free_energies=tuple(energies),
        equipartition=shared,
        spectrum=_spectrum(sound, remarks) if with_momenta else None,
        drifts=tuple(_drifts(sound, constant_energy, remarks)),
        remarks=tuple(remarks),
    )
    progress.step("Analysis", 5, 5)
    return made


def _require_one_molecule(trajectories: list[Trajectory], reference: Dataset | None) -> None:
    first = trajectories[0]
    others = [(one.name, one.numbers) for one in trajectories[1:]]
    others += [] if reference is None else [(reference.source.name, reference.numbers)]
    for name, numbers in others:
        if not np.array_equal(first.numbers, numbers):
            raise MoleculeError(
                f"{name} is of another molecule than {first.name}, or has its atoms in another order: analyse files of one "
                "molecule together."
            )


def _later(one: Trajectory, skip: int) -> Trajectory:
    if len(one) - skip < 2:
        raise DataError(f"{one.name} has {len(one)} frames; {skip} are left out, and two must remain at least.")
    return one.part(slice(skip, None))


def _beginning(first: Trajectory) -> Float[np.ndarray, "M N 3"]:
    return first.positions[: max(_LEAST, round(_BEGINNING * len(first)))]


def _free_energies(
    sound: list[Trajectory], torsions: list[Torsion], kelvin: float | None, remarks: list[str]
) -> tuple[float | None, list[FreeEnergy]]:
    if not torsions:
        return kelvin, []
    if kelvin is None:
        kinetic = [one.kinetic for one in sound]
        if any(k is None for k in kinetic):
            remarks.append("No free energies: the temperature is not known; give it by --temperature.")
            return None, []
        every = np.concatenate([k for k in kinetic if k is not None])
        kelvin = float(2 * every.mean() / (units.kB * _moving(sound)))
    angles = [torsion_angles(one.positions, torsions) for one in sound]
    made = [
        free_energy(torsion.label, torsion.period, [a[:, t] for a in angles], torsion_edges(torsion), kelvin)
        for t, torsion in enumerate(torsions)
    ]
    return kelvin, made


def _moving(sound: list[Trajectory]) -> float:
    """Degrees of freedom that have kinetic energy: without those of moving and turning where these are frozen."""
    shared = equipartition(sound)
    return sum(
        t.freedom for t in shared.temperatures if t.of in ("translation", "rotation", "vibration") and not t.frozen
    )


def _spectrum(sound: list[Trajectory], remarks: list[str]) -> Spectrum | None:
    steps = [one.step for one in sound]
    step = steps[0]
    if step is None or any(other is None or abs(other - step) > 1e-3 * step for other in steps):
        remarks.append(
            "No spectrum: the times of the frames are not known, or not equally spaced; give --frame-time if they are."
        )
        return None
    if highest_seen(step) < highest_expected(sound[0]):
        needed = math.floor(step * highest_seen(step) / highest_expected(sound[0]))
        remarks.append(
            f"No spectrum: frames {step:g} fs apart fold vibrations above {highest_seen(step):.0f} cm⁻¹ onto slower ones; "
            f"save one every {needed} fs."
        )
        return None
    long = [one for one in sound if len(one) >= _FOR_SPECTRUM]
    if not long:
        remarks.append(f"No spectrum: it takes {_FOR_SPECTRUM} frames at least.")
        return None
    return spectrum(long)


def _drifts(sound: list[Trajectory], constant_energy: bool, remarks: list[str]) -> list[Drift]:
    made: list[Drift] = []
    without: dict[str, list[str]] = {}
    for one in sound:
        conserved = one.conserved
        if conserved is None and constant_energy and one.energies is not None and one.kinetic is not None:
            conserved = one.energies + one.kinetic
        if conserved is None:
            why = (
                "energies or momenta are missing"
                if constant_energy
                else "nothing says that anything is conserved; say --constant-energy if the total energy is"
            )
        elif one.times is None:
            why = "the times of the frames are not known; give --frame-time"
        elif len(one) < _FOR_DRIFT:
            why = f"it takes {_FOR_DRIFT} frames at least"
        else:
            made.append(drift(one.name, one.times, conserved, len(one.numbers)))
            continue
        without.setdefault(why, []).append(one.name)
    remarks += [f"No energy drift of {', '.join(names)}: {why}." for why, names in without.items()]
    return made
