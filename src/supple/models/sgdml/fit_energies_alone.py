"""sGDML with energies alone: a few dozen frames of a higher level, on top of a force field that has the forces."""

from __future__ import annotations

import copy

import numpy as np
from jaxtyping import Int

from supple.data.dataset import Dataset
from supple.errors import SplitError
from supple.models.kernel.energy_fit import FEWEST, EnergyFit, EnergyKernel, fit_energies, uniform_kernel
from supple.models.kernel.potential import SGDMLPotential
from supple.models.metrics import ErrorSummary, Metrics
from supple.models.potential import Potential
from supple.models.settings import FitResult
from supple.models.sums.difference_potential import DifferencePotential
from supple.molecule.descriptors.registry import DescriptorName, make_descriptor

#: How the note describes the uniform kernel, and that of the baseline.
_KERNELS = (
    "length scale {:g} times the median distance",
    "compared by the metric that the baseline has learned, with length scales {:g} times as long",
)
#: A frame is pointed out whose error, predicted from the others, is so many times the median.
_FAR_OFF = 8.0


def fit_energies_alone(
    train: Dataset, descriptor_name: DescriptorName, permutations: Int[np.ndarray, "P N"], baseline: Potential | None
) -> FitResult:
    """Fit energies, and say how sure they are.

    A few dozen energies are too few to learn a metric from. But where the baseline is a force field with one, what it says about the
    molecule holds for the difference to a higher level as well; of that kernel and a uniform one, the one is used that predicts better.

    Args:
        train: the frames; those without energy are left out.
        descriptor_name: of the descriptor of the uniform kernel.
        permutations: of the atoms, a group.
        baseline: of which the energies are a difference.

    Raises:
        SplitError: there are too few frames.
    """
    known = train.select(np.isfinite(train.energies))
    if len(known) < FEWEST:
        raise SplitError(
            f"{train.source.name} has {len(known)} energies to train on and no forces: at least {FEWEST} are needed, and to be of use some "
            "dozens."
        )
    descriptor = make_descriptor(descriptor_name, known.numbers, known.positions, permutations)
    kernels = [uniform_kernel(known, permutations, descriptor), *_kernels_of(baseline)]
    fit = fit_energies(known, kernels)
    errors = left_out_errors(fit, known)
    assert errors.energy is not None
    spread = float(known.energies.std()) / known.source.units.energy_in_ev
    notes = [
        f"Energies alone: {len(known)} frames, whose energies vary by {spread:.3g} {errors.energy.unit} (standard deviation of what is "
        f"learned). Predicted from the others, each in turn, they have an RMSE of {errors.energy.rmse:.3g} {errors.energy.unit} "
        f"({_KERNELS[fit.chosen > 0].format(fit.length)}, lambda {fit.lam:g})."
    ]
    sizes = np.abs(fit.left_out)
    if (far := np.flatnonzero(sizes > _FAR_OFF * np.median(sizes))).size:
        worst = int(far[np.argmax(sizes[far])])
        notes.append(
            f"{len(far)} energies are far from what the others predict, most of all that of frame {int(known.frames[worst])} of "
            f"{known.source.name} ({sizes[worst] / known.source.units.energy_in_ev:.3g} {errors.energy.unit}): examine these calculations."
        )
    settings = {
        "solver": "direct",
        "lam": fit.lam,
        "energies": "learned",
        "permutations": permutations.tolist(),
    }
    return FitResult(fit.potential, settings=settings, notes=notes, validation=errors)


def _kernels_of(baseline: Potential | None) -> list[EnergyKernel]:
    """The kernel of a baseline that has learned its metric."""
    if isinstance(baseline, DifferencePotential):
        return _kernels_of(baseline.model) or _kernels_of(baseline.baseline)
    if isinstance(baseline, SGDMLPotential) and baseline.module.kernel.sigma is None:
        module = copy.deepcopy(baseline.module).cpu()
        return [EnergyKernel(module.descriptor, module.kernel)]
    return []


def left_out_errors(fit: EnergyFit, frames: Dataset) -> Metrics:
    """The errors with which each frame is predicted from the others, in the units of the file."""
    units = frames.source.units
    return Metrics(len(frames), ErrorSummary.of(fit.left_out, units.energy_in_ev, units.energy), None)
