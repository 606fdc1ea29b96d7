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
from supple.data.reading.h5md import is_h5md
from supple.errors import DataError, SettingsError
from supple.runtime.files import replacing
from supple.runtime.machine import versions
from supple.simulation.trajectories.frame import Frame
from supple.simulation.trajectories.h5md_units import unit_in_ase
from supple.simulation.trajectories.trajectory import Trajectory
from supple.simulation.trajectories.trajectory_file import TrajectoryFile, require_finite

#: The groups that Supple writes; MDAnalysis takes the only group of particles.
_PARTICLES, _OBSERVABLES = "particles/trajectory", "observables/trajectory"
#: Frames in one chunk on disk.
_CHUNK = 64
#: MDAnalysis does not know eV.
_FORCE_UNIT, _FORCE = "kJ mol-1 Angstrom-1", units.mol / units.kJ
_VELOCITY_UNIT, _VELOCITY = "Angstrom fs-1", units.fs


class H5mdFile(TrajectoryFile):
    """An .h5 file with positions, velocities and forces; energies, temperatures and other scalars are observables."""

    def __init__(self, path: Path, numbers: Int[np.ndarray, "N"]) -> None:
        super().__init__(path, numbers)
        self._masses = Atoms(numbers).get_masses()[:, None]
        _h5py(path)

    @classmethod
    def read(cls, path: Path) -> Trajectory:
        """Read a whole file; geometries alone from an HDF5 file that is not H5MD."""
        geometries = read(path, labels=False)
        masses = atomic_masses[geometries.numbers]
        with _h5py(path).File(path, "r") as file:
            if not is_h5md(file):
                return Trajectory(path.name, geometries.numbers, geometries.positions, masses)
            (group,) = file["particles"]
            velocities = _vectors(file, f"particles/{group}/velocity", path, _VELOCITY_UNIT)

            def observable(name: str, unit: str | None = None) -> Float[np.ndarray, "M"] | None:
                return _scalars(file, f"observables/{group}/{name}/value", path, unit)

            return Trajectory(
                name=path.name,
                numbers=geometries.numbers,
                positions=geometries.positions,
                masses=masses,
                momenta=None if velocities is None else velocities * masses[:, None],
                energies=observable("potential_energy", "eV"),
                forces=_vectors(file, f"particles/{group}/force", path, _FORCE_UNIT),
                conserved=observable("conserved_eV"),
                temperatures=observable("temperature_K"),
                times=_times(file, f"particles/{group}/position", path, len(geometries)),
            )

    def append(self, frames: Sequence[Frame]) -> None:
        """Write frames at the end of a copy, which replaces the file."""
        with replacing(self.path) as temporary:
            if self.path.exists():
                shutil.copyfile(self.path, temporary)
            with _h5py(self.path).File(temporary, "r+" if self.path.exists() else "w") as file:
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
        _create_array(position, "value", shape, np.float32, "Angstrom")
        _create_array(position, "step", (), np.int64)
        _create_array(position, "time", (), np.float64, "fs")
        for name, unit in (("velocity", _VELOCITY_UNIT), ("force", _FORCE_UNIT)):
            _create_array(_create_element(particles, name, position), "value", shape, np.float32, unit)
        observables = file.create_group(_OBSERVABLES)
        _create_array(_create_element(observables, "potential_energy", position), "value", (), np.float64, "eV")
        for name in _observables(frame):
            _create_array(_create_element(observables, name, position), "value", (), np.float64)

    def truncate(self, n: int) -> None:
        """Cut off everything after the first n frames, in a copy."""
        if n == 0:
            self.path.unlink(missing_ok=True)
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
                with h5py.File(temporary, "r+") as file:
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


def _vectors(file: Any, element: str, path: Path, unit: str) -> Float[np.ndarray, "M N 3"] | None:
    """Velocities or forces in ASE's units; those of a file that states no unit are taken to be in `unit`."""
    if f"{element}/value" not in file:
        return None
    array = file[f"{element}/value"]
    values = np.array(array, dtype=np.float64) * unit_in_ase(_stated_unit(array) or unit, path.name)
    return require_finite(values, element.rsplit("/", 1)[1], path)


def _scalars(file: Any, name: str, path: Path, unit: str | None) -> Float[np.ndarray, "M"] | None:
    """Numbers of all frames, in ASE's units where they have one; None where there are none, or one is not finite."""
    if name not in file:
        return None
    values = np.array(file[name], dtype=np.float64)
    if unit is not None:
        values *= unit_in_ase(_stated_unit(file[name]) or unit, path.name)
    return values if np.isfinite(values).all() else None


def _times(file: Any, element: str, path: Path, n: int) -> Float[np.ndarray, "M"] | None:
    """The times of n frames in fs; H5MD has one for each frame, or the interval and optionally the first."""
    if f"{element}/time" not in file:
        return None
    array = file[f"{element}/time"]
    values = np.array(array, dtype=np.float64)
    if values.ndim == 0:
        values = float(array.attrs.get("offset", 0.0)) + values * np.arange(n)
    if len(values) != n:
        raise DataError(f"{path} has {n} frames and {len(values)} times: it is damaged.")
    return values * (unit_in_ase(_stated_unit(array) or "fs", path.name) / units.fs)


def _stated_unit(array: Any) -> str | None:
    unit = array.attrs.get("unit")
    return unit.decode() if isinstance(unit, bytes) else unit


def _h5py(path: Path) -> ModuleType:
    try:
        import h5py
    except ImportError as error:
        raise SettingsError(f"{path.name} is HDF5, which needs h5py: pip install 'supple[hdf5]'.") from error
    return h5py
