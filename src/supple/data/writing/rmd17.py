"""Arrays as revised MD17 is distributed: in kcal/mol and Å, since such files state no units."""

from __future__ import annotations

from pathlib import Path

from numpy.typing import ArrayLike

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.data.writing.file_format import FileFormat
from supple.data.writing.npz_archive import RESERVED, LabelledGeometries, save_arrays
from supple.data.writing.writable_extras import writable_extras


def write(path: Path, dataset: Dataset, units: Units) -> list[str]:
    """Write the arrays.

    Raises:
        DataError: there are no forces, or only some frames have an energy.
    """
    data = LabelledGeometries.of(dataset, units, path.name)
    content: dict[str, ArrayLike] = {
        "nuclear_charges": dataset.numbers,
        "coords": data.positions,
        "forces": data.forces,
    }
    if "old_indices" not in dataset.extras:  # by this name such files are recognised
        content["old_indices"] = dataset.frames
    if data.energies is not None:
        content["energies"] = data.energies
    more = writable_extras(dataset, RESERVED | set(content))
    save_arrays(path, {**content, **more.extras, **more.about})
    return more.left_out


RMD17 = FileFormat(write, (".npz",), Units.of("kcal/mol"))
