"""The level of theory, charge and multiplicity of frames, under whichever of the usual names a file states them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: For each quantity, the names in lower case under which files state it. `spin` is none of them: to some it is a
#: multiplicity, to others a number of unpaired electrons.
_NAMES = {
    "theory": ("theory", "level_of_theory", "level", "method", "xc"),
    "charge": ("charge", "total_charge", "totalcharge", "net_charge", "molecular_charge"),
    "multiplicity": ("multiplicity", "mult", "spin_multiplicity"),
}


def with_level(
    extras: Mapping[str, np.ndarray], about: Mapping[str, str]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Name these quantities `theory`, `charge` and `multiplicity`, and state once what is the same for all frames.

    Args:
        extras: data of each frame; the first axis of each array is over the frames.
        about: data about all frames.

    Returns:
        The extras that remain, where what differs between frames is an array of text (the level of theory) or of numbers;
        and the data about all frames, charge and multiplicity as whole numbers.
    """
    remaining, common = dict(extras), dict(about)
    for quantity, names in _NAMES.items():
        # the level of theory of all frames stands under its own name in every format that has one
        for name in [name for name in about if name.lower() in names and quantity != "theory"]:
            text = _whole(common[name])
            if text is not None and (name == quantity or quantity not in common):
                del common[name]
                common[quantity] = text
        for name in [name for name in extras if name.lower() in names]:
            values = _of_frames(remaining[name], quantity)
            if values is None:
                continue
            first = str(values[0])
            if first and first != "nan" and (values == values[0]).all() and quantity not in common:
                del remaining[name]
                common[quantity] = first if quantity == "theory" else str(int(values[0]))
            elif name == quantity or quantity not in remaining:
                del remaining[name]
                remaining[quantity] = values
    return remaining, common


def _of_frames(values: np.ndarray, quantity: str) -> np.ndarray | None:
    """The values as text or as numbers, shape (M,), if they can be the quantity: one for each frame, charges whole."""
    if values.ndim != 1 or len(values) == 0 or (values.dtype.kind == "U") != (quantity == "theory"):
        return None
    if quantity == "theory":
        return values
    if values.dtype.kind not in "biuf":
        return None
    numbers = values.astype(np.float64)
    known = numbers[~np.isnan(numbers)]
    return numbers if len(known) and (known == np.round(known)).all() else None


def _whole(text: str) -> str | None:
    """A whole number as text without a decimal point; None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return str(int(value)) if value.is_integer() else None
