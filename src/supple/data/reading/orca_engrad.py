"""ORCA's .engrad: the energy and gradient of one geometry, in hartree and bohr."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from supple.data.reading.frames import Frame, raw_from_frames
from supple.data.reading.open_file import open_binary
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read the one frame.

    Raises:
        DataError: the file is damaged.
    """
    with open_binary(path) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    words = [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    try:
        n_atoms, energy = int(words[0][0]), float(words[1][0])
        gradient = np.array([float(word[0]) for word in words[2 : 2 + 3 * n_atoms]]).reshape(n_atoms, 3)
        atoms = words[2 + 3 * n_atoms : 2 + 4 * n_atoms]
        numbers = np.array([int(word[0]) for word in atoms])
        positions = np.array([[float(w) for w in word[1:4]] for word in atoms]).reshape(n_atoms, 3)
    except (ValueError, IndexError) as error:
        raise DataError(f"{path.name} is no whole .engrad of ORCA ({error}): copy it again.") from error
    frame = Frame(numbers, positions, energy, -gradient)
    return raw_from_frames([frame], path.name, request, convention=Units.of("hartree", "bohr"))
