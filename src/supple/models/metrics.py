"""Errors of energies and forces: MAE and RMSE, energies per molecule, forces per component."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from supple.data.units import INTERNAL, Units
from supple.runtime.html_table import html_table
from supple.runtime.validation import Count, NonNegative


@dataclass(frozen=True)
class ErrorPair:
    """Mean absolute error and root-mean-square error of one quantity."""

    mae: NonNegative
    rmse: NonNegative
    unit: str

    @classmethod
    def of(cls, errors: Float[np.ndarray, "..."], in_internal: float, unit: str) -> ErrorPair:
        """MAE and RMSE of errors given in internal units, in a unit worth `in_internal` of the internal one."""
        scaled = errors / in_internal
        return cls(float(np.abs(scaled).mean()), float(np.sqrt((scaled**2).mean())), unit)

    def __str__(self) -> str:
        return f"MAE {self.mae:.4g}, RMSE {self.rmse:.4g} {self.unit}"


@dataclass(frozen=True, repr=False)
class Metrics:
    """Errors of a force field on a set of frames.

    Attributes:
        n_frames: number of frames.
        energy: errors of the energies, per molecule; None where no energy is known.
        forces: errors of the force components; None where there are no forces.
    """

    n_frames: Count
    energy: ErrorPair | None
    forces: ErrorPair | None

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
            energy=ErrorPair.of(finite, units.energy_in_ev, units.energy) if len(finite) else None,
            forces=None
            if force_errors is None or not len(force_errors)
            else ErrorPair.of(force_errors, units.forces_in_ev_per_angstrom, units.forces),
        )

    @property
    def pairs(self) -> dict[str, ErrorPair]:
        """The errors that there are, by quantity."""
        return {name: pair for name, pair in (("energy", self.energy), ("forces", self.forces)) if pair is not None}

    def __str__(self) -> str:
        errors = "; ".join(f"{name} {pair}" for name, pair in self.pairs.items())
        return f"{self.n_frames} frames: {errors or 'no labels'}"

    def __repr__(self) -> str:
        return f"Metrics({self})"

    def _repr_html_(self) -> str:
        rows = [[name, f"{pair.mae:.4g}", f"{pair.rmse:.4g}", pair.unit] for name, pair in self.pairs.items()]
        return html_table(f"Errors on {self.n_frames} frames", rows, head=("", "MAE", "RMSE", "unit"))

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, as `--json` prints them: n_frames, and energy and forces with mae, rmse and unit, or None."""
        return asdict(self)
