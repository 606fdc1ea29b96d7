"""Whether a baseline helps: the difference to it must be smoother than the labels, which shows in how well a small model learns either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supple.data.dataset import Dataset
from supple.errors import DataError
from supple.models.baseline.labels import BaselineLabels, Subtracted
from supple.models.kernel.direct_fit import small_kernel_model
from supple.models.sums.method_potential import MethodPotential
from supple.molecule.symmetry.permutations import find_symmetries

#: Rows of the matrices of the small models, and validation frames by which they are compared.
_ROWS, _VALIDATION_FRAMES = 2000, 200
#: Forces of two methods for one molecule are alike: where they are in the same direction (cosine), their sizes differ by less than this.
_ALIKE, _FACTOR = 0.8, 2.0
#: Forces that differ by less than this, relative to their size, are of one method: convergence and rounding explain it.
_SAME = 1e-4


@dataclass(frozen=True)
class Benefit:
    """How hard the difference to a baseline is to learn, and how hard the labels are.

    Attributes:
        with_baseline, without: a number for each.
        unit: of these.
        what: the numbers are, as a sentence with {with_baseline}, {without} and {unit}.
    """

    with_baseline: float
    without: float
    unit: str
    what: str

    @property
    def is_harmful(self) -> bool:
        """Whether the difference is harder to learn than the labels."""
        return self.with_baseline >= self.without

    def sentence(self, name: str) -> str:
        """The comparison, with a warning where the baseline does harm.

        Args:
            name: of the baseline.
        """
        compared = self.what.format(
            with_baseline=f"{self.with_baseline:.3g}", without=f"{self.without:.3g}", unit=self.unit
        )
        if self.is_harmful:
            return (
                f"The baseline {name} is harmful here: {compared}. The two levels of theory disagree about this molecule, perhaps in the "
                "order of minima or about its electronic state: train without --baseline, or with another one."
            )
        return f"The difference to {name} is smoother than the labels: {compared}."


def benefit(train: Subtracted, valid: Subtracted) -> Benefit:
    """Compare the difference to a baseline with the labels.

    Args:
        train, valid: training and validation frames.
    """
    n = min(len(train.whole), max(_ROWS // max(3 * train.whole.n_atoms - 6, 1), 2))
    some = slice(min(len(valid.whole), _VALIDATION_FRAMES))
    permutations = find_symmetries(train.whole.numbers, train.whole.positions[:n]).permutations
    errors = []
    for fitted, judged in ((train.difference, valid.difference), (train.whole, valid.whole)):
        model = small_kernel_model(fitted.select(range(n)), permutations)
        assert judged.forces is not None
        errors.append(_rmse(model.predict(judged.positions[some])[1], judged.forces[some]))
    unit = train.whole.source.units
    with_baseline, without = (error / unit.forces_in_ev_per_angstrom for error in errors)
    what = (
        f"a small model of {n} frames has a validation force RMSE of {{with_baseline}} {{unit}} for the difference, and {{without}} for the "
        "labels themselves"
    )
    return Benefit(with_baseline, without, unit.forces, what)


def energy_benefit(train: Subtracted) -> Benefit:
    """Compare how much the differences of energies to a baseline vary, and the energies themselves.

    Args:
        train: frames with energies alone.
    """
    unit = train.whole.source.units
    known = np.isfinite(train.whole.energies)
    difference, energies = (
        float(frames.energies[known].std()) / unit.energy_in_ev for frames in (train.difference, train.whole)
    )
    what = "its energies vary by {with_baseline} {unit} (standard deviation), the energies themselves by {without}"
    return Benefit(difference, energies, unit.energy, what)


def require_alike(labels: BaselineLabels) -> None:
    """Refuse labels of the baseline itself, and those in wrong units, whose forces are those of the baseline times a number far from one.

    Raises:
        DataError: they are.
    """
    known: Dataset = labels.dataset.select(labels.known)
    assert known.forces is not None
    ours, theirs = known.forces, labels.forces[labels.known]
    size, of_baseline = float(np.linalg.norm(ours)), float(np.linalg.norm(theirs))
    if min(size, of_baseline) == 0:
        return
    cosine, factor = float((ours * theirs).sum()) / (size * of_baseline), size / of_baseline
    name = labels.potential.name
    is_method = isinstance(labels.potential, MethodPotential)
    if is_method and float(np.linalg.norm(ours - theirs)) < _SAME * size:
        raise DataError(f"The forces of {known.source.name} are those of {name} itself: train without --baseline.")
    if cosine < -_ALIKE:
        raise DataError(
            f"The forces of {known.source.name} are opposite to those of {name}: the file has gradients, so read them as such, "
            "with --keys forces=NAME*-1."
        )
    if cosine > _ALIKE and not 1 / _FACTOR < factor < _FACTOR:
        raise DataError(
            f"The forces of {known.source.name} are {factor:.3g} times those of {name}, in the same directions: the units of the file "
            "are not those that were assumed; give them with --units."
        )


def _rmse(predicted: np.ndarray, true: np.ndarray) -> float:
    return float(np.sqrt(np.mean((predicted - true) ** 2)))
