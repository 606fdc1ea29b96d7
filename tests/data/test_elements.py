"""Elements as files write them, formulas, and what differs between two lists of atoms."""

import numpy as np
import pytest

from supple.data.dataset import Dataset
from supple.data.elements import atom_mismatch, atomic_number, hill_formula
from supple.errors import DataError


@pytest.mark.parametrize(
    ("text", "number"),
    [("h", 1), ("CL", 17), ("6", 6), ("0", None), ("119", None), ("Xx", None), ("²", None), ("", None)],
)
def test_symbols_and_numbers(text, number):
    assert atomic_number(text) == number


@pytest.mark.parametrize(
    ("numbers", "formula"),
    [([8, 1, 1], "H2O"), ([7, 1, 6, 17], "CHClN"), ([17, 6, 17], "CCl2"), ([1, 5, 1], "BH2"), ([0], "X")],
)
def test_hill_order(numbers, formula):
    assert hill_formula(numbers) == formula


def test_mismatches():
    assert atom_mismatch([8, 1], np.array([8, 1])) is None
    assert atom_mismatch([1, 8], [8, 1]) == "atom-order"
    assert atom_mismatch([8, 1, 1], [8, 1]) == "other-molecule"


@pytest.mark.parametrize("number", [0, -1, 119, 10**6])
def test_a_dataset_has_elements_only(number):
    with pytest.raises(DataError, match=rf"water: {number}, of atom 2, is not an atomic number: correct it"):
        Dataset.of([8, number], np.zeros((1, 2, 3)), name="water")
