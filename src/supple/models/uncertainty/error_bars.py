"""ErrorBars: the standard deviations of a force field's energies and forces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from torch import Tensor

from supple.models.uncertainty.calibration import FEWEST_FRAMES, OF_ENERGIES, OF_FORCES, Calibration
from supple.models.uncertainty.novelty import Novelty, NoveltyScores

#: Before the names of the novelty's arrays in a model file.
_PREFIX = "error_bars."


class Prediction(NamedTuple):
    """Energies and forces of M geometries with their error bars, one standard deviation each.

    Attributes:
        energies: eV.
        forces: eV/Å.
        energies_std: eV; NaN where the force field was trained without energies.
        forces_std: of each component of the force on an atom, eV/Å.
    """

    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"]
    energies_std: Float[np.ndarray, "M"]
    forces_std: Float[np.ndarray, "M N"]


class Calibrations(BaseModel):
    """What a model file says of error bars, besides the arrays of the novelty.

    Attributes:
        groups: of the atoms, which are equal by symmetry within a group; numbered from 0.
        energy: None where the force field was trained without energies, or too few frames have one.
        forces: of a component of the force on an atom.
        frames: `Dataset.frame_hashes` of the frames of the calibration, where these are others than the validation frames.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: Annotated[tuple[Annotated[StrictInt, Field(ge=0)], ...], Field(min_length=1)]
    energy: Calibration | None
    forces: Calibration
    frames: tuple[str, ...] = Field(default=(), repr=False)

    def require_atoms(self, n_atoms: int) -> None:
        """Refuse those of another molecule.

        Raises:
            ValueError: they are.
        """
        if len(self.groups) != n_atoms or max(self.groups) >= len(self.forces.offsets):
            raise ValueError("its error bars are those of another molecule")


@dataclass(frozen=True, eq=False)
class ErrorBars:
    """Error bars of a force field.

    Attributes:
        novelty: how unlike the training frames a geometry is.
        calibrations: what error that means.
    """

    novelty: Novelty
    calibrations: Calibrations

    def standard_deviations(self, scores: NoveltyScores) -> tuple[Float[np.ndarray, "B"], Float[np.ndarray, "B N"]]:
        """σ of the energies in eV, and of force components in eV/Å, of geometries with these scores."""
        energy, forces = (score.detach().cpu().numpy() for score in scores)
        of = self.calibrations
        of_energies = np.full(len(energy), np.nan)
        if of.energy is not None:
            of_energies = of.energy.standard_deviations(energy[:, None], np.zeros(1, dtype=np.int64))[:, 0]
        return of_energies, of.forces.standard_deviations(forces, np.array(of.groups))


def calibrated(
    novelty: Novelty,
    scores: tuple[Float[np.ndarray, "M"], Float[np.ndarray, "M N"]],
    energy_errors: Float[np.ndarray, "M"],
    force_errors: Float[np.ndarray, "M N 3"],
    groups: Sequence[int],
) -> ErrorBars:
    """Error bars by the errors of M frames that the fit has not used.

    Args:
        novelty: of the model.
        scores: those of the frames.
        energy_errors: eV; NaN where unknown.
        force_errors: eV/Å.
        groups: of the atoms.
    """
    known = np.isfinite(energy_errors)
    energy = None
    if known.sum() >= FEWEST_FRAMES:
        one = np.zeros(1, dtype=np.int64)
        energy = Calibration.fit(scores[0][known, None], energy_errors[known, None, None], one, OF_ENERGIES)
    forces = Calibration.fit(scores[1], force_errors, np.array(groups), OF_FORCES)
    return ErrorBars(novelty, Calibrations(groups=tuple(groups), energy=energy, forces=forces))


def arrays_of(error_bars: ErrorBars | None) -> dict[str, Tensor]:
    """The arrays that a model file keeps of error bars."""
    state = {} if error_bars is None else error_bars.novelty.state_dict()
    return {_PREFIX + name: array for name, array in state.items()}


def separated(arrays: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The arrays of a model file: those of the force field, and those of its error bars."""
    own = {name: array for name, array in arrays.items() if not name.startswith(_PREFIX)}
    others = {name.removeprefix(_PREFIX): array for name, array in arrays.items() if name.startswith(_PREFIX)}
    return own, others
