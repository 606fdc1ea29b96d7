"""Gaussian's orientations: forces belong to the input orientation, but a plain route prints the standard one only.

The printed geometry is then rotated onto the coordinates of the input, which Gaussian repeats at the beginning.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from supple.data.elements import atomic_number
from supple.data.reading.frames import Frame

_NUMBER = r"[-+]?\d+\.\d*"
_INPUT = re.compile(rb"Symbolic Z-matrix:\s*\n Charge =.*\n((?: \S.*\n)+)")
_ATOM = re.compile(rf"^ ([A-Z][a-z]?)\S*\s+(?:-?\d+\s+)?({_NUMBER})\s+({_NUMBER})\s+({_NUMBER})\s*$")
#: Å; the input is repeated with five decimals.
_TOLERANCE = 1e-3


def match_orientation(frames: list[Frame], content: bytes) -> list[Frame]:
    """The frames, each in the orientation of its forces; those whose orientation is unknown get the problem `turned`."""
    printed = (b"Input orientation:", b"Z-Matrix orientation:")
    if b"Standard orientation:" not in content or any(heading in content for heading in printed):
        return frames
    as_input = _as_input(content) if len(frames) == 1 else None
    return [_rotated(frame, as_input) for frame in frames]


def _rotated(frame: Frame, as_input: tuple[list[int], Float[np.ndarray, "N 3"]] | None) -> Frame:
    if frame.forces is None:
        return frame
    if as_input is None or as_input[0] != frame.numbers.tolist():
        return replace(frame, problem="turned")
    # the rotation of least squares: W. Kabsch, Acta Cryst. A 32, 922 (1976), doi 10.1107/S0567739476001873
    target = as_input[1]
    centred = frame.positions - frame.positions.mean(axis=0)
    u, _, vt = np.linalg.svd(centred.T @ (target - target.mean(axis=0)))
    rotation = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    positions = centred @ rotation + target.mean(axis=0)
    if np.abs(positions - target).max() > _TOLERANCE:
        return replace(frame, problem="turned")
    return replace(frame, positions=positions)


def _as_input(content: bytes) -> tuple[list[int], Float[np.ndarray, "N 3"]] | None:
    """Atomic numbers and Cartesian coordinates of the input, Å; None if it has internal coordinates."""
    block = _INPUT.search(content)
    rows = (
        [_ATOM.match(line) for line in block.group(1).decode("latin-1").splitlines() if line.strip()] if block else []
    )
    if not rows or None in rows:
        return None
    found = [row for row in rows if row is not None]
    numbers = [atomic_number(row.group(1)) or 0 for row in found]
    return numbers, np.array([[float(row.group(k)) for k in (2, 3, 4)] for row in found])
