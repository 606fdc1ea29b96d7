"""H5MD, for long runs: single precision, a fifth of the size of text; read by MDAnalysis, and by `supple.read`.

de Buyl, Colberg and Höfling, Comput. Phys. Commun. 185, 1546 (2014), doi 10.1016/j.cpc.2014.01.018. A file that a process was killed
in while it wrote would be lost: frames are added to a copy, which then takes the place of the file.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from ase import Atoms, units
from jaxtyping import Int

from supple.runtime.files import replacing
from supple.runtime.machine import versions
from supple.runtime.optional_dependencies import extra
from supple.simulation.trajectories.base import Frame, Trajectory

#: Where things stand; MDAnalysis takes the one group of particles that there is.
_PARTICLES, _OBSERVABLES = "particles/trajectory", "observables/trajectory"
#: Frames of one piece on disk.
_CHUNK = 64
#: MDAnalysis knows no eV.
FORCE_UNIT = "kJ mol-1 Angstrom-1"
_FORCE = units.mol / units.kJ
_VELOCITY = units.fs


class H5md(Trajectory):
    """Positions, velocities, forces, and energies, temperatures and whatever else is known, as observables."""

    def __init__(self, path: Path, numbers: Int[np.ndarray, "N"]) -> None:
        super().__init__(path, numbers)
        self._masses = Atoms(numbers).get_masses()[:, None]
        _h5py(path)

    def extend(self, frames: Sequence[Frame]) -> None:
        """Write frames at the end of a copy, which takes the place of the file."""
        with replacing(self.path) as temporary:
            if self.path.exists():
                shutil.copyfile(self.path, temporary)
            with _h5py(self.path).File(temporary, "r+" if self.path.exists() else "w") as file:
                if "h5md" not in file:
                    self._lay_out(file, frames[0])
                for name, values in self._columns(frames).items():
                    _append(file[name], values)

    def _columns(self, frames: Sequence[Frame]) -> dict[str, np.ndarray]:
        """What is added to each array."""
        columns = {
            f"{_PARTICLES}/position/value": np.array([frame.positions for frame in frames]),
            f"{_PARTICLES}/position/step": np.array([frame.step for frame in frames]),
            f"{_PARTICLES}/position/time": np.array([frame.about["time_fs"] for frame in frames]),
            f"{_PARTICLES}/velocity/value": np.array([frame.momenta for frame in frames]) / self._masses * _VELOCITY,
            f"{_PARTICLES}/force/value": np.array([frame.forces for frame in frames]) * _FORCE,
            f"{_OBSERVABLES}/potential_energy/value": np.array([frame.energy for frame in frames]),
        }
        for name in _others(frames[0]):
            columns[f"{_OBSERVABLES}/{name}/value"] = np.array([frame.about[name] for frame in frames])
        return columns

    def _lay_out(self, file: Any, frame: Frame) -> None:
        """An empty file."""
        head = file.create_group("h5md")
        head.attrs["version"] = [1, 1]
        head.create_group("author").attrs["name"] = "N/A"
        creator = head.create_group("creator")
        creator.attrs["name"], creator.attrs["version"] = "supple", versions()["supple"]
        particles = file.create_group(_PARTICLES)
        box = particles.create_group("box")
        box.attrs["dimension"], box.attrs["boundary"] = 3, ["none"] * 3
        particles.create_dataset("species", data=self.numbers.astype(np.int32))
        shape = (len(self.numbers), 3)
        position = particles.create_group("position")
        _array(position, "value", shape, np.float32, "Angstrom")
        _array(position, "step", (), np.int64)
        _array(position, "time", (), np.float64, "fs")
        for name, unit in (("velocity", "Angstrom fs-1"), ("force", FORCE_UNIT)):
            _array(_beside(particles, name, position), "value", shape, np.float32, unit)
        observables = file.create_group(_OBSERVABLES)
        _array(_beside(observables, "potential_energy", position), "value", (), np.float64, "eV")
        for name in _others(frame):
            _array(_beside(observables, name, position), "value", (), np.float64)

    def keep(self, n: int) -> None:
        """Cut off whatever stands after the first n frames, in a copy."""
        if n == 0:
            self.path.unlink(missing_ok=True)
            return
        h5py = _h5py(self.path)
        try:
            with h5py.File(self.path, "r") as file:
                found = len(file[f"{_PARTICLES}/position/value"])
        except (OSError, KeyError) as error:
            raise self.too_few(n) from error
        if found < n:
            raise self.too_few(n)
        if found > n:
            with replacing(self.path) as temporary:
                shutil.copyfile(self.path, temporary)
                with h5py.File(temporary, "r+") as file:
                    for array in _arrays(file):
                        array.resize(n, axis=0)


def _others(frame: Frame) -> list[str]:
    return [name for name in frame.about if name != "time_fs"]


def _array(group: Any, name: str, shape: tuple[int, ...], dtype: type, unit: str | None = None) -> None:
    """An array of frames that grows."""
    made = group.create_dataset(name, (0, *shape), dtype, maxshape=(None, *shape), chunks=(_CHUNK, *shape))
    if unit is not None:
        made.attrs["unit"] = unit


def _beside(group: Any, name: str, position: Any) -> Any:
    """An element of the same steps and times as the positions: H5MD lets them share the arrays."""
    made = group.create_group(name)
    made["step"], made["time"] = position["step"], position["time"]
    return made


def _append(array: Any, values: np.ndarray) -> None:
    array.resize(len(array) + len(values), axis=0)
    array[-len(values) :] = values


def _arrays(file: Any) -> list[Any]:
    """All arrays of frames, each once."""
    position = file[f"{_PARTICLES}/position"]
    elements = [*file[_PARTICLES].values(), *file[_OBSERVABLES].values()]
    return [position["step"], position["time"], *(element["value"] for element in elements if "value" in element)]


def _h5py(path: Path) -> ModuleType:
    with extra("hdf5", "h5py", f"Writing {path.name}"):
        import h5py
    return h5py
