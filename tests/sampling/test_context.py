"""The context of a sampling run: which charges and multiplicities it accepts."""

import pytest

from supple.errors import SettingsError
from supple.sampling.context import SamplingContext
from supple.sampling.molecules import starting_geometry

SPRINGS = "fake_calculators:springs"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"charge": 1}, "H2O with charge 1 has 9 electrons, which cannot have multiplicity 1"),
        ({"multiplicity": 2}, "has 10 electrons, which cannot have multiplicity 2"),
        ({"charge": 9, "multiplicity": 4}, "has 1 electrons, which cannot have multiplicity 4"),
        ({"method": SPRINGS, "charge": 1, "multiplicity": 2}, "sets charge and multiplicity itself"),
    ],
)
def test_a_charge_or_multiplicity_that_is_not_possible(settings, sentence, make_context):
    pytest.importorskip("tblite")
    with pytest.raises(SettingsError, match=sentence):
        make_context(**{"method": "GFN2-xTB"} | settings).require_ready()


def test_charges_that_are_possible(make_context):
    pytest.importorskip("tblite")
    make_context(method="GFN2-xTB", charge=1, multiplicity=2).require_ready()
    make_context(drive="GFN2-xTB", multiplicity=3).require_ready()
    make_context().require_ready()


def test_smiles_have_their_charge():
    pytest.importorskip("rdkit")
    pytest.importorskip("tblite")
    with pytest.raises(SettingsError, match=r"has charge 1, not 0: give --charge 1"):
        SamplingContext("[NH4+]", "GFN2-xTB", "GFN2-xTB", 0, 1, 0).require_ready()
    SamplingContext("[NH4+]", "GFN2-xTB", "GFN2-xTB", 1, 1, 0).require_ready()
    assert len(starting_geometry("[NH4+]", seed=2**31 + 1)) == 5  # RDKit's seeds have 31 bits
