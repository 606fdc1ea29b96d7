"""Geometries along the reaction path between two conformers, by the nudged elastic band."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np
from ase import Atoms
from ase.build import minimize_rotation_and_translation
from jaxtyping import Float
from pydantic import Field, PositiveFloat, PositiveInt

from supple.errors import SettingsError
from supple.geometry.coordinates import Coordinate
from supple.geometry.minimisation import minimise
from supple.geometry.neb import interpolate_idpp, relax_band, same_geometry
from supple.runtime.rounding import rounded
from supple.sampling.context import SamplingContext
from supple.sampling.draws.base import Draw
from supple.sampling.draws.short_trajectories import ShortTrajectories
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.molecules import short_name
from supple.sampling.segments import Segment

#: A torsion of the molecule turned to an angle, such as 1-7-8-9=0.
_TURNED = re.compile(r"(?P<torsion>\d+(?:-\d+){3})=(?P<angle>-?\d+(?:\.\d+)?)")


class ReactionPath(Draw, ShortTrajectories):
    """A reaction path from the molecule to another of its conformers, over the saddle point between them."""

    kind: Literal["path"] = "path"
    to: str = Field(
        description="The other end: a file or a bundled name, atoms in the same order; or a torsion turned, as 1-7-8-9=0."
    )
    images: PositiveInt = Field(15, description="Geometries along the path, both ends included.")
    fmax: PositiveFloat = Field(0.1, description="Largest force at which the band counts as converged (eV/Å).")
    steps: PositiveInt = Field(300, description="Maximum number of steps to relax the band.")

    @property
    def geometries(self) -> tuple[str, ...]:
        """The files, bundled names or SMILES that it starts from."""
        return super().geometries + (() if _TURNED.fullmatch(self.to) else (self.to,))

    def ends(self, context: SamplingContext) -> tuple[Atoms, Atoms]:
        """Both ends of the path, before they are relaxed."""
        first = context.start(self.start)
        turned = _TURNED.fullmatch(self.to)
        if turned is None:
            return first, context.start(self.to)
        coordinate = Coordinate.parse(first, turned["torsion"])
        change = float(turned["angle"]) - coordinate.value(first)
        return first, coordinate.turned(first, change, coordinate.axis(first))

    def segments(self, context: SamplingContext) -> list[Segment[Any]]:
        """One, since the images of a band depend on each other.

        Raises:
            SettingsError: the ends are different molecules, or there are too few images.
        """
        first, last = self.ends(context)
        if first.numbers.tolist() != last.numbers.tolist():
            raise SettingsError(
                f"{self.to} is another molecule than {self.start or context.molecule}, or has its atoms in another order."
            )
        if self.images < 3:
            raise SettingsError("A path needs at least 3 images.")
        cost = self.images * self.steps + self.labelling_cost(self.images)
        return [_Band(f"path_to_{short_name(self.to)}", self.images * self.frames_per_point, cost, self)]


class BandState(TypedDict):
    """The images of the relaxed band, Å, shape (K, N, 3), and the largest force left on it, eV/Å."""

    band: list[list[list[float]]]
    left: float


@dataclass(frozen=True)
class _Band(Segment[BandState]):
    name: str
    expected: int
    calculations: int
    draw: ReactionPath

    def frames(
        self, context: SamplingContext, done: int, state: BandState | None, earlier: Sequence[LabelledFrame] = ()
    ) -> Iterator[LabelledFrame]:
        """The band is relaxed first; then its images are labelled one by one."""
        draw, numbers = self.draw, context.start(self.draw.start).numbers
        band, force = self._relax(context) if state is None else (np.array(state["band"]), float(state["left"]))
        kept: BandState = {"band": band.tolist(), "left": force}
        remark = (
            f"a force of {rounded(force, 2)} eV/Å remains on the band after {draw.steps} steps"
            if force > draw.fmax
            else None
        )
        first, skip = divmod(done, draw.frames_per_point)
        for index in range(first, draw.images):
            extras = {"coordinate": index / (draw.images - 1), "band_force": force}
            point, name = Atoms(numbers, band[index]), f"{self.name}/{index}"
            yield from draw.frames_of_point(
                point, context, name, extras, skip if index == first else 0, kept, remark if index == 0 else None
            )

    def _relax(self, context: SamplingContext) -> tuple[Float[np.ndarray, "K N 3"], float]:
        """The images, Å, and the largest force left on the band, eV/Å."""
        draw = self.draw
        first, last = (minimise(end, context.driver)[0] for end in draw.ends(context))
        minimize_rotation_and_translation(first, last)
        if same_geometry(first, last):
            raise ArithmeticError("both ends relax to the same geometry, so that there is no path between them")
        band = interpolate_idpp(first, last, draw.images)
        for image in band.images:
            image.calc = context.driver()
        force = relax_band(band, draw.fmax, draw.steps)
        return np.array([image.positions for image in band.images]), force
