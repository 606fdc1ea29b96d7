"""Charge and multiplicity: given, stated, or assumed where that is possible."""

import numpy as np
import pytest

from supple import Dataset
from supple.errors import SettingsError
from supple.methods.electronic_state import electronic_state

WATER, METHYL = [8, 1, 1], [6, 1, 1, 1]


def frames(numbers, n=2, **stated):
    about = {name: str(value) for name, value in stated.items() if not isinstance(value, list)}
    extras = {name: np.array(value) for name, value in stated.items() if isinstance(value, list)}
    return Dataset.of(numbers, np.ones((n, len(numbers), 3)), name="data.xyz", about=about, extras=extras)


@pytest.mark.parametrize(
    ("dataset", "given", "expected"),
    [
        (frames(WATER), {}, (0, 1, ("charge", "multiplicity"))),
        (frames(WATER), {"charge": 2}, (2, 1, ("multiplicity",))),
        (frames(WATER, charge=1, multiplicity=2), {}, (1, 2, ())),
        (frames(WATER, charge=[-1, -1], multiplicity=[2, 2]), {"multiplicity": 2}, (-1, 2, ())),
        (frames(METHYL), {"multiplicity": 2}, (0, 2, ("charge",))),
        (frames(METHYL), {"charge": -1}, (-1, 1, ("multiplicity",))),
    ],
)
def test_what_is_known(dataset, given, expected):
    state = electronic_state(dataset, "GFN2-xTB", **given)
    assert (state.charge, state.multiplicity, state.assumed) == expected


@pytest.mark.parametrize(
    ("dataset", "given", "sentence"),
    [
        (frames(METHYL), {}, "CH3.*does not state.*give --charge and --multiplicity"),
        (frames(METHYL), {"charge": 0}, "give --multiplicity"),
        (frames(METHYL), {"charge": 0, "multiplicity": 1}, "cannot have multiplicity 1"),
        (frames(WATER, charge=1, multiplicity=2), {"charge": 0}, "contradicts data.xyz, which states charge 1"),
        (frames(WATER, charge=[0, 1]), {}, r"several values of charge \(0, 1\)"),
    ],
)
def test_what_is_asked_for(dataset, given, sentence):
    with pytest.raises(SettingsError, match=sentence):
        electronic_state(dataset, "GFN2-xTB", **given)
