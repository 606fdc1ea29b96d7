"""Positions as callers give them, turned into arrays for a force field or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from supple.errors import MoleculeError


def as_array(positions: Any, n_atoms: int) -> Float[np.ndarray, "B N 3"]:
    """Positions as an array of float64 in this machine's byte order; not copied where they are one.

    Raises:
        MoleculeError: they have another shape than (B, N, 3), or are not real numbers.
    """
    try:
        given = np.asarray(positions)
        if given.dtype.kind not in "biufO":
            raise TypeError(f"not {given.dtype}")
        if given.dtype.hasobject and any(number is None for number in given.flat):
            raise TypeError("not None")
        array = given.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise MoleculeError(
            f"Positions must be real numbers, in an array of shape (frames, {n_atoms}, 3) ({error})."
        ) from error
    _require_shape(array.shape, n_atoms)
    return array


def as_positions(positions: Any, n_atoms: int, device: torch.device) -> Float[Tensor, "B N 3"]:
    """Positions as a tensor of float64 on a device; a tensor keeps its gradient.

    Raises:
        MoleculeError: they have another shape than (B, N, 3), or are not real numbers.
    """
    if not isinstance(positions, Tensor):
        return torch.as_tensor(as_array(positions, n_atoms), device=device)
    if positions.is_complex():
        raise MoleculeError(f"Positions must be real numbers, not {positions.dtype}: give their real part.")
    _require_shape(tuple(positions.shape), n_atoms)
    return positions.to(device, torch.float64)


def _require_shape(shape: tuple[int, ...], n_atoms: int) -> None:
    if len(shape) != 3 or shape[1:] != (n_atoms, 3):
        raise MoleculeError(
            f"Positions of shape {shape} do not fit this force field of {n_atoms} atoms: it needs (frames, {n_atoms}, 3)."
        )
