"""The reaction path between two conformers, and the barrier on it: a climbing nudged elastic band, all images in one batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import ENERGY
from supple.errors import DataError, SettingsError
from supple.geometry.neb import band_of, relax_band
from supple.geometry.profile import Profile
from supple.models.potential import Potential
from supple.runtime.progress import SILENCE, Progress
from supple.sampling.context import first_line
from supple.sampling.modes import normal_modes, wavenumbers
from supple.simulation.relaxation.batched_calculator import calculate_together
from supple.simulation.relaxation.bench import ForceFieldBench
from supple.simulation.relaxation.initial_paths import first_guess

#: eV/Å; the ends are relaxed to this.
_ENDS = 0.005
#: Å; ends that are nearer are one.
_SAME = 0.1
#: cm⁻¹; softer imaginary frequencies are those of a band that is not quite at rest.
_SOFTEST = 15.0


@dataclass(frozen=True, eq=False)
class ReactionPath:
    """A band that lies on the path.

    Attributes:
        positions: Å, shape (K, N, 3).
        energies: eV, shape (K,).
        forces: eV/Å, shape (K, N, 3).
        left: eV/Å; the largest force that is left on the band.
        settled: whether that is as small as was asked for, and both ends are minima.
        imaginary: cm⁻¹ of the imaginary frequencies at the highest image; None when that is an end.
    """

    positions: Float[np.ndarray, "K N 3"]
    energies: Float[np.ndarray, "K"]
    forces: Float[np.ndarray, "K N 3"]
    left: float
    settled: bool
    imaginary: tuple[float, ...] | None

    @property
    def top(self) -> int:
        """The highest image."""
        return int(self.energies.argmax())

    @property
    def barriers(self) -> tuple[float, float]:
        """eV; from the first end, and from the last."""
        return float(self.energies[self.top] - self.energies[0]), float(self.energies[self.top] - self.energies[-1])

    @property
    def coordinate(self) -> Float[np.ndarray, "K"]:
        """The part of the way to each image, by the distances between them, from 0 to 1."""
        lengths = np.linalg.norm(np.diff(self.positions, axis=0), axis=(1, 2))
        return np.concatenate([[0.0], np.cumsum(lengths) / lengths.sum()])

    @property
    def profile(self) -> Profile:
        """The energy along it."""
        above = (self.energies - self.energies.min()) / ENERGY["kcal/mol"]
        return Profile("part of the way", "", self.coordinate, above)

    def sentences(self) -> list[str]:
        """The barrier in words."""
        there, back = (value / ENERGY["kcal/mol"] for value in self.barriers)
        if self.imaginary is None:
            return ["There is no barrier: the energy is highest at an end of the path."]
        said = [f"The barrier is {there:.2f} kcal/mol from the first end, {back:.2f} kcal/mol from the last."]
        cm = ", ".join(f"{abs(value):.0f}i" for value in self.imaginary)
        if len(self.imaginary) == 1:
            said.append(f"Its top has one imaginary frequency ({cm} cm⁻¹), as a saddle point has.")
        elif self.imaginary:
            said.append(
                f"Its top has {len(self.imaginary)} imaginary frequencies ({cm} cm⁻¹): a lower way round it exists."
            )
        else:
            said.append(
                "Its top has no imaginary frequency: it is no saddle point; take more images, or a smaller --fmax."
            )
        return said


def reaction_path(
    potential: Potential,
    first: Dataset,
    last: Dataset,
    images: int = 15,
    fmax: float = 0.05,
    steps: int = 600,
    progress: Progress = SILENCE,
) -> ReactionPath:
    """The path from the first frame of one to the first frame of the other; both ends are relaxed before.

    Args:
        potential: the force field.
        first, last: the ends.
        images: along the path, both ends included.
        fmax: eV/Å; no force on the band is larger at the end.
        steps: of its relaxation at most.
        progress: listens.

    Raises:
        MoleculeError: an end is of another molecule or atom order.
        SettingsError: there are too few images.
        DataError: both ends are one minimum, or cannot be relaxed.
    """
    if images < 3:
        raise SettingsError("A path needs 3 images at least.")
    for end in (first, last):
        potential.require_molecule(end)
    progress.step("Path", 0, 3, "relaxing the ends")
    ends, at_rest = zip(*(_end(potential, data.positions[0], steps) for data in (first, last)), strict=True)
    guess = first_guess(potential, ends[0], ends[1], images)
    if np.linalg.norm(guess[-1] - guess[0], axis=1).max() < _SAME:
        raise DataError(
            "Both ends relax to the same geometry, so that there is no path between them: take other frames."
        )
    progress.step("Path", 1, 3, "relaxing the band")
    band = band_of([Atoms(potential.numbers, r) for r in guess])
    calculate_together(potential, band.images)
    left = relax_band(band, fmax, steps)
    positions = np.array([image.positions for image in band.images])
    energies, forces = potential.predict(positions)
    progress.step("Path", 2, 3, "looking at the top")
    top = int(energies.argmax())
    imaginary = None if top in (0, images - 1) else _imaginary(potential, positions[top])
    progress.step("Path", 3, 3)
    return ReactionPath(positions, energies, forces, left, left <= fmax and all(at_rest), imaginary)


def _end(potential: Potential, start: Float[np.ndarray, "N 3"], steps: int) -> tuple[Atoms, bool]:
    bench = ForceFieldBench.of(potential, start)
    try:
        return bench.relaxed(bench.start(), _ENDS, steps)
    except Exception as error:  # an optimiser that is led astray raises anything
        raise DataError(f"An end of the path cannot be relaxed ({first_line(error)}): take another frame.") from error


def _imaginary(potential: Potential, top: Float[np.ndarray, "N 3"]) -> tuple[float, ...]:
    """Imaginary frequencies, cm⁻¹, as negative numbers."""
    frequencies, _ = normal_modes(Atoms(potential.numbers, top), ForceFieldBench.of(potential, top))
    return tuple(float(value) for value in wavenumbers(frequencies) if value < -_SOFTEST)
