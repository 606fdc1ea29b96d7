"""The arrays of the compiled loops: constants of the molecule, places of the weights, and what the sweeps keep.

Atoms are sorted by class here, so that the atoms of class t are those from `starts[t]` to `starts[t + 1]`. Of B geometries, arrays of
components are flat (N, components, B, F) and those of scalars (N, B, F): the rows that a matrix multiplies, those of an atom, a degree and
all geometries, follow each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from supple.models.neural.bespoke.compiled.pair_terms import PAIR_VALUES, PULL
from supple.models.neural.bespoke.harmonics import COMPONENTS, DEGREE

#: Parameters of a layer, in the order of their places; `radial_tensor` has none in the first layer.
LAYER = (
    "mix", "radial_scalar", "radial_tensor", "left", "right", "second_weights", "third_weights", "out", "gate_state",
    "gate_message", "gate_bias", "gate_out", "gate_out_bias",
)  # fmt: skip
(
    MIX,
    RADIAL_SCALAR,
    RADIAL_TENSOR,
    LEFT,
    RIGHT,
    SECOND,
    THIRD,
    OUT,
    GATE_STATE,
    GATE_MESSAGE,
    GATE_BIAS,
    GATE_OUT,
    GATE_OUT_BIAS,
) = range(13)
#: The other parameters, whose places follow those of the layers.
ENDS = ("embedding", "readout_in", "readout_in_bias", "readout_out", "readout_out_bias")
EMBEDDING, READOUT_IN, READOUT_IN_BIAS, READOUT_OUT, READOUT_OUT_BIAS = range(5)
#: Those that are matrices (F, F).
SQUARES = {"mix", "left", "right", "out", "gate_state", "gate_message", "gate_out", "readout_in"}
#: Pairs whose filters are computed at a time: they stay in the L1 cache.
PAIRS = 16
#: Filters of a layer with tensors.
FILTERS = 2 * (DEGREE + 1)


class Molecule(NamedTuple):
    """Constants of the network.

    Attributes:
        order: the atoms, sorted by class.
        starts: of the classes among them, and N.
        features: F.
        radial: K.
        cutoff: Å.
        places: of the parameters of each layer in the flat array of weights, as in `LAYER`; the last row as in `ENDS`.
        squares: places of all matrices (F, F).
    """

    order: Int[np.ndarray, "N"]
    starts: Int[np.ndarray, "T+1"]
    features: int
    radial: int
    cutoff: float
    places: Int[np.ndarray, "L+1 13"]
    squares: Int[np.ndarray, "n"]


def molecule_of(
    classes: Sequence[int], shapes: Mapping[str, Sequence[int]], starts: Mapping[str, int], cutoff: float
) -> Molecule:
    """The constants of a network.

    Args:
        classes: of the atoms.
        shapes, starts: of the parameters, by name; where each begins in the flat array.
        cutoff: Å.
    """
    layers = max(int(name.split(".")[1]) for name in starts if name.startswith("layers.")) + 1
    places = np.zeros((layers + 1, len(LAYER)), np.int64)
    for layer in range(layers):
        places[layer] = [starts.get(f"layers.{layer}.{name}", 0) for name in LAYER]
    places[layers, : len(ENDS)] = [starts[name] for name in ENDS]
    features = shapes["embedding"][-1]
    squares = [
        start + number * features**2
        for name, start in starts.items()
        if name.split(".")[-1] in SQUARES
        for number in range(math.prod(shapes[name][:-2]))
    ]
    return Molecule(
        np.argsort(classes, kind="stable"),
        np.concatenate([[0], np.cumsum(np.bincount(classes))]),
        features,
        shapes["layers.0.radial_scalar"][1],
        cutoff,
        places,
        np.array(squares, np.int64),
    )


class Weights(NamedTuple):
    """The weights as the sweeps take them.

    Attributes:
        values: all parameters, one after the other.
        transposed: the same, with each square matrix transposed.
        radial: of each layer, the weights (K, filters, F) of the radial functions in its filters, with the scale of the sums.
    """

    values: Float[np.ndarray, "W"]
    transposed: Float[np.ndarray, "W"]
    radial: Float[np.ndarray, "L R"]


class Geometry(NamedTuple):
    """The pairs within the cutoff in B geometries, with room for E = N(N-1)/2 in each.

    Attributes:
        counts: pairs of each geometry.
        first, second: their atoms, first < second.
        distances: Å.
        radial, slopes: the radial functions and their derivatives by the distance, flat (B, E, K).
        values: Y_1 to Y_8 and u, flat (B, E, 12).
        pull: derivatives of the energy by u and r, flat (B, E, 4).
    """

    counts: Int[np.ndarray, "B"]
    first: Int[np.ndarray, "BE"]
    second: Int[np.ndarray, "BE"]
    distances: Float[np.ndarray, "BE"]
    radial: Float[np.ndarray, "BEK"]
    slopes: Float[np.ndarray, "BEK"]
    values: Float[np.ndarray, "BE12"]
    pull: Float[np.ndarray, "BE4"]


class Kept(NamedTuple):
    """What the forward sweep keeps for the reverse one, a row for each layer; x has one more. Names as in network.py."""

    x: Float[np.ndarray, "L+1 X"]
    h: Float[np.ndarray, "L X"]
    a: Float[np.ndarray, "L X"]
    u: Float[np.ndarray, "L X"]
    v: Float[np.ndarray, "L X"]
    p: Float[np.ndarray, "L X"]
    s: Float[np.ndarray, "L X"]
    m: Float[np.ndarray, "L X"]
    activated: Float[np.ndarray, "L+1 S"]
    slope: Float[np.ndarray, "L+1 S"]
    g: Float[np.ndarray, "L 3S"]
    z: Float[np.ndarray, "S"]


class Adjoint(NamedTuple):
    """Derivatives in the reverse sweep, of the layer that is being processed; `new` by what it returned, x by what it received."""

    new: Float[np.ndarray, "X"]
    x: Float[np.ndarray, "X"]
    h: Float[np.ndarray, "X"]
    a: Float[np.ndarray, "X"]
    u: Float[np.ndarray, "X"]
    v: Float[np.ndarray, "X"]
    s: Float[np.ndarray, "X"]
    m: Float[np.ndarray, "X"]
    z: Float[np.ndarray, "S"]
    g: Float[np.ndarray, "3S"]


class Space(NamedTuple):
    """Work arrays of a thread, for at most B geometries at a time."""

    geometry: Geometry
    kept: Kept
    adjoint: Adjoint
    filters: Float[np.ndarray, "C"]
    more_filters: Float[np.ndarray, "C"]
    ones: Float[np.ndarray, "B"]


def space(molecule: Molecule, frames: int) -> Space:
    """Work arrays for so many geometries at a time."""
    n, f, layers = len(molecule.order), molecule.features, len(molecule.places) - 1
    e = n * (n - 1) // 2

    def floats(*shape: int) -> Float[np.ndarray, "..."]:
        return np.zeros(shape, np.float32)

    pairs = frames * e
    geometry = Geometry(
        np.zeros(frames, np.int64),
        np.zeros(pairs, np.int64),
        np.zeros(pairs, np.int64),
        np.zeros(pairs),
        floats(pairs * molecule.radial),
        floats(pairs * molecule.radial),
        floats(pairs * PAIR_VALUES),
        floats(pairs * PULL),
    )
    scalars = n * frames * f
    tensors = COMPONENTS * scalars
    names: dict[str, tuple[int, ...]] = dict.fromkeys(("h", "a", "u", "v", "p", "s", "m"), (layers, tensors))
    names |= dict.fromkeys(("activated", "slope"), (layers + 1, scalars))
    names |= {"x": (layers + 1, tensors), "g": (layers, (DEGREE + 1) * scalars), "z": (scalars,)}
    by = dict.fromkeys(("new", "x", "h", "a", "u", "v", "s", "m"), tensors)
    by |= {"z": scalars, "g": (DEGREE + 1) * scalars}
    filters = PAIRS * FILTERS * f
    return Space(
        geometry,
        Kept(**{name: floats(*shape) for name, shape in names.items()}),
        Adjoint(**{name: floats(size) for name, size in by.items()}),
        floats(filters),
        floats(filters),
        np.ones(frames, np.float32),
    )
