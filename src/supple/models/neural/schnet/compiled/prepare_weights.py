"""Parameters in the form that the sweeps take: filters as tables, matrices also transposed, the readout padded to whole vectors."""

from __future__ import annotations

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float

from supple.models.neural.compiled import WIDTH
from supple.models.neural.compiled.products import transpose
from supple.models.neural.compiled.thread_team import share
from supple.models.neural.schnet.compiled.filters import tabulate
from supple.models.neural.schnet.compiled.jit import compiled


class Filters(NamedTuple):
    """Filters of T layers on K knots, and what their adjoint needs."""

    table: Float[np.ndarray, "T K-2 F"]
    hidden: Float[np.ndarray, "T K F"]
    logistic: Float[np.ndarray, "T K F"]
    second_transposed: Float[np.ndarray, "T F F"]


class Transposed(NamedTuple):
    """Transposed matrices of the network; H is padded to whole vectors."""

    mix: Float[np.ndarray, "T F F"]
    update_in: Float[np.ndarray, "T F F"]
    update_out: Float[np.ndarray, "T F F"]
    readout: Float[np.ndarray, "F H"]


class Readout(NamedTuple):
    """The readout, padded with zeros to whole vectors."""

    into: Float[np.ndarray, "H F"]
    bias: Float[np.ndarray, "H"]
    out: Float[np.ndarray, "1 H"]


def empty(layers: int, knots: int, features: int, half: int) -> tuple[Filters, Transposed, Readout]:
    """Arrays for `prepare` to fill."""
    of_layers = (layers, features, features)
    whole = half + -half % WIDTH
    filters = ((layers, knots - 2, features), (layers, knots, features), (layers, knots, features), of_layers)
    transposed = (of_layers, of_layers, of_layers, (features, whole))
    readout = ((whole, features), (whole,), (1, whole))
    return (
        Filters(*(np.zeros(shape, np.float32) for shape in filters)),
        Transposed(*(np.zeros(shape, np.float32) for shape in transposed)),
        Readout(*(np.zeros(shape, np.float32) for shape in readout)),
    )


@compiled
@no_type_check
def prepare(thread, team, gaussians, parameters, filters, transposed, readout, first_row):
    """A thread's part of the preparation; the table from its first row on."""
    (
        filter_in, filter_in_bias, filter_out, filter_out_bias, _,
        mix, update_in, _, update_out, _, readout_in, readout_bias, readout_out,
    ) = parameters  # fmt: skip
    rows, half = filters.table.shape[1], len(readout_bias)
    low, high = share(rows - first_row, thread, team)
    for t in range(len(mix)):
        tabulate(
            gaussians, filter_in[t], filter_in_bias[t], filter_out[t], filter_out_bias[t],
            filters.hidden[t], filters.logistic[t], filters.table[t], first_row + low, first_row + high,
        )  # fmt: skip
    for t in range(thread, len(mix), team):
        transpose(filters.second_transposed[t], filter_out[t])
        transpose(transposed.mix[t], mix[t])
        transpose(transposed.update_in[t], update_in[t])
        transpose(transposed.update_out[t], update_out[t])
    if thread == team - 1:
        readout.into[:half] = readout_in
        readout.bias[:half] = readout_bias
        readout.out[0, :half] = readout_out[0]
        transpose(transposed.readout, readout.into)
