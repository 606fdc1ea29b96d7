"""H5MD, for long runs: single precision, a fifth of the size of text; read by MDAnalysis, and as data by `supple.read`.

de Buyl, Colberg and Höfling, Comput. Phys. Commun. 185, 1546 (2014), doi 10.1016/j.cpc.2014.01.018. HDF5 files do not
survive a process that is killed while it writes: frames are added to a copy, which then replaces the file.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.data import atomic_masses
from jaxtyping import Float, Int

from supple.data.reading import read
from supple.data.reading.arrays.h5md import (
    ENERGY_UNIT,
    FORCE_UNIT,
    LENGTH_UNIT,
    TIME_UNIT,
    VELOCITY_UNIT,
    H5mdFrames,
    is_h5md,
    read_h5md,
)
from supple.data.reading.arrays.open_hdf5 import open_hdf5
from supple.errors import DataError
from supple.runtime.files import replacing
from supple.runtime.hdf5 import writing_hdf5
from supple.runtime.machine import versions
from supple.runtime.optional_dependencies import extra
from supple.simulation.trajectories.frame import Frame
from supple.simulation.trajectories.trajectory import Trajectory
from supple.simulation.trajectories.trajectory_file import TrajectoryFile, require_finite

#: The groups that Supple writes; MDAnalysis takes the only group of particles.
_PARTICLES, _OBSERVABLES = "particles/trajectory", "observables/trajectory"
#: Frames in one chunk on disk.
_CHUNK = 64
#: From ASE's units to those of the file.
_FORCE, _VELOCITY = units.mol / units.kJ, units.fs


class H5mdFile(TrajectoryFile):
    """An .h5 file with positions, velocities and forces; energies, temperatures and other scalars are observables."""

    def __init__(self, path: Path, numbers: Int[np.ndarray, "N"]) -> None:
        super().__init__(path, numbers)
        self._masses = Atoms(numbers).get_masses()[:, None]
        _h5py(path)

    @classmethod
    def read(cls, path: Path) -> Trajectory:
        """Read a whole file; geometries alone from an HDF5 file that is not H5MD."""
        with open_hdf5(path) as file:
            if is_h5md(file):
                return _trajectory(read_h5md(file, path.name), path)
        data = read(path, labels=False)
        return Trajectory(path.name, data.numbers, data.positions, atomic_masses[data.numbers])

    def append(self, frames: Sequence[Frame]) -> None:
        """Write frames at the end of a copy, which replaces the file."""
        with replacing(self.path) as temporary:
            if self.path.exists():
                shutil.copyfile(self.path, temporary)
            with writing_hdf5(temporary, "r+" if self.path.exists() else "w") as file:
                if "h5md" not in file:
                    self._create_layout(file, frames[0])
                for name, values in self._columns(frames).items():
                    _extend(file[name], values)

    def _columns(self, frames: Sequence[Frame]) -> dict[str, np.ndarray]:
        """What is added to each array."""
        columns = {
            f"{_PARTICLES}/position/value": np.array([frame.positions for frame in frames]),
            f"{_PARTICLES}/position/step": np.array([frame.step for frame in frames]),
            f"{_PARTICLES}/position/time": np.array([frame.time for frame in frames]),
            f"{_PARTICLES}/velocity/value": np.array([frame.momenta for frame in frames]) / self._masses * _VELOCITY,
            f"{_PARTICLES}/force/value": np.array([frame.forces for frame in frames]) * _FORCE,
            f"{_OBSERVABLES}/potential_energy/value": np.array([frame.energy for frame in frames]),
        }
        properties = [frame.properties() for frame in frames]
        for name in _observables(frames[0]):
            columns[f"{_OBSERVABLES}/{name}/value"] = np.array([values[name] for values in properties])
        return columns

    def _create_layout(self, file: Any, frame: Frame) -> None:
        """The groups and arrays of a file without frames."""
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
        _create_array(position, "value", shape, np.float32, LENGTH_UNIT)
        _create_array(position, "step", (), np.int64)
        _create_array(position, "time", (), np.float64, TIME_UNIT)
        for name, unit in (("velocity", VELOCITY_UNIT), ("force", FORCE_UNIT)):
            _create_array(_create_element(particles, name, position), "value", shape, np.float32, unit)
        observables = file.create_group(_OBSERVABLES)
        _create_array(_create_element(observables, "potential_energy", position), "value", (), np.float64, ENERGY_UNIT)
        for name in _observables(frame):
            _create_array(_create_element(observables, name, position), "value", (), np.float64)

    def truncate(self, n: int) -> None:
        """Cut off everything after the first n frames, in a copy."""
        if n == 0:
            self._delete()
            return
        h5py = _h5py(self.path)
        try:
            with h5py.File(self.path, "r") as file:
                found = len(file[f"{_PARTICLES}/position/value"])
        except (OSError, KeyError) as error:
            raise self.frames_missing(n) from error
        if found < n:
            raise self.frames_missing(n)
        if found > n:
            with replacing(self.path) as temporary:
                shutil.copyfile(self.path, temporary)
                with writing_hdf5(temporary, "r+") as file:
                    for array in _frame_arrays(file):
                        array.resize(n, axis=0)


def _observables(frame: Frame) -> list[str]:
    return [name for name in frame.properties() if name != "time_fs"]


def _create_array(group: Any, name: str, shape: tuple[int, ...], dtype: type, unit: str | None = None) -> None:
    """An array that grows by frames."""
    array = group.create_dataset(name, (0, *shape), dtype, maxshape=(None, *shape), chunks=(_CHUNK, *shape))
    if unit is not None:
        array.attrs["unit"] = unit


def _create_element(group: Any, name: str, position: Any) -> Any:
    """An H5MD element with the steps and times of the positions: H5MD lets elements share these arrays."""
    element = group.create_group(name)
    element["step"], element["time"] = position["step"], position["time"]
    return element


def _extend(array: Any, values: np.ndarray) -> None:
    array.resize(len(array) + len(values), axis=0)
    array[-len(values) :] = values


def _frame_arrays(file: Any) -> list[Any]:
    """All arrays that grow by frames, each once."""
    position = file[f"{_PARTICLES}/position"]
    elements = [*file[_PARTICLES].values(), *file[_OBSERVABLES].values()]
    return [position["step"], position["time"], *(element["value"] for element in elements if "value" in element)]


def _trajectory(frames: H5mdFrames, path: Path) -> Trajectory:
    name = path.name
    if frames.periodic:
        raise DataError(f"{path} is periodic; only isolated molecules are analysed.")
    positions, momenta = frames.positions.in_ase_units(LENGTH_UNIT, name), frames.momenta(name)

    def observable(key: str, unit: str | None = None) -> Float[np.ndarray, "M"] | None:
        """Numbers of all frames; None where there are none, or one is not finite."""
        array = frames.observables.get(key)
        if array is None or not np.isfinite(array.values).all():
            return None
        return array.values if unit is None else array.in_ase_units(unit, name)

    return Trajectory(
        name=name,
        numbers=frames.numbers,
        positions=require_finite(positions, "positions", path),
        masses=atomic_masses[frames.numbers],
        momenta=None if momenta is None else require_finite(momenta, "momenta", path),
        energies=observable("potential_energy", ENERGY_UNIT),
        forces=None if frames.forces is None else frames.forces.in_ase_units(FORCE_UNIT, name),
        conserved=observable("conserved_eV"),
        temperatures=observable("temperature_K"),
        times=frames.times_in_fs(name),
    )


def _h5py(path: Path) -> ModuleType:
    with extra("hdf5", "h5py", f"Writing {path.name}"):
        import h5py
    return h5py
