"""Recipes: what they may hold, where they are read from, and which are refused before anything starts."""

import numpy as np
import pytest
from ase.build import molecule
from ase.io import read, write

from supple.errors import OutputError, SettingsError, SuppleError
from supple.sampling import Recipe, sample
from supple.sampling.molecules import short_name, starting_geometry

SPRINGS = "fake_calculators:springs"
MD = {"kind": "md", "temperature": 300, "frames": 3, "every": 2, "settle": 2}


@pytest.fixture
def water(tmp_path):
    write(tmp_path / "H2O.xyz", molecule("H2O"))
    return tmp_path / "H2O.xyz"


def recipe(water, **settings):
    return Recipe.of(**{"molecule": str(water), "method": SPRINGS, "draws": [MD]} | settings)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"method": "B3LYP"}, "not a known method"),
        ({"method": "fake_calculators:no_calculator"}, "is not an ASE calculator"),
        ({"molecule": "not a molecule!"}, "neither a file, nor SMILES"),
        ({"molecule": "missing.xyz"}, "There is no file missing.xyz"),
        ({"draws": [{"kind": "scan"}]}, "has no torsion to scan"),
        ({"draws": [{"kind": "md"}, {"kind": "md"}]}, "Two draws would have the same name"),
    ],
)
def test_recipes_that_cannot_be_followed(water, tmp_path, settings, sentence):
    with pytest.raises(SuppleError, match=sentence):
        sample(recipe(water, **settings), tmp_path / "out.xyz")
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"draws": [{"kind": "dream"}]}, "'dream' is not a way to draw geometries: choose one of md, scan"),
        ({"draws": [{"frames": 3}]}, "A draw needs a kind"),
        ({"draws": []}, "The recipe has an invalid setting: draws"),
        ({"seeds": 3}, "seeds: extra inputs"),
        (
            {"draws": [{"kind": "md", "frames": 0}]},
            "The draw 'md' has an invalid setting: frames: input should be greater",
        ),
        ({"draws": [{"kind": "path"}]}, "to: field required"),
        ({"draws": [{"kind": "md", "every": 0.5}]}, "every: input should be greater than or equal to 1"),
        ({"draws": [{"kind": "scan", "burst_every": 0.2}]}, "burst_every: input should be greater than or equal to 1"),
    ],
)
def test_wrong_settings_are_named(water, settings, sentence):
    with pytest.raises(SettingsError, match=sentence):
        recipe(water, **settings)


def test_recipe_files(tmp_path):
    assert Recipe.load("azobenzene").molecule == "azobenzene"
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "broken.yaml").write_text("a: [")
    for name, sentence in (
        ("list", "is not a recipe"),
        ("broken", "cannot be read"),
        ("nowhere", "There is no recipe"),
    ):
        with pytest.raises(SettingsError, match=sentence):
            Recipe.load(tmp_path / f"{name}.yaml")


def test_a_geometry_that_changed_is_another_sampling(water, tmp_path):
    asked = recipe(water)
    sample(asked, tmp_path / "out.xyz", jobs=1)
    moved = read(water)
    moved.positions[0] += 0.1
    write(water, moved)
    with pytest.raises(SettingsError, match=r"geometries"):
        sample(asked, tmp_path / "out.xyz", jobs=1)


def test_the_frames_do_not_replace_the_geometry_to_start_from(water):
    before = water.read_bytes()
    with pytest.raises(OutputError, match="is an input file"):
        sample(recipe(water), water)
    assert water.read_bytes() == before


def test_two_draws_may_have_the_same_name_only_in_two_files(water, tmp_path):
    write(tmp_path / "other.xyz", molecule("H2O"))
    draws = [{"kind": "modes"}, {"kind": "modes", "start": str(tmp_path / "other.xyz")}]
    names = [segment.name for segment in recipe(water, draws=draws).segments()]
    assert names == ["modes_300K", "modes_other_300K"]
    with pytest.raises(SettingsError, match="Two draws would have the same name, modes_300K"):
        recipe(water, draws=draws[:1] * 2).segments()


def test_short_names(tmp_path):
    for name in ("run.2.xyz.gz", "run.2.xyz"):
        (tmp_path / name).write_text("")
        assert short_name(str(tmp_path / name)) == "run.2"
    assert short_name("C/C=C/C") == "C/C=C/C"
    assert short_name("azobenzene-cis") == "azobenzene-cis"


def test_molecules_by_name_and_by_smiles():
    pytest.importorskip("rdkit")
    assert starting_geometry("azobenzene").get_chemical_formula() == "C12H10N2"
    ethanol = starting_geometry("CCO", seed=1)
    assert ethanol.get_chemical_formula() == "C2H6O"
    np.testing.assert_array_equal(ethanol.positions, starting_geometry("CCO", seed=1).positions)
