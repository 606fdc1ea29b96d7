"""The test frames of a study, saved in its folder, so that a report can be made from the folder alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from supple.data.dataset import Dataset
from supple.errors import SuppleError, printable
from supple.runtime.files import replacing
from supple.runtime.json_records import parse_json

_KEY = "supple"


def reference_file(out: Path, dataset: str, seed: int) -> Path:
    """The file with the test frames of a dataset and seed."""
    return out / "reference" / f"{dataset}-s{seed}.safetensors"


def save_reference(path: Path, test: Dataset) -> None:
    """Write test frames: eV, Å, eV/Å; positions and forces in single precision."""
    assert test.forces is not None
    arrays = {
        "numbers": test.numbers,
        "positions": test.positions.astype(np.float32),
        "energies": test.energies,
        "forces": test.forces.astype(np.float32),
        "frames": test.frames,
    }
    header = {_KEY: json.dumps({"name": test.source.name, "units": str(test.source.units)})}
    with replacing(path) as temporary:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, temporary, metadata=header)


def load_reference(path: Path) -> Dataset | None:
    """Read what `save_reference` wrote; None if there is no such file or it is damaged."""
    from supple.data.dataset import Source
    from supple.data.units import Units

    try:
        with safe_open(path, framework="np") as file:
            header = parse_json(file.metadata()[_KEY])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        data = Dataset.of(
            arrays["numbers"], arrays["positions"], arrays["energies"], arrays["forces"], frames=arrays["frames"]
        )
        source = Source(printable(str(header["name"])), Units.parse(header["units"]))
    except (OSError, SafetensorError, SuppleError, KeyError, ValueError, TypeError, AttributeError):
        return None
    return Dataset(data.numbers, data.positions, data.energies, data.forces, source, data.frames)
