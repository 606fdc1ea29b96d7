"""Coordinates have the names that users give them, and turn one side of the molecule."""

import numpy as np
import pytest
from ase.build import molecule
from closed_forms import PEROXIDE

from supple.errors import SettingsError
from supple.geometry.coordinates import Coordinate

ETHANOL = molecule("CH3CH2OH")


@pytest.mark.parametrize("text", ["1-2-3-4", "H1-O2-O3-H4", "H1/H2-O2-O3-H4", None])
def test_torsions_have_names(text):
    coordinate = Coordinate.parse(PEROXIDE, text)
    assert coordinate.atoms == (0, 1, 2, 3)
    assert coordinate.is_torsion
    assert coordinate.label(PEROXIDE) == "H1-O2-O3-H4"


def test_an_angle_is_a_coordinate_unless_only_torsions_are():
    assert not Coordinate.parse(PEROXIDE, "H1-O2-O3").is_torsion
    with pytest.raises(SettingsError, match="'H1-O2-O3' is not a torsion: write the four atoms"):
        Coordinate.parse(PEROXIDE, "H1-O2-O3", torsions_only=True)


@pytest.mark.parametrize(
    ("atoms", "text", "sentence"),
    [
        (ETHANOL, "1-2", "is not a coordinate"),
        (ETHANOL, "a-b-c-d", "is not a coordinate"),
        (ETHANOL, "1-2-99", "names atom 99, but the molecule has 9 atoms"),
        (ETHANOL, "1-2-0", "names atom 0, but the molecule has 9 atoms"),
        (ETHANOL, "4-5-6", "are not bonded"),
        (ETHANOL, "1-2-1", "names an atom twice"),
        (PEROXIDE, "1-2-3-9", "names atom 9"),
        (PEROXIDE, "1-3-2-4", "Atoms 1 and 3 of '1-3-2-4' are not bonded"),
        (PEROXIDE, "H1-H2-O3-H4", "Atom 2 of the molecule is O, not H"),
        (molecule("C6H6"), "1-2-3", "is part of a ring"),
        (molecule("H2O"), None, "has no torsion to scan"),
        (molecule("CH3CN"), "4-1-2-3", "Atoms 1, 2 and 3 are in a line: there is no torsion"),
    ],
)
def test_what_is_not_a_coordinate_is_refused(atoms, text, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Coordinate.parse(atoms, text)


def test_turning_changes_the_coordinate_and_leaves_the_other_side_where_it_is():
    coordinate = Coordinate.parse(ETHANOL, None)
    turned = coordinate.turned(ETHANOL, 40.0, coordinate.axis(ETHANOL))
    assert (coordinate.value(turned) - coordinate.value(ETHANOL)) % 360 == pytest.approx(40)
    fixed = [k for k in range(len(ETHANOL)) if k not in coordinate.turning]
    np.testing.assert_array_equal(turned.positions[fixed], ETHANOL.positions[fixed])
