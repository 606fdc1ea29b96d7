"""The reaction path between two conformers and its barrier: a climbing nudged elastic band, all images in one batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import ENERGY
from supple.errors import DataError, SettingsError
from supple.geometry.calculators import describe_error
from supple.geometry.initial_paths import initial_paths
from supple.geometry.minimisation import minimise
from supple.geometry.neb import make_band, relax_band, same_geometry
from supple.geometry.profile import Profile
from supple.models.potential import Potential
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.simulation.relaxation.batched_calculator import attach_batched_calculators
from supple.simulation.relaxation.minima import harmonic_wavenumbers

#: eV/Å; the ends are relaxed to this.
_FMAX_ENDS = 0.005
#: cm⁻¹; softer imaginary frequencies come from a band that is not fully converged.
_SOFTEST = 15.0
#: Relative to the mean; springs keep steps nearly equal unless images slide down from a narrow barrier.
_LONG_STEP = 2.0


@dataclass(frozen=True, eq=False)
class ReactionPath:
    """A band relaxed onto the minimum energy path.

    Attributes:
        positions: Å, shape (K, N, 3).
        energies: eV, shape (K,).
        forces: eV/Å, shape (K, N, 3).
        max_force: eV/Å; the largest force that remains on the band.
        converged: whether the band and both ends did.
        imaginary_wavenumbers: cm⁻¹, negative; those of the highest image, None when that is an end.
    """

    positions: Float[np.ndarray, "K N 3"]
    energies: Float[np.ndarray, "K"]
    forces: Float[np.ndarray, "K N 3"]
    max_force: float
    converged: bool
    imaginary_wavenumbers: tuple[float, ...] | None

    @property
    def top(self) -> int:
        """Index of the highest image."""
        return int(self.energies.argmax())

    @property
    def barriers(self) -> tuple[float, float]:
        """Barriers from the first end and from the last, eV."""
        return float(self.energies[self.top] - self.energies[0]), float(self.energies[self.top] - self.energies[-1])

    @property
    def coordinate(self) -> Float[np.ndarray, "K"]:
        """The fraction of the path up to each image, by the distances between images, from 0 to 1."""
        lengths = np.linalg.norm(np.diff(self.positions, axis=0), axis=(1, 2))
        return np.concatenate([[0.0], np.cumsum(lengths) / lengths.sum()])

    @property
    def profile(self) -> Profile:
        """The energy along the path."""
        relative = (self.energies - self.energies.min()) / ENERGY["kcal/mol"]
        return Profile("path", "", self.coordinate, relative)

    def sentences(self) -> list[str]:
        """Sentences about the barrier, and whether its top is a saddle point."""
        forward, back = (value / ENERGY["kcal/mol"] for value in self.barriers)
        if self.imaginary_wavenumbers is None:
            return ["There is no barrier: the energy is highest at an end of the path."]
        sentences = [f"The barrier is {forward:.2f} kcal/mol from the first end and {back:.2f} kcal/mol from the last."]
        cm = ", ".join(f"{abs(value):.0f}i" for value in self.imaginary_wavenumbers)
        if len(self.imaginary_wavenumbers) == 1:
            sentences.append(f"The highest image has one imaginary frequency ({cm} cm⁻¹): it is a saddle point.")
        elif self.imaginary_wavenumbers:
            sentences.append(
                f"The highest image has {len(self.imaginary_wavenumbers)} imaginary frequencies ({cm} cm⁻¹): it is not a saddle point, "
                "and a path with a lower barrier exists."
            )
        else:
            sentences.append(
                "The highest image has no imaginary frequency: it is not a saddle point; use more --images or a smaller "
                "--fmax."
            )
        steps = np.diff(self.coordinate)
        if (longest := float(steps.max() / steps.mean())) > _LONG_STEP:
            sentences.append(
                f"The step to image {int(steps.argmax()) + 1} (counted from 0) is {longest:.1f} times as long as the mean: images have slid "
                "apart, and the barrier may be higher in between; use more --images or a smaller --fmax."
            )
        return sentences


def reaction_path(
    potential: Potential,
    first: Dataset,
    last: Dataset,
    images: int = 15,
    fmax: float = 0.05,
    steps: int = 600,
    progress: Progress = NO_PROGRESS,
) -> ReactionPath:
    """The path from the first frame of one dataset to the first frame of another, both relaxed before.

    Of several initial paths, the one whose highest image is lowest is relaxed.

    Args:
        potential: the force field.
        first, last: the ends.
        images: along the path, both ends included.
        fmax: eV/Å; converged when no force on the band is larger.
        steps: to relax the band, and each end, at most.
        progress: receives progress.

    Raises:
        MoleculeError: an end is of another molecule or atom order.
        SettingsError: there are too few images.
        DataError: both ends relax to one minimum, or cannot be relaxed.
    """
    if images < 3:
        raise SettingsError("A path needs at least 3 images.")
    for end in (first, last):
        potential.require_molecule(end)
    progress.step("Path", 0, 3, "relaxing the ends")
    ends, converged = zip(*(_relaxed_end(potential, data.positions[0], steps) for data in (first, last)), strict=True)
    if same_geometry(*ends):
        raise DataError(
            "Both ends relax to the same geometry, so that there is no path between them: use other frames."
        )
    candidates = initial_paths(ends[0], ends[1], images)
    highest = [float(potential.predict(candidate)[0].max()) for candidate in candidates]
    progress.step("Path", 1, 3, "relaxing the band")
    band = make_band([Atoms(potential.numbers, r) for r in candidates[int(np.argmin(highest))]])
    attach_batched_calculators(potential, band.images)
    max_force = relax_band(band, fmax, steps)
    positions = np.array([image.positions for image in band.images])
    energies, forces = potential.predict(positions)
    progress.step("Path", 2, 3, "frequencies of the highest image")
    top = int(energies.argmax())
    imaginary = None if top in (0, images - 1) else _imaginary(potential, positions[top])
    progress.step("Path", 3, 3)
    return ReactionPath(positions, energies, forces, max_force, max_force <= fmax and all(converged), imaginary)


def _relaxed_end(potential: Potential, start: Float[np.ndarray, "N 3"], steps: int) -> tuple[Atoms, bool]:
    try:
        return minimise(Atoms(potential.numbers, start), potential.calculator, _FMAX_ENDS, steps)
    except Exception as error:  # an optimiser that diverges raises anything
        raise DataError(
            f"An end of the path cannot be relaxed ({describe_error(error)}): use another frame."
        ) from error


def _imaginary(potential: Potential, top: Float[np.ndarray, "N 3"]) -> tuple[float, ...]:
    """Imaginary frequencies, cm⁻¹, as negative numbers."""
    return tuple(
        float(value)
        for value in harmonic_wavenumbers(potential.numbers, potential.calculator, top)
        if value < -_SOFTEST
    )
