"""A labelled frame, and the JSON line that keeps it on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

import numpy as np
from jaxtyping import Float


class FrameLine(TypedDict):
    """A frame as one line of a segment file.

    Keys as the attributes of `LabelledFrame`, arrays as nested lists; its `extras` are called `about`.
    """

    positions: list[list[float]]
    energy: float | None
    forces: list[list[float]] | None
    failure: str | None
    remark: NotRequired[str | None]
    of_label: NotRequired[bool]
    about: dict[str, float]
    state: dict[str, Any] | None


@dataclass(frozen=True, eq=False)
class LabelledFrame:
    """A geometry with its energy and forces, or why there are none.

    Attributes:
        positions: Å, shape (N, 3).
        energy: eV; None where the calculation failed.
        forces: eV/Å, shape (N, 3); None where the calculation failed, or the method gives energies alone.
        failure: why it failed.
        of_label: whether it was the calculation of the labels that failed, and nothing before it.
        remark: a warning about a frame that did not fail, for instance that its relaxation did not converge.
        extras: further numbers that are written with it, such as the angle of a scan.
        state: all that its segment needs to resume after this frame, as JSON can hold it; None where the state of an earlier
            frame will do.
    """

    positions: Float[np.ndarray, "N 3"]
    energy: float | None
    forces: Float[np.ndarray, "N 3"] | None
    failure: str | None = None
    extras: Mapping[str, float] = field(default_factory=dict)
    state: Mapping[str, Any] | None = None
    remark: str | None = None
    of_label: bool = False

    @classmethod
    def failed(
        cls,
        positions: Float[np.ndarray, "N 3"],
        failure: str,
        extras: Mapping[str, float] | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> LabelledFrame:
        """A geometry whose calculation failed."""
        return cls(positions, None, None, failure, extras or {}, state)

    @classmethod
    def from_line(cls, line: FrameLine) -> LabelledFrame:
        """From a line of a segment file."""
        forces = line["forces"]
        return cls(
            np.array(line["positions"]),
            line["energy"],
            None if forces is None else np.array(forces),
            line["failure"],
            line["about"],
            line["state"],
            line.get("remark"),
            line.get("of_label", False),
        )

    def line(self) -> FrameLine:
        """As a line of a segment file."""
        return {
            "positions": self.positions.tolist(),
            "energy": self.energy,
            "forces": None if self.forces is None else self.forces.tolist(),
            "failure": self.failure,
            "remark": self.remark,
            "of_label": self.of_label,
            "about": dict(self.extras),
            "state": None if self.state is None else dict(self.state),
        }
