"""Errors of energies and forces in four numbers each; energies per molecule, forces per component."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from supple.data.units import INTERNAL, Units
from supple.runtime.html_table import html_table
from supple.runtime.validation import Count, NonNegative

Measure = Literal["mae", "rmse", "p95", "max"]
#: What the measures of errors are called in tables.
MEASURES: dict[Measure, str] = {"mae": "MAE", "rmse": "RMSE", "p95": "95 %", "max": "max"}


@dataclass(frozen=True)
class ErrorSummary:
    """The errors of one quantity: how large they are on average, and how large the largest ones are.

    Attributes:
        mae, rmse: mean absolute error and root-mean-square error.
        unit: of all numbers.
        p95: 95th percentile of the absolute errors; None in files of versions that did not compute it.
        max: the largest absolute error; None in the same files.
    """

    mae: NonNegative
    rmse: NonNegative
    unit: str
    p95: NonNegative | None = None
    max: NonNegative | None = None

    @classmethod
    def of(cls, errors: Float[np.ndarray, "..."], in_internal: float, unit: str) -> ErrorSummary:
        """From all errors, given in internal units, in a unit worth `in_internal` of the internal one.

        Two summaries cannot be merged: the percentile of a whole does not follow from those of its parts.
        """
        scaled = errors / in_internal
        sizes = np.abs(scaled)
        return cls(
            mae=float(sizes.mean()),
            rmse=float(np.sqrt((scaled**2).mean())),
            unit=unit,
            p95=float(np.quantile(sizes, 0.95)),
            max=float(sizes.max()),
        )

    @property
    def measures(self) -> dict[Measure, float | None]:
        """The numbers without their unit."""
        return {"mae": self.mae, "rmse": self.rmse, "p95": self.p95, "max": self.max}

    def __str__(self) -> str:
        known = {MEASURES[name]: value for name, value in self.measures.items() if value is not None}
        return ", ".join(f"{name} {value:.4g}" for name, value in known.items()) + f" {self.unit}"


@dataclass(frozen=True, repr=False)
class Metrics:
    """Errors of a force field on a set of frames.

    Attributes:
        n_frames: number of frames.
        energy: errors of the energies, per molecule; None where no energy is known.
        forces: errors of the force components; None where there are no forces.
    """

    n_frames: Count
    energy: ErrorSummary | None
    forces: ErrorSummary | None

    @classmethod
    def of(
        cls,
        energy_errors: Float[np.ndarray, "M"],
        force_errors: Float[np.ndarray, "M N 3"] | None,
        units: Units = INTERNAL,
    ) -> Metrics:
        """Metrics from errors in eV (NaN where unknown) and eV/Å, reported in `units`."""
        finite = energy_errors[np.isfinite(energy_errors)]
        return cls(
            n_frames=len(energy_errors),
            energy=ErrorSummary.of(finite, units.energy_in_ev, units.energy) if len(finite) else None,
            forces=None
            if force_errors is None or not len(force_errors)
            else ErrorSummary.of(force_errors, units.forces_in_ev_per_angstrom, units.forces),
        )

    @property
    def summaries(self) -> dict[str, ErrorSummary]:
        """The errors that there are, by quantity."""
        found = {"energy": self.energy, "forces": self.forces}
        return {quantity: summary for quantity, summary in found.items() if summary is not None}

    def __str__(self) -> str:
        errors = "; ".join(f"{quantity} {summary}" for quantity, summary in self.summaries.items())
        return f"{self.n_frames} frames: {errors or 'no labels'}"

    def __repr__(self) -> str:
        return f"Metrics({self})"

    def _repr_html_(self) -> str:
        rows = [
            [quantity, *("–" if v is None else f"{v:.4g}" for v in summary.measures.values()), summary.unit]
            for quantity, summary in self.summaries.items()
        ]
        return html_table(f"Errors on {self.n_frames} frames", rows, head=("", *MEASURES.values(), "unit"))

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, as `--json` prints them.

        n_frames, and energy and forces, each None or with mae, rmse, unit, p95 and max.
        """
        return asdict(self)
