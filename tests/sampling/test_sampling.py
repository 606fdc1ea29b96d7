"""Sampling as a whole: what is written, what survives, what is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from ase.io import write

import supple
from supple.checks import examine
from supple.data.units import ENERGY
from supple.errors import DataError, SettingsError, SuppleError
from supple.geometry.profile import Profile, profiles
from supple.models.kernel.direct_fit import small_kernel_model
from supple.sampling import Recipe, sample
from supple.sampling.molecules import starting_geometry

pytest.importorskip("tblite")
SUPPLE = Path(sys.executable).with_name("supple")
MD = "md:temperature=300,frames=12,every=3,settle=3"


@pytest.fixture
def water(tmp_path):
    write(tmp_path / "water.xyz", molecule("H2O"))
    return tmp_path / "water.xyz"


def recipe(water, **settings):
    draws = [{"kind": "md", "temperature": 300, "frames": 8, "every": 2, "settle": 2}]
    return Recipe.of(**{"molecule": str(water), "draws": draws} | settings)


def test_frames_are_labelled_and_say_where_they_come_from(water, tmp_path):
    made = sample(recipe(water), tmp_path / "out.xyz")
    data = supple.read(tmp_path / "out.xyz")
    assert len(data) == 8
    assert made.failures == ()
    assert made.missing == 0
    assert set(data.extras["origin"]) == {"md_water_300K"}
    assert data.source.theory.startswith("GFN2-xTB (tblite")
    assert [finding.name for finding in examine(data, small_kernel_model) if finding.severity == "serious"] == []


def test_the_same_again_is_the_same_and_another_recipe_is_refused(water, tmp_path):
    sample(recipe(water), tmp_path / "a.xyz")
    sample(recipe(water), tmp_path / "b.xyz", jobs=2)
    assert (tmp_path / "a.xyz").read_bytes() == (tmp_path / "b.xyz").read_bytes()
    with pytest.raises(SettingsError, match="seed is 0 there, 1 now"):
        sample(recipe(water, seed=1), tmp_path / "a.xyz")


@pytest.mark.parametrize("kill", [os.killpg, os.kill], ids=["with its processes", "alone"])
def test_killed_at_any_moment_it_goes_on_to_the_same_file(kill, water, tmp_path):
    """Killed alone, it leaves processes behind; they end by themselves, and write nothing beside the next."""
    command = [SUPPLE, "sample", water, "--draw", MD, "--jobs", "1", "--out"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([*command, tmp_path / "whole.xyz"], check=True, capture_output=True, env=environment)
    process = subprocess.Popen(
        [*command, tmp_path / "killed.xyz"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, env=environment,
    )  # fmt: skip
    lines = tmp_path / "killed.sample" / "segments" / "md_water_300K.jsonl"
    deadline = time.monotonic() + 60
    while not (lines.exists() and lines.read_bytes().count(b"\n") >= 4):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed.xyz").exists()
    if kill is os.killpg:
        with lines.open("ab") as half:
            half.write(b'{"positions": [[0.0')
    subprocess.run([*command, tmp_path / "killed.xyz"], check=True, capture_output=True, env=environment)
    assert (tmp_path / "killed.xyz").read_bytes() == (tmp_path / "whole.xyz").read_bytes()


def test_failures_are_recorded_and_the_others_kept(water, tmp_path):
    asked = recipe(
        water, method="fake_calculators:sometimes", drive="GFN2-xTB",
        draws=[{"kind": "md", "temperature": 300, "frames": 20, "every": 2, "settle": 2}],
    )  # fmt: skip
    made = sample(asked, tmp_path / "out.xyz")
    assert 0 < len(made.failures) < 20
    assert len(made.dataset) == 20 - len(made.failures)
    assert made.failures[0] == ("md_water_300K", "CalculationFailed: no self-consistency")
    lines = (tmp_path / "out.sample" / "failed.jsonl").read_text().splitlines()
    assert len(lines) == len(made.failures)
    assert np.array(json.loads(lines[0])["positions"]).shape == (3, 3)


def test_nothing_good_is_refused(water, tmp_path):
    asked = recipe(water, method="fake_calculators:nothing", drive="GFN2-xTB")
    with pytest.raises(DataError, match="No calculation succeeded: ArithmeticError: energy or forces are not finite"):
        sample(asked, tmp_path / "out.xyz")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"method": "B3LYP"}, "not a known method"),
        ({"method": "pyscf:PBE"}, "not a level of theory"),
        ({"method": "nowhere:factory"}, "cannot be imported"),
        ({"method": "fake_calculators:no_calculator"}, "is no ASE calculator"),
        ({"molecule": "not a molecule!"}, "no file, no SMILES"),
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
        ({"draws": [{"kind": "dream"}]}, "cannot be followed"),
        ({"draws": []}, "cannot be followed"),
        ({"seeds": 3}, "seeds: extra inputs"),
        ({"draws": [{"kind": "md", "frames": 0}]}, "frames"),
        ({"draws": [{"kind": "path"}]}, "to: field required"),
    ],
)
def test_recipes_that_are_none(water, settings, sentence):
    with pytest.raises(SettingsError, match=sentence):
        recipe(water, **settings)


def test_recipe_files(tmp_path):
    assert Recipe.load("azobenzene").molecule == "azobenzene"
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "broken.yaml").write_text("a: [")
    for name, sentence in (("list", "is no recipe"), ("broken", "cannot be read"), ("nowhere", "There is no recipe")):
        with pytest.raises(SettingsError, match=sentence):
            Recipe.load(tmp_path / f"{name}.yaml")


def test_molecules_by_name_and_by_smiles():
    pytest.importorskip("rdkit")
    assert starting_geometry("azobenzene").get_chemical_formula() == "C12H10N2"
    ethanol = starting_geometry("CCO", seed=1)
    assert ethanol.get_chemical_formula() == "C2H6O"
    np.testing.assert_array_equal(ethanol.positions, starting_geometry("CCO", seed=1).positions)


def test_pyscf_forces_are_derivatives_of_its_energy():
    pytest.importorskip("pyscf")
    from supple.sampling.methods import calculator_factory

    atoms = molecule("H2O")
    atoms.rattle(0.05, seed=0)
    atoms.calc = calculator_factory("pyscf:PBE/sto-3g")(0, 1)
    force = atoms.get_forces()[1, 2]
    ends = []
    for step in (1e-3, -1e-3):
        moved = atoms.copy()
        moved.positions[1, 2] += step
        moved.calc = calculator_factory("pyscf:PBE/sto-3g")(0, 1)
        ends.append(moved.get_potential_energy())
    assert -(ends[0] - ends[1]) / 2e-3 == pytest.approx(force, abs=2e-3)


def test_a_profile_names_minima_and_barriers(tmp_path):
    angle = np.arange(-180.0, 181.0, 10.0)
    energies = 5 * (1 - np.cos(2 * np.radians(angle))) + 1.0 * (1 - np.cos(np.radians(angle)))
    profile = Profile("C1-N7-N8-C9", "°", angle, energies)
    assert [angle[k] for k in profile.minima] == [-180, 0, 180]
    assert [abs(angle[k]) for k in profile.barriers] == [90, 90] or [abs(angle[k]) for k in profile.barriers] == [
        100,
        100,
    ]
    assert profile.sentences()[0] == "minimum at -180°: 2.00 kcal/mol"
    profile.save_figure(tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 5000


def test_profiles_are_of_the_lowest_frames_of_scans_without_bursts():
    def scan(name, energies):
        return [(name, float(value), energy) for value, energy in zip((0, 60, 120), energies, strict=True)]

    frames = [
        *scan("scan_A_there", (0.0, 3.0, 1.0)), *scan("scan_A_back", (0.5, 2.0, 1.0)),
        ("scan_A_settled", 60.0, 1.8), ("scan_A_settled", 60.0, 1.5),
        *scan("scan_B", (0.0, 3.0, 1.0)), *scan("scan_B", (0.1, 3.1, 1.1)),
        ("md_A", np.nan, 0.0),
    ]  # fmt: skip
    origin, coordinate, energy = (np.array(column) for column in zip(*frames, strict=True))
    data = supple.Dataset.of(
        [1], np.zeros((len(frames), 1, 3)), energy, None, extras={"origin": origin, "coordinate": coordinate}
    )
    (profile,) = profiles(data)
    assert profile.name == "A"
    np.testing.assert_allclose(profile.energies, np.array([0.0, 1.5, 1.0]) / ENERGY["kcal/mol"])


@pytest.mark.slow
def test_the_relaxed_scan_of_azobenzene_shows_both_minima_and_the_barrier(tmp_path):
    asked = Recipe.of(molecule="azobenzene", draws=[{"kind": "scan", "points": 19}])
    made = sample(asked, tmp_path / "scan.xyz")
    (profile,) = profiles(made.dataset)
    assert profile.name == "C1-N7-N8-C9"
    assert (profile.coordinate[0], profile.coordinate[-1]) == (-180, 180)
    minima = [abs(profile.coordinate[k]) for k in profile.minima]
    assert any(value < 30 for value in minima)
    assert any(value > 150 for value in minima)
    barriers = [k for k in profile.barriers if 60 < abs(profile.coordinate[k]) < 120]
    assert barriers
    assert all(12 < profile.energies[k] < 20 for k in barriers)
