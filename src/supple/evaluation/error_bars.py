"""How good error bars are: whether intervals hold as many errors as they should, and whether large errors have large error bars."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from supple.data.dataset import Dataset
from supple.models.potential import Potential
from supple.models.uncertainty.error_bars import Prediction

#: Errors above so many times the usual one are large.
_LARGE = 3.0


@dataclass(frozen=True)
class ErrorBarQuality:
    """The quality of the error bars of one quantity.

    Attributes:
        coverage68, coverage95: which part of the errors the intervals of 68 and 95 % hold; of each energy, or force component.
        spearman: rank correlation of error and error bar over the frames, by the root mean square over the atoms of a frame;
            None if there are fewer than three.
        auroc: probability that a frame whose error is above three times the usual one has a larger error bar than one whose
            error is not; None if there are no such frames, or no others.
    """

    coverage68: float
    coverage95: float
    spearman: float | None
    auroc: float | None

    @classmethod
    def of(
        cls,
        errors: Float[np.ndarray, "M C"],
        stds: Float[np.ndarray, "M C"],
        quantiles: tuple[float, float],
        usual: float | None,
    ) -> ErrorBarQuality:
        """The quality for M frames.

        Args:
            errors: of C components of each.
            stds: their error bars.
            quantiles: by which they are multiplied for the intervals.
            usual: the root-mean-square error on frames like the training frames; that of these frames when None.
        """
        ratios = np.abs(errors) / stds
        low, high = (float((ratios <= quantile).mean()) for quantile in quantiles)
        error, std = (np.sqrt((values**2).mean(axis=1)) for values in (errors, stds))
        usual = float(np.sqrt((error**2).mean())) if usual is None else usual
        return cls(low, high, _spearman(error, std), _auroc(std, error > _LARGE * usual))

    def __str__(self) -> str:
        text = f"the 68 % interval holds {100 * self.coverage68:.0f} % of the errors, the 95 % interval {100 * self.coverage95:.0f} %"
        if self.spearman is not None:
            text += f"; rank correlation with the error {self.spearman:.2f}"
        return text if self.auroc is None else f"{text}, AUROC for errors above three times the usual {self.auroc:.2f}"


@dataclass(frozen=True)
class ErrorBarQualities:
    """The quality of a force field's error bars; None where it has none, or the frames have no labels.

    Attributes:
        energy, forces: of each quantity.
    """

    energy: ErrorBarQuality | None
    forces: ErrorBarQuality | None

    @classmethod
    def of(cls, potential: Potential, dataset: Dataset, prediction: Prediction) -> ErrorBarQualities:
        """The quality on labelled frames.

        Args:
            potential: with error bars.
            dataset: frames that nothing has seen.
            prediction: for them.
        """
        calibrations = potential.require_error_bars().calibrations
        energy, forces = None, None
        known = np.isfinite(dataset.energies)
        if calibrations.energy is not None and known.any():
            errors = (prediction.energies - dataset.energies)[known, None]
            usual = potential.provenance.usual_error("energy")
            energy = ErrorBarQuality.of(
                errors, prediction.energies_std[known, None], calibrations.energy.quantiles, usual
            )
        if dataset.forces is not None and len(dataset):
            all_errors = (prediction.forces - dataset.forces).reshape(len(dataset), -1)
            stds = np.repeat(prediction.forces_std, 3, axis=1)
            quantiles = calibrations.forces.quantiles
            forces = ErrorBarQuality.of(all_errors, stds, quantiles, potential.provenance.usual_error("forces"))
        return cls(energy, forces)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, as `--json` prints them."""
        return asdict(self)


def _spearman(first: Float[np.ndarray, "M"], second: Float[np.ndarray, "M"]) -> float | None:
    from scipy.stats import rankdata

    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def _auroc(scores: Float[np.ndarray, "M"], positive: Bool[np.ndarray, "M"]) -> float | None:
    from scipy.stats import rankdata

    n, others = int(positive.sum()), int((~positive).sum())
    if not n or not others:
        return None
    return float((rankdata(scores)[positive].sum() - n * (n + 1) / 2) / (n * others))
