"""Geometries along the reaction path between two conformers, by the nudged elastic band.

Henkelman, Uberuaga and Jónsson, J. Chem. Phys. 113, 9901 (2000), doi 10.1063/1.1329672; the first guess is interpolated by
image-dependent pair potentials: Smidstrup et al., J. Chem. Phys. 140, 214106 (2014), doi 10.1063/1.4878664.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms
from pydantic import Field, PositiveFloat, PositiveInt

from supple.errors import SettingsError
from supple.sampling.bench import Bench, Draw, Labelled, Segment
from supple.sampling.bursts import Bursts


class Path(Draw, Bursts):
    """A reaction path from the molecule to another of its conformers, over the saddle point between."""

    kind: Literal["path"] = "path"
    to: str = Field(description="The other end: a file, or a bundled name; atoms in the same order.")
    start: str | None = Field(None, description="Another geometry to start from: a file, or a bundled name.")
    images: PositiveInt = Field(15, description="Geometries along the path, both ends included.")
    fmax: PositiveFloat = Field(0.1, description="eV/Å; the band is relaxed to this.")
    steps: PositiveInt = Field(300, description="Steps of its relaxation at most.")

    def segments(self, bench: Bench) -> list[Segment]:
        """One: the band hangs together."""
        first, last = bench.start(self.start), bench.start(self.to)
        if first.numbers.tolist() != last.numbers.tolist():
            raise SettingsError(
                f"{self.to} is another molecule than {self.start or bench.molecule}, or in another order."
            )
        if self.images < 3:
            raise SettingsError("A path needs at least 3 images.")
        return [_Band(f"path_to_{self.to.rsplit('/', 1)[-1]}", self.images * self.per_point, self)]


@dataclass(frozen=True)
class _Band(Segment):
    name: str
    expected: int
    draw: Path

    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """The band first; then its images one by one."""
        draw, numbers = self.draw, bench.start(self.draw.start).numbers
        if state is None:
            try:
                band, left = self._band(bench)
            except Exception as error:
                yield Labelled(bench.start(draw.start).positions, None, None, f"the band ended: {error}")
                return
        else:
            band, left = np.array(state["band"]), float(state["left"])
        first, skip = divmod(done, draw.per_point)
        kept = {"band": band.tolist(), "left": left}
        for index in range(first, draw.images):
            about = {"coordinate": index / (draw.images - 1), "band_force": left}
            point = Atoms(numbers, band[index])
            yield from draw.around(point, bench, f"{self.name}/{index}", about, skip if index == first else 0, kept)

    def _band(self, bench: Bench) -> tuple[np.ndarray, float]:
        """The images, and the largest force that is left on the band, eV/Å."""
        from ase.build import minimize_rotation_and_translation
        from ase.mep import NEB
        from ase.optimize import FIRE

        draw = self.draw
        first = bench.relaxed(bench.start(draw.start))
        last = bench.relaxed(bench.start(draw.to))
        minimize_rotation_and_translation(first, last)
        images = [first, *(first.copy() for _ in range(draw.images - 2)), last]
        band = NEB(images, method="improvedtangent", remove_rotation_and_translation=True)
        band.interpolate("idpp")
        for image in images:
            image.calc = bench.driver()
        # an image climbs well only when the band lies roughly where it belongs
        FIRE(band, logfile=None).run(fmax=3 * draw.fmax, steps=draw.steps // 2)
        band.climb = True
        FIRE(band, logfile=None).run(fmax=draw.fmax, steps=draw.steps // 2)
        left = float(np.linalg.norm(band.get_forces(), axis=1).max())
        return np.array([image.positions for image in images]), left
