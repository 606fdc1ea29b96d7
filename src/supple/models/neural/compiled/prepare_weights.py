"""Parameters as the sweeps take them: filters as tables, matrices also transposed, the readout filled up to whole vectors."""

from __future__ import annotations

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float

from supple.models.neural.compiled import WIDTH
from supple.models.neural.compiled.filters import tabulate
from supple.models.neural.compiled.jit import compiled
from supple.models.neural.compiled.products import turn
from supple.models.neural.compiled.thread_team import share


class Filters(NamedTuple):
    """T layers of filters on K knots, and what their adjoint needs."""

    table: Float[np.ndarray, "T K-2 F"]
    hidden: Float[np.ndarray, "T K F"]
    logistic: Float[np.ndarray, "T K F"]
    second_turned: Float[np.ndarray, "T F F"]


class Turned(NamedTuple):
    """Transposed matrices of the network; H is filled up to whole vectors."""

    mix: Float[np.ndarray, "T F F"]
    update_in: Float[np.ndarray, "T F F"]
    update_out: Float[np.ndarray, "T F F"]
    readout: Float[np.ndarray, "F H"]


class Readout(NamedTuple):
    """The readout, filled with zeros up to whole vectors."""

    into: Float[np.ndarray, "H F"]
    bias: Float[np.ndarray, "H"]
    out: Float[np.ndarray, "1 H"]


def empty(layers: int, knots: int, features: int, half: int) -> tuple[Filters, Turned, Readout]:
    """Arrays for `prepare` to fill."""
    of_layers = (layers, features, features)
    whole = half + -half % WIDTH
    filters = ((layers, knots - 2, features), (layers, knots, features), (layers, knots, features), of_layers)
    turned = (of_layers, of_layers, of_layers, (features, whole))
    readout = ((whole, features), (whole,), (1, whole))
    return (
        Filters(*(np.zeros(shape, np.float32) for shape in filters)),
        Turned(*(np.zeros(shape, np.float32) for shape in turned)),
        Readout(*(np.zeros(shape, np.float32) for shape in readout)),
    )


@compiled
@no_type_check
def prepare(me, team, gaussians, parameters, filters, turned, readout, first_row):
    """A thread's part of the preparation; the table from its first row on."""
    (
        filter_in, filter_in_bias, filter_out, filter_out_bias, _,
        mix, update_in, _, update_out, _, readout_in, readout_bias, readout_out,
    ) = parameters  # fmt: skip
    rows, half = filters.table.shape[1], len(readout_bias)
    low, high = share(rows - first_row, me, team)
    for t in range(len(mix)):
        tabulate(
            gaussians, filter_in[t], filter_in_bias[t], filter_out[t], filter_out_bias[t],
            filters.hidden[t], filters.logistic[t], filters.table[t], first_row + low, first_row + high,
        )  # fmt: skip
    for t in range(me, len(mix), team):
        turn(filters.second_turned[t], filter_out[t])
        turn(turned.mix[t], mix[t])
        turn(turned.update_in[t], update_in[t])
        turn(turned.update_out[t], update_out[t])
    if me == team - 1:
        readout.into[:half] = readout_in
        readout.bias[:half] = readout_bias
        readout.out[0, :half] = readout_out[0]
        turn(turned.readout, readout.into)
