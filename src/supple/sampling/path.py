"""Geometries along the reaction path between two conformers, by the nudged elastic band.

The first guess is interpolated by image-dependent pair potentials: Smidstrup et al., J. Chem. Phys. 140, 214106 (2014), doi
10.1063/1.4878664.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms
from pydantic import Field, PositiveFloat, PositiveInt

from supple.errors import SettingsError
from supple.geometry.coordinates import Coordinate
from supple.geometry.neb import band_of, relax_band
from supple.sampling.bursts import Bursts
from supple.sampling.context import Bench, Draw, Labelled, Segment
from supple.sampling.molecules import short_name

#: A torsion of the molecule, turned to an angle.
_TURNED = re.compile(r"(?P<torsion>\d+(?:-\d+){3})=(?P<angle>-?\d+(?:\.\d+)?)")
#: Å; ends that are nearer are one.
_SAME = 0.1


class Path(Draw, Bursts):
    """A reaction path from the molecule to another of its conformers, over the saddle point between."""

    kind: Literal["path"] = "path"
    to: str = Field(
        description="The other end: a file or a bundled name, atoms in the same order; or a torsion turned, as 1-7-8-9=0."
    )
    images: PositiveInt = Field(15, description="Geometries along the path, both ends included.")
    fmax: PositiveFloat = Field(0.1, description="eV/Å; the band is relaxed to this.")
    steps: PositiveInt = Field(300, description="Steps of its relaxation at most.")

    @property
    def geometries(self) -> tuple[str, ...]:
        """The files, names or SMILES that it begins from."""
        return super().geometries + (() if _TURNED.fullmatch(self.to) else (self.to,))

    def ends(self, bench: Bench) -> tuple[Atoms, Atoms]:
        """Where the path begins and ends, before they are relaxed."""
        first = bench.start(self.start)
        turned = _TURNED.fullmatch(self.to)
        if turned is None:
            return first, bench.start(self.to)
        coordinate = Coordinate.of(first, turned["torsion"])
        return first, coordinate.turned(
            first, float(turned["angle"]) - coordinate.value(first), coordinate.normal(first)
        )

    def segments(self, bench: Bench) -> list[Segment]:
        """One: the band hangs together."""
        first, last = self.ends(bench)
        if first.numbers.tolist() != last.numbers.tolist():
            raise SettingsError(
                f"{self.to} is another molecule than {self.start or bench.molecule}, or in another order."
            )
        if self.images < 3:
            raise SettingsError("A path needs at least 3 images.")
        effort = self.images * self.steps + self.effort(self.images)
        return [_Band(f"path_to_{short_name(self.to)}", self.images * self.per_point, effort, self)]


@dataclass(frozen=True)
class _Band(Segment):
    name: str
    expected: int
    calculations: int
    draw: Path

    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """The band first; then its images one by one."""
        draw, numbers = self.draw, bench.start(self.draw.start).numbers
        if state is None:
            band, left = self._band(bench)
        else:
            band, left = np.array(state["band"]), float(state["left"])
        first, skip = divmod(done, draw.per_point)
        kept = {"band": band.tolist(), "left": left}
        remark = f"{left:.2g} eV/Å are left on the band after {draw.steps} steps" if left > draw.fmax else None
        for index in range(first, draw.images):
            about = {"coordinate": index / (draw.images - 1), "band_force": left}
            point = Atoms(numbers, band[index])
            name, before = f"{self.name}/{index}", skip if index == first else 0
            yield from draw.around(point, bench, name, about, before, kept, remark if index == 0 else None)

    def _band(self, bench: Bench) -> tuple[np.ndarray, float]:
        """The images, and the largest force that is left on the band, eV/Å."""
        from ase.build import minimize_rotation_and_translation

        draw = self.draw
        first, last = (bench.relaxed(end)[0] for end in draw.ends(bench))
        minimize_rotation_and_translation(first, last)
        if np.linalg.norm(last.positions - first.positions, axis=1).max() < _SAME:
            raise ArithmeticError("both ends relax to the same geometry, so that there is no path between them")
        band = band_of([first, *(first.copy() for _ in range(draw.images - 2)), last])
        band.interpolate("idpp")
        for image in band.images:
            image.calc = bench.driver()
        left = relax_band(band, draw.fmax, draw.steps)
        return np.array([image.positions for image in band.images]), left
